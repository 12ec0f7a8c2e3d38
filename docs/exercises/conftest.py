"""Gives the tests of a chapter its exercises, or with `--solutions` the solutions."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

EXERCISES = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--solutions`."""
    parser.addoption("--solutions", action="store_true", help="test the solutions in place of the exercises")


@pytest.fixture
def chapter(request: pytest.FixtureRequest) -> ModuleType:
    """The module that the test is of: docs/exercises/chapter4.py for test_chapter4.py."""
    folder = EXERCISES / "solutions" if request.config.getoption("--solutions") else EXERCISES
    path = folder / f"{request.path.stem.removeprefix('test_')}.py"
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: expected the exercises of a chapter, found no module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
