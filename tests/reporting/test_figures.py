"""What the figures of a report show: every epoch of a short training, and how many of the classes."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.diagnostics import TelemetryRow
from glassnet.reporting import result_figures, training_figures
from glassnet.reporting.drawing import Figures
from glassnet.runs.beside import beside
from glassnet.training import write_history


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn, as matplotlib holds them, in place of files."""
    drawn: list[Any] = []
    for module in (training_figures, result_figures):
        monkeypatch.setattr(module, "save", lambda figure, path: drawn.append(figure))
    return drawn


def _row(epoch: int) -> dict[str, float]:
    scores = {"train_loss": 1.5, "validation_loss": 1.0, "train_accuracy": 0.5, "validation_accuracy": 0.7}
    return {"epoch": float(epoch), **scores}


@pytest.mark.parametrize(("epochs", "marked"), [(1, True), (3, True), (60, False)])
def test_the_epochs_of_a_short_training_are_marked(
    figures: list[Any], tmp_path: Path, epochs: int, marked: bool
) -> None:
    """A single epoch gives no line to see, so that its points need markers; a long curve does without."""
    rows = [_row(epoch) for epoch in range(1, epochs + 1)]
    write_history(tmp_path / "history.csv", rows, rows[0])
    training_figures.draw_learning_curves(tmp_path / "history.csv", tmp_path / "curves.png", best_epoch=1)
    for axes in figures[0].axes:
        train, validation, _ = axes.get_lines()
        assert {line.get_marker() not in {"", "None"} for line in (train, validation)} == {marked}
        if marked:
            assert list(axes.get_xticks()) == list(range(1, epochs + 1))


def test_the_curves_of_a_logarithm_say_so(figures: list[Any], tmp_path: Path) -> None:
    """Its standard deviations are not those of the target."""
    rows = [{**_row(epoch), "train_mae": 0.5, "validation_mae": 0.6} for epoch in (1, 2)]
    write_history(
        tmp_path / "history.csv", rows, ["epoch", "train_loss", "validation_loss", "train_mae", "validation_mae"]
    )
    training_figures.draw_learning_curves(tmp_path / "history.csv", tmp_path / "curves.png", of_logarithm=True)
    labels = [axes.get_ylabel() for axes in figures[0].axes]
    assert labels == ["loss of the logarithm", "mean absolute error of the logarithm, in standard deviations"]


@pytest.mark.parametrize(("classes", "side"), [(3, 4.4), (50, 20.6), (700, 30.6)])
def test_a_confusion_matrix_stays_a_picture(figures: list[Any], tmp_path: Path, classes: int, side: float) -> None:
    """Of many classes it grows slower, and no further than matplotlib can draw; then not every name has room."""
    names = tuple(f"class {i}" for i in range(classes))
    result_figures.draw_confusion_matrix(np.eye(classes, dtype=np.int64), names, tmp_path / "matrix.png")
    assert figures[0].get_size_inches().tolist() == pytest.approx([side + 0.8, side])
    shown = [label.get_text() for label in figures[0].axes[0].get_yticklabels()]
    assert shown == list(names[:: 7 if classes == 700 else 1])


def test_scores_of_many_classes_say_how_many_are_shown(figures: list[Any], tmp_path: Path) -> None:
    """Of 30 classes the 20 with the lowest F1 have bars, and the title says so; of 20 all have, and it is silent."""
    for classes in (30, 20):
        scores = np.linspace(0.5, 0.9, 3 * classes).reshape(classes, 3)
        result_figures.draw_class_scores(scores, tuple(f"class {i}" for i in range(classes)), tmp_path / "scores.png")
    many, few = (figure.axes[0] for figure in figures)
    assert [label.get_text() for label in many.get_xticklabels()] == [f"class {i}" for i in range(20)]
    assert many.get_title() == "Scores by class, test split: the 20 of 30 classes with the lowest F1"
    assert few.get_title() == "Scores by class, test split"


def test_telemetry_names_its_layers(figures: list[Any], tmp_path: Path) -> None:
    """A reader of "layer 2" would have to count in the table of the architecture; ReLU has no weights, and no line."""
    rows = [
        TelemetryRow(0, f"{layer}{of}", statistic, 0.5)
        for layer in ("0", "2")
        for of, statistic in (("", "std"), (".W", "gradient_norm"), (".W", "update_ratio"))
    ]
    modules = {"0": "Dense(13, 16)", "1": "ReLU()", "2": "Dense(16, 3)"}
    training_figures.draw_telemetry(rows, tmp_path / "telemetry.png", modules)
    shown = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert shown == ["0 Dense(13, 16)", "2 Dense(16, 3)"]


@pytest.mark.parametrize(("rows", "groups"), [(59, 0), (60, 3), (88, 4), (1_000, 10)])
def test_residuals_are_actual_minus_predicted(figures: list[Any], tmp_path: Path, rows: int, groups: int) -> None:
    """Over the predictions, with medians of twenty neighbours or more: of fewer they would show chance."""
    predicted = np.linspace(0, 10, rows)
    result_figures.draw_residuals(predicted + 3, predicted, "price", tmp_path / "residuals.png")
    (axes,) = figures[0].axes
    (points,) = [each for each in axes.collections if len(each.get_offsets()) == rows]
    np.testing.assert_allclose(points.get_offsets(), np.column_stack([predicted, np.full(rows, 3.0)]))
    assert axes.get_xlabel() == "price, predicted"
    assert axes.get_ylabel() == "residual, actual minus predicted"
    steps = [patch.get_data().values for patch in axes.patches]
    assert [len(values) for values in steps] == ([groups, groups] if groups else [])
    if groups:
        np.testing.assert_allclose(steps[1], 3.0)


def test_figures_drawn_beside_have_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    counts, scores, names = np.array([[5, 1], [2, 4]]), np.array([[0.7, 0.8, 0.75], [0.8, 0.7, 0.75]]), ("ant", "bee")
    with beside(2) as executor:
        aside, here = Figures(tmp_path / "aside", executor), Figures(tmp_path / "here")
        for figures in (aside, here):
            figures.draw("matrix.png", result_figures.draw_confusion_matrix, counts, names)
            figures.draw("scores.png", result_figures.draw_class_scores, scores, class_names=names)
            figures.finish()
    for name in ("matrix.png", "scores.png"):
        assert (tmp_path / "aside" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_figure_that_cannot_be_written_is_an_error_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("a file, where the folder should be")
    with beside(1) as executor:
        figures = Figures(tmp_path / "figures", executor)
        figures.draw("matrix.png", result_figures.draw_confusion_matrix, np.eye(2, dtype=np.int64), ("a", "b"))
        with pytest.raises(OSError, match="figures"):
            figures.finish()
