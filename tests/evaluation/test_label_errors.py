"""Suspected label errors: planted ones are found, and every number is that of a direct computation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.evaluation import Calibration, LabelledRows
from glassnet.evaluation.label_errors import all_label_errors, sure_of, suspected_label_errors
from glassnet.reporting import label_errors_section as section
from glassnet.reporting.drawing import Figures
from glassnet.reporting.label_errors_section import label_errors_section

NAMES = ("ant", "bee", "cat")
CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])


def _rows(n: int, seed: int, start: int = 0) -> LabelledRows:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return LabelledRows((CENTRES[y] + rng.standard_normal((n, 2))).astype(np.float32), y, np.arange(n) + start)


def _probabilities(X: np.ndarray) -> np.ndarray:
    """Return the probabilities that three equal Gaussian classes have."""
    logits = -np.square(X[:, None].astype(np.float64) - CENTRES).sum(axis=2) / 2
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _mislabelled(count: int, seed: int = 7) -> tuple[LabelledRows, np.ndarray, np.ndarray]:
    """Return rows of which the first so many have another label than their own, their probabilities, and the labels."""
    rows = _rows(200, seed, 1_000)
    right = rows.y.copy()
    rows.y[:count] = (rows.y[:count] + 1) % 3
    return rows, _probabilities(rows.X), right


@pytest.mark.parametrize("count", [0, 1, 12, 40])
def test_planted_errors_are_found(count: int) -> None:
    """All of these but those near the border of two classes; the least probable labels come first."""
    rows, p, right = _mislabelled(count)
    found = suspected_label_errors(rows, p, _rows(900, 8), NAMES)
    assert found["rows"] == 200
    assert found["improbable"] >= found["suspected"] >= 0.9 * count
    assert len(found["shown"]) == min(30, found["suspected"])
    planted = [each for each in found["shown"] if each["row"] < 1_000 + count]
    assert len(planted) >= 0.9 * min(30, count)
    assert all(each["predicted"] == NAMES[right[each["row"] - 1_000]] for each in planted)
    stated = [each["probability_given"] for each in found["shown"]]
    assert stated == sorted(stated)


def test_every_number_is_that_of_a_direct_computation() -> None:
    rows, p, _ = _mislabelled(12)
    train = _rows(300, 9)
    means = [np.mean([p[i, c] for i in range(200) if rows.y[i] == c]) for c in range(3)]
    improbable, suspected = 0, {}
    for i in range(200):
        reached = [c for c in range(3) if p[i, c] >= means[c]]
        if not reached:
            continue
        best = max(reached, key=lambda c: p[i, c])
        if best == rows.y[i]:
            continue
        improbable += 1
        nearest = np.argsort(np.square(train.X.astype(float) - rows.X[i]).sum(axis=1))[:5]
        if np.count_nonzero(train.y[nearest] == best) >= 4:
            suspected[1_000 + i] = (best, [NAMES[label] for label in train.y[nearest]])
    found = suspected_label_errors(rows, p, train, NAMES)
    assert (found["improbable"], found["suspected"]) == (improbable, len(suspected))
    assert {each["row"] for each in found["shown"]} == suspected.keys()
    for each in found["shown"]:
        best, neighbours = suspected[each["row"]]
        i = each["row"] - 1_000
        assert (each["given"], each["predicted"]) == (NAMES[rows.y[i]], NAMES[best])
        assert each["neighbours"] == neighbours
        assert (each["probability_given"], each["probability_predicted"]) == (p[i, rows.y[i]], p[i, best])


def test_neighbours_that_share_the_label_clear_it() -> None:
    """The network alone is not enough: where the training rows around are labelled alike, nothing is suspected."""
    rows, p, _ = _mislabelled(12)
    train = LabelledRows(rows.X, rows.y, rows.rows)
    crowd = LabelledRows(np.repeat(train.X, 5, axis=0), np.repeat(train.y, 5), np.repeat(train.rows, 5))
    found = suspected_label_errors(rows, p, crowd, NAMES)
    assert found["improbable"] >= 11
    assert found["suspected"] == 0


def test_of_a_class_without_rows_the_network_is_never_sure() -> None:
    p = np.array([[0.1, 0.1, 0.8], [0.7, 0.2, 0.1], [0.3, 0.7, 0.0], [0.9, 0.1, 0.0]])
    y = np.array([0, 0, 1, 0])
    # The mean of class 0 is (0.1 + 0.7 + 0.9) / 3, that of class 1 is 0.7, and of class 2 there is none.
    assert sure_of(y, p).tolist() == [-1, 0, 1, 0]
    found = suspected_label_errors(LabelledRows(np.zeros((4, 2), np.float32), y, np.arange(4)), p, _rows(50, 1), NAMES)
    assert (found["improbable"], found["suspected"], found["shown"]) == (0, 0, [])


def test_parts_are_joined_as_one_set() -> None:
    """Counts are added; of the rows of both parts those whose label is the least probable come first."""
    first, p, _ = _mislabelled(30)
    second, q, _ = _mislabelled(25, seed=11)
    second = LabelledRows(second.X, second.y, second.rows + 1_000)
    train = _rows(900, 8)
    parts = [suspected_label_errors(first, p, train, NAMES), suspected_label_errors(second, q, train, NAMES)]
    whole = all_label_errors(parts)
    assert whole["rows"] == 400
    for name in ("improbable", "suspected"):
        assert whole[name] == parts[0][name] + parts[1][name]
    assert whole["suspected"] > len(whole["shown"]) == 30
    both = [*parts[0]["shown"], *parts[1]["shown"]]
    left_out = [each for each in both if each not in whole["shown"]]
    assert max(each["probability_given"] for each in whole["shown"]) <= min(
        each["probability_given"] for each in left_out
    )
    assert {each["row"] // 1_000 for each in whole["shown"]} == {1, 2}


def _with_pixels(count: int) -> Any:
    rows, p, _ = _mislabelled(count)
    found = suspected_label_errors(rows, p, _rows(900, 8), NAMES)
    for each in found["shown"]:
        each["pixels"] = ["00ff", "8000"]
    return found


def _calibration(error: float, after: float | None) -> Calibration:
    return {
        "error": error,
        "error_by_chance": 0.02,
        "error_after": after,
        "temperature": None if after is None else 1.5,
    }


def test_the_section_says_how_many_and_what_the_probabilities_are_worth(tmp_path: Path) -> None:
    found = _with_pixels(40)
    text = label_errors_section(found, None, _calibration(0.05, 0.01), Figures(tmp_path))
    assert text.startswith("### Suspected label errors\n")
    assert f"Of 200 test images, {found['improbable']} have a label that the network contradicts" in text
    assert f"For {found['suspected']} of these, 4 or more of the 5 nearest training images are of that class" in text
    assert "That is no proof." in text
    assert "with the temperature above; their calibration error is 0.0100, as may happen by chance" in text
    assert "Shown are the 30 whose own label is the least probable," in text
    assert (tmp_path / "label_errors.png").is_file()
    assert "with `training.ensemble=5` networks that have not seen them say it." in text
    worse = label_errors_section(found, None, _calibration(0.05, None), Figures(tmp_path))
    assert "as trained; their calibration error is 0.0500, more than by chance" in worse


def test_of_an_ensemble_the_images_learnt_from_are_judged_too(tmp_path: Path) -> None:
    found, learnt = _with_pixels(5), _with_pixels(40)
    text = label_errors_section(found, learnt, _calibration(0.05, 0.01), Figures(tmp_path))
    assert "nothing is said" not in text
    assert (
        "Of the 200 images that the ensemble learnt from, each judged by the one member that did not learn from it "
        f"(cross-validation), {learnt['improbable']} have a label that this member contradicts." in text
    )
    assert "Shown are the 30 whose own label is the least probable, with the given label, the predicted class," in text
    assert {path.name for path in tmp_path.iterdir()} == {"label_errors.png", "label_errors_learnt.png"}


def test_without_suspicion_there_is_no_figure(tmp_path: Path) -> None:
    rows, _, right = _mislabelled(0)
    sharp = np.eye(3)[right]
    found = suspected_label_errors(rows, sharp, _rows(900, 8), NAMES)
    text = label_errors_section(found, None, _calibration(0.0, None), Figures(tmp_path))
    assert "Of 200 test images, 0 have a label that the network contradicts" in text
    assert "suspected." not in text
    assert "![" not in text
    assert not list(tmp_path.iterdir())
    assert label_errors_section(None, None, _calibration(0.0, None), Figures(tmp_path)) == ""


@pytest.mark.parametrize("count", [1, 12, 40])
def test_the_figure_has_each_image_with_both_classes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(section, "save", lambda figure, path: drawn.append(figure))
    shown = _with_pixels(count)["shown"]
    section.draw_suspected(shown, tmp_path / "label_errors.png")
    (axes,) = drawn[0].axes
    assert len(axes.images) == len(shown)
    captions = [text.get_text() for text in axes.texts]
    for each, caption in zip(shown, captions, strict=True):
        stated = each["probability_given"]
        given = "<0.001" if stated < 0.0005 else f"{stated:.3f}"
        row, label, predicted = caption.split("\n")
        assert row == f"row {each['row']}"
        assert label == f"label {each['given']} {given}"
        assert predicted == f"pred. {each['predicted']} {each['probability_predicted']:.3f}"
