"""Figures of a training, drawn from the files it left: learning curves, telemetry by layer, the range test."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from glassnet.diagnostics import TelemetryRow
from glassnet.reporting.drawing import BLUE, GREEN, GREY, VERMILION, new_figure, save, shade
from glassnet.training import read_history

LAYERS_SHOWN = 8  # more lines in one plot cannot be told apart
LEGEND_COLUMNS = 4  # layers side by side, named like "12 Dense(1024, 1024)"
FEW = 10  # epochs, up to which each is marked: a line through a single point cannot be seen


def draw_learning_curves(
    history_file: Path, path: Path, best_epoch: int | None = None, *, of_logarithm: bool = False
) -> None:
    """Draw loss and score of both splits against the epoch, and a line at the epoch whose weights were kept.

    Args:
        history_file: the history.
        path: where to.
        best_epoch: the epoch of the line; None for a training that came to no end, of which none was chosen.
        of_logarithm: whether it is the logarithm of the target that was learnt.
    """
    history = read_history(history_file)
    score = next(name for name in ("accuracy", "mae") if f"train_{name}" in history[0])
    epochs = [row["epoch"] for row in history]
    figure = new_figure(9, 3.6)
    markers = ("o", "s") if len(epochs) <= FEW else ("", "")
    learnt = " of the logarithm" if of_logarithm else ""
    titles = {"loss": f"loss{learnt}", "accuracy": "accuracy"}
    titles["mae"] = f"mean absolute error{learnt}, in standard deviations"
    for axes, column in zip(figure.subplots(1, 2), ("loss", score), strict=True):
        validation = [row[f"validation_{column}"] for row in history]
        axes.plot(epochs, [row[f"train_{column}"] for row in history], color=BLUE, marker=markers[0], label="train")
        axes.plot(epochs, validation, color=VERMILION, ls="--", marker=markers[1], label="validation")
        if best_epoch is not None:
            axes.axvline(best_epoch, color=GREY, ls=":", label=f"chosen: epoch {best_epoch}")
        axes.set(xlabel="epoch", ylabel=titles[column], title=f"{titles[column].split(',')[0].capitalize()} by epoch")
        if len(epochs) <= FEW:
            axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
        axes.legend()
    save(figure, path)


def draw_telemetry(rows: Sequence[TelemetryRow], path: Path, modules: Mapping[str, str]) -> None:
    """Draw by step, for each layer with weights: the spread of its output, its gradient's norm, its updates' size.

    Args:
        rows: the measurements.
        path: where to.
        modules: what each layer is, by its name in the rows: `{"0": "Dense(13, 16)"}`.
    """
    figure = new_figure(10, 3.8)
    panels = (
        ("std", "standard deviation of the output", "Activations"),
        ("gradient_norm", "norm of the gradient", "Gradients"),
        ("update_ratio", "update relative to the weights", "Updates"),
    )
    layers = list(dict.fromkeys(row.layer.removesuffix(".W") for row in rows if row.layer.endswith(".W")))
    if len(layers) > LAYERS_SHOWN:
        layers = [layers[round(i * (len(layers) - 1) / (LAYERS_SHOWN - 1))] for i in range(LAYERS_SHOWN)]
    for axes, (statistic, quantity, title) in zip(figure.subplots(1, 3), panels, strict=True):
        has_positive = False  # which a logarithmic scale needs
        for index, layer in enumerate(layers):
            name = layer if statistic == "std" else f"{layer}.W"
            points = [(row.step, row.value) for row in rows if row.layer == name and row.statistic == statistic]
            has_positive |= any(value > 0 for _, value in points)
            colour = f"C{index}" if len(layers) == 1 else shade(index / (len(layers) - 1))
            marker, label = "osD^vP*X"[index], f"{layer} {modules[layer]}"
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, ms=3.5, lw=1, label=label)
        axes.set(xlabel="step", ylabel=quantity, title=title)
        if statistic != "std" and has_positive:
            axes.set_yscale("log")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=LEGEND_COLUMNS, frameon=False)
    save(figure, path)


def draw_range_test(curve: Path, trials: Path, path: Path, edge: float | None, suggestion: float) -> None:
    """Draw the curve of a learning-rate range test with its edge, and below it how the rates that were tried did."""
    steps, tried = _columns(curve), _columns(trials)
    figure = new_figure(6.5, 5.8)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    above.plot(steps["learning_rate"], steps["loss"], color=BLUE, alpha=0.35, label="mean of the starts")
    above.plot(steps["learning_rate"], steps["smoothed_loss"], color=BLUE, label="smoothed")
    if edge is not None:
        above.axvline(edge, color=VERMILION, ls="--", label=f"edge {edge:.2g}")
    above.set(ylabel="loss of rows not yet seen", xscale="log", title="Learning-rate range test")
    for name, losses in tried.items():
        if name.startswith("validation_loss_"):
            below.plot(tried["learning_rate"], losses, color=GREY, lw=0.7, marker="x", ms=4)
    below.plot(
        tried["learning_rate"], tried["mean_validation_loss"], color=GREEN, marker="o", label="mean of the seeds"
    )
    below.set(xlabel="learning rate", ylabel="validation loss", yscale="log", title="Short trainings")
    for axes in (above, below):
        axes.axvline(suggestion, color=GREY, ls=":", label=f"suggested {suggestion:.2g}")
        axes.grid(alpha=0.3)
        axes.legend()
    save(figure, path)


def _columns(path: Path) -> dict[str, list[float]]:
    """Return the columns of numbers in a CSV file; where one is empty, there is nothing to draw."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name] or "nan") for row in rows] for name in rows[0] if name != "choice"}
