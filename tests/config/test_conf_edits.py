"""Values written into YAML files and taken back: nothing else in the file moves."""

from pathlib import Path

import pytest

from glassnet.config import Edit, UserError, edited, taken_back
from glassnet.files import JsonValue

TEXT = """\
# What this is for.
name: mlp   # stays
sizes:
  - 16  # the first
  - 8

# In between.
empty:
inner:
  rate: 1.0e-2  # measured
  name: other
defaults:
  - _self_
  - optimizer: adam
"""


@pytest.mark.parametrize(
    ("keys", "before", "before_text", "after", "line"),
    [
        (("name",), "mlp", "mlp", "null", "name: 'null'   # stays"),
        (("sizes",), [16, 8], "- 16  # the first\n  - 8", [4], "  [4]\n\n# In between."),
        (("empty",), None, "", 3, "empty: 3"),
        (("inner", "rate"), 0.01, "1.0e-2", 0.5, "  rate: 0.5  # measured"),
        (("inner", "name"), "other", "other", "2019", "  name: '2019'"),
        (("defaults", "optimizer"), "adam", "adam", "sgd", "  - optimizer: sgd"),
    ],
)
def test_a_value_is_written_and_taken_back(
    tmp_path: Path, keys: tuple[str, ...], before: JsonValue, before_text: str, after: JsonValue, line: str
) -> None:
    """Lists over several lines, missing values, comments beside them; other edits in the file stay."""
    path = tmp_path / "some.yaml"
    path.write_text(TEXT)
    edit = Edit(str(path), keys, before, before_text, after)
    text = edited([edit])[path]
    assert f"\n{line}\n" in text
    path.write_text(f"{text}mine: 1\n")
    undone = taken_back([edit])[path]
    assert undone.replace("empty: \n", "empty:\n") == f"{TEXT}mine: 1\n"
    path.write_text(undone)
    assert taken_back([edit]) == {}  # it is back already


def test_a_value_that_was_edited_since_is_named(tmp_path: Path) -> None:
    """All of them, in one line."""
    path = tmp_path / "some.yaml"
    path.write_text(TEXT)
    edits = [
        Edit(str(path), ("name",), "softmax", "softmax", "rnn"),
        Edit(str(path), ("inner", "rate"), 0.1, "0.1", 0.2),
    ]
    with pytest.raises(UserError) as caught:
        taken_back(edits)
    assert "name: 'mlp' (promoted 'rnn', before 'softmax')" in str(caught.value)
    assert "inner.rate: 0.01 (promoted 0.2, before 0.1)" in str(caught.value)
