"""Names of classes and targets with signs that markdown and figures give a meaning: shown as they are."""

from pathlib import Path

import numpy as np
import pytest

from glassnet.evaluation import Case
from glassnet.reporting import drawing, result_figures, tables

NAMES = ("$10_to_$20", "$20_to_$40", r"a|b \ c", "price_$_per_$")


def test_markdown_shows_names_as_they_are() -> None:
    """Signs that mark text up are escaped, an underscore inside a word is not; a bar ends no cell."""
    assert tables.plain("**bold** `code` <b> $x$ _it_ class_0 a*b") == (
        r"\*\*bold\*\* \`code\` \<b> \$x\$ \_it\_ class_0 a\*b"
    )
    assert tables.plain("two\nlines\r\nor three") == "two lines or three"
    assert tables.plain(r"[link](to) \n") == r"[link\](to) \\n"
    assert tables.code("max_price") == "`max_price`"
    assert tables.code("y`z") == "`` y`z ``"
    assert tables.code("two\nlines") == "`two lines`"
    assert tables.value_code(["größe", "a``"]) == '``` ["größe", "a``"] ```'
    lines = tables.markdown_table(["split", "x|y"], [["a|b", 1]]).splitlines()
    assert lines[0] == r"| split | x\|y |"
    assert lines[2].startswith(r"| a\|b")


def test_the_table_of_splits_has_room_for_few_classes() -> None:
    """Of 200 the rarest and the most frequent stand for the others."""
    rows = {"train": 30, "test": 10}
    few = {"class_names": ["a_1", "*"], "class_counts": {"train": [10, 20], "test": [3, 7]}, "rows": rows}
    assert tables.split_table(few).splitlines()[::2] == [
        r"| split | a_1 |  \* | rows |",
        "| train |  10 |  20 |   30 |",
    ]
    counts = {"train": [5] * 100 + [2, 9] + [5] * 98, "test": [3] * 100 + [1, 4] + [3] * 98}
    many = {"class_names": [f"c{i}" for i in range(200)], "class_counts": counts, "rows": rows}
    assert tables.split_table(many).splitlines()[::3] == [
        "| split | c100 (rarest of 200) | c101 (most frequent) | rows |",
        "| test  |                    1 |                    4 |   10 |",
    ]
    assert tables.split_table({"class_names": [], "class_counts": {"train": [30]}, "rows": rows}).count("|") == 12


def test_a_report_says_what_was_done_to_the_training_images() -> None:
    """Their loss is of images that validation does not have."""
    assert tables.augmented({"shift": 0, "flip": False}) == ""
    assert tables.augmented({"shift": 2, "flip": False}) == ", on images shifted by up to 2 pixels each way"
    both = tables.augmented({"shift": 1, "flip": True})
    assert both == ", on images shifted by up to 1 pixel each way and mirrored one time in two"


def test_figures_take_no_name_for_a_formula(tmp_path: Path) -> None:
    """Two dollar signs begin no mathematics, wherever a name stands."""
    scores, counts = np.full((4, 3), 0.5), np.full((4, 4), 3)
    result_figures.draw_confusion_matrix(counts, NAMES, tmp_path / "confusion_matrix.png")
    result_figures.draw_class_scores(scores, NAMES, tmp_path / "class_scores.png")
    result_figures.draw_predictions(np.arange(3.0), np.arange(3.0), "$_per_m^2_$", tmp_path / "predictions.png")
    case: Case = {
        "row": 1, "true": NAMES[0], "predicted": NAMES[1], "pixels": ["00ff", "ff00"],
        "probabilities": dict.fromkeys(NAMES, 0.25), "unusual_features": [], "nearest": [], "neighbours": [],
    }  # fmt: skip
    result_figures.draw_cases([case], tmp_path / "cases.png")
    assert len(list(tmp_path.iterdir())) == 4


def test_long_names_leave_room_for_the_axes(tmp_path: Path) -> None:
    """Else matplotlib gives up laying out the figure, with a warning, and cuts off the names' beginnings."""
    names = tuple(f"{i}: a complaint about\n{'something or other ' * 9}{i}" for i in range(2))
    result_figures.draw_confusion_matrix(np.full((2, 2), 3), names, tmp_path / "confusion_matrix.png")
    result_figures.draw_class_scores(np.full((2, 3), 0.5), names, tmp_path / "class_scores.png")
    result_figures.draw_predictions(np.arange(3.0), np.arange(3.0), names[0], tmp_path / "predictions.png")
    assert drawing.literal(names[1]) == "1: a complai… or other 1"


def test_characters_without_a_glyph_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Boxes in a figure are said once, and not as a warning for each character."""
    result_figures.draw_predictions(np.arange(3.0), np.arange(3.0), "日本語", tmp_path / "predictions.png")
    assert capsys.readouterr().err == "report: note: predictions.png has boxes for characters that its font lacks\n"
