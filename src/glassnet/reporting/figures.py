"""Figures drawn from the files a run left, never from the training process."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from glassnet.training import read_history

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#666666"  # told apart in every common colour blindness (Okabe & Ito)


def draw_learning_curves(history_file: Path, path: Path, best_epoch: int | None = None) -> None:
    """Draw loss and accuracy of both splits against the epoch, and mark the epoch whose weights were kept."""
    from matplotlib.figure import Figure

    history = read_history(history_file)
    epochs = [row["epoch"] for row in history]
    if best_epoch is None:
        best_epoch = int(min(history, key=lambda row: row["validation_loss"])["epoch"])
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, score in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[f"train_{score}"] for row in history], color=BLUE, label="train")
        axes.plot(epochs, [row[f"validation_{score}"] for row in history], color=VERMILION, ls="--", label="validation")
        axes.axvline(best_epoch, color=GREY, ls=":", label=f"chosen: epoch {best_epoch}")
        axes.set(xlabel="epoch", ylabel=score, title=f"{score.capitalize()} by epoch")
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


def _save(figure: "Figure", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
