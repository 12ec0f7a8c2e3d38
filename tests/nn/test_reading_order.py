"""The order in which one learns from `nn`: whoever reads a file has read what it is made of."""

import ast
from pathlib import Path

from glassnet import nn

FOLDER = Path(nn.__file__).parent


def test_no_file_imports_one_that_comes_later() -> None:
    """Of those in the order; what they all stand on is for looking things up."""
    for number, name in enumerate(nn.READING):
        tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {f"glassnet.nn.{later}" for later in nn.READING[number:]}, name


def test_every_layer_and_loss_is_in_the_order() -> None:
    """A new file is taught, or is one that the others stand on."""
    foundations = {
        "__init__",
        "arrays",
        "checks",
        "choices",
        "init",
        "loss",
        "module",
        "parameter",
        "ranges",
        "summary",
    }
    assert {path.stem for path in FOLDER.glob("*.py")} == {*nn.READING, *foundations}
