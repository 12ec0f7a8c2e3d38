"""Figures drawn from the files a run left, never from the training process."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.training import read_history

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#666666"  # told apart in every common colour blindness (Okabe & Ito)


def draw_learning_curves(history_file: Path, path: Path, best_epoch: int | None = None) -> None:
    """Draw loss and score of both splits against the epoch, and mark the epoch whose weights were kept."""
    from matplotlib.figure import Figure

    history = read_history(history_file)
    score = next(name for name in ("accuracy", "mae") if f"train_{name}" in history[0])
    epochs = [row["epoch"] for row in history]
    if best_epoch is None:
        best_epoch = int(min(history, key=lambda row: row["validation_loss"])["epoch"])
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    titles = {"loss": "loss", "accuracy": "accuracy", "mae": "mean absolute error, in standard deviations"}
    for axes, column in zip(figure.subplots(1, 2), ("loss", score), strict=True):
        validation = [row[f"validation_{column}"] for row in history]
        axes.plot(epochs, [row[f"train_{column}"] for row in history], color=BLUE, label="train")
        axes.plot(epochs, validation, color=VERMILION, ls="--", label="validation")
        axes.axvline(best_epoch, color=GREY, ls=":", label=f"chosen: epoch {best_epoch}")
        axes.set(xlabel="epoch", ylabel=titles[column], title=f"{titles[column].split(',')[0].capitalize()} by epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, path)


def draw_confusion_matrix(counts: npt.NDArray[np.int64], class_names: tuple[str, ...], path: Path) -> None:
    """Draw the confusion matrix: each cell's shade is its share of the row, its number the count."""
    from matplotlib.figure import Figure

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.6 + 0.7 * len(class_names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, class_names)
    axes.set(xlabel="predicted", ylabel="actual", title="Confusion matrix, test split")
    for row in ticks:
        for column in ticks:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    figure.colorbar(image, label="share of the actual class")
    _save(figure, path)


def draw_predictions(actual: FloatArray, predicted: FloatArray, target: str, path: Path) -> None:
    """Draw a regression's predictions against the actual values; on the dotted line they agree."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.subplots()
    ends = float(min(actual.min(), predicted.min())), float(max(actual.max(), predicted.max()))
    axes.plot(ends, ends, color=GREY, ls=":", label="exact")
    axes.scatter(actual, predicted, s=18, color=BLUE, alpha=0.7, label="test row")
    axes.set(xlabel=f"{target}, actual", ylabel=f"{target}, predicted", title="Predictions, test split")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_range_test(curve: Path, path: Path, edge: float | None, suggestion: float) -> None:
    """Draw the curve of a learning-rate range test, with the edge and the suggested rate."""
    from matplotlib.figure import Figure

    with curve.open(newline="", encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    rates = [row["learning_rate"] for row in rows]
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates, [row["loss"] for row in rows], color=BLUE, alpha=0.35, label="batch loss")
    axes.plot(rates, [row["smoothed_loss"] for row in rows], color=BLUE, label="smoothed")
    if edge is not None:
        axes.axvline(edge, color=VERMILION, ls="--", label=f"edge {edge:.2g}")
    axes.axvline(suggestion, color=GREY, ls=":", label=f"suggested {suggestion:.2g}")
    axes.set(xlabel="learning rate", ylabel="training loss", xscale="log", title="Learning-rate range test")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
