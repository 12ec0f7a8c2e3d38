"""Figures of the results on the test split: confusion matrix, classes, reliability, predictions, failures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation import Case, ReliabilityBin
from glassnet.reporting.drawing import BLUE, GREEN, GREY, VERMILION, literal, new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]

NUMBERED = 20  # classes, up to which a confusion matrix has room for its numbers
NAMED = 100  # and for all names
IN_A_GROUP, MOST_GROUPS = 20, 10  # rows whose residuals have quantiles worth drawing, and how many such groups
GROUPED = 3 * IN_A_GROUP  # rows, from which there are groups to compare


def draw_confusion_matrix(counts: npt.NDArray[np.int64], class_names: tuple[str, ...], path: Path) -> None:
    """Draw the confusion matrix: each cell's shade is its fraction of the row, its number the count.

    Of more than 20 classes there is no room for numbers, and of more than 100 not for every name.
    """
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(class_names)
    side = 2.6 + 0.6 * min(classes, NUMBERED) + 0.2 * max(0, min(classes, NAMED) - NUMBERED)
    figure = new_figure(side + 0.8, side)
    axes = figure.subplots()
    image = axes.imshow(fractions, cmap="Blues", vmin=0, vmax=1)
    ticks = range(0, classes, -(-classes // NAMED))
    names = tuple(literal(class_names[label]) for label in ticks)
    _name_ticks(axes, ticks, names)
    axes.set_yticks(ticks, names)
    axes.set(xlabel="predicted", ylabel="actual", title="Confusion matrix, test split")
    for row in ticks if classes <= NUMBERED else ():
        for column in ticks:
            colour = "white" if fractions[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    figure.colorbar(image, label="fraction of the actual class")
    save(figure, path)


def draw_class_scores(scores: FloatArray, class_names: tuple[str, ...], path: Path) -> None:
    """Draw precision, recall and F1 `(C, 3)` of each class as bars; of many classes the 20 with the lowest F1."""
    shown = np.sort(np.argsort(scores[:, 2], kind="stable")[:NUMBERED])
    names = tuple(literal(class_names[i]) for i in shown)
    figure = new_figure(max(5.0, 1.8 + 0.75 * len(shown)), 3.6)
    axes = figure.subplots()
    for index, (name, colour) in enumerate((("precision", BLUE), ("recall", VERMILION), ("F1", GREEN))):
        axes.bar(np.arange(len(shown)) + 0.26 * (index - 1), scores[shown, index], 0.24, color=colour, label=name)
    _name_ticks(axes, range(len(shown)), names)
    chosen = f": the {len(shown)} of {len(scores)} classes with the lowest F1" if len(shown) < len(scores) else ""
    axes.set(ylim=(0, 1), ylabel="score", title=f"Scores by class, test split{chosen}")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)


def draw_reliability(curves: dict[str, list[ReliabilityBin]], path: Path, positive: str | None = None) -> None:
    """Draw what came true against what was stated, before and after the temperature; on the diagonal they agree.

    That is the confidence in the predicted class and the fraction that is right, or of two classes the probability of
    the `positive` one and the fraction that is of it.
    """
    figure = new_figure(5.4, 5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot([0, 1], [0, 1], color=GREY, ls=":", label="perfectly calibrated")
    styles = {"before": (BLUE, "o-", "as trained"), "after": (VERMILION, "s--", "with temperature")}
    for index, (name, bins) in enumerate(curves.items()):
        colour, style, label = styles[name]
        stated = [each["probability"] for each in bins]
        above.plot(stated, [each["fraction"] for each in bins], style, color=colour, label=label)
        offsets = np.array(stated) + 0.012 * (2 * index - len(curves) + 1)
        below.bar(offsets, [each["examples"] for each in bins], 0.022, color=colour)
    happened, probability = "fraction that is right", "confidence"
    if positive is not None:
        happened, probability = f"fraction that is {literal(positive)}", f"probability of {literal(positive)}"
    above.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03), ylabel=happened, title="Reliability, test split")
    above.legend()
    below.set(xlabel=f"stated {probability}, mean of the bin", ylabel="rows", yscale="log", ylim=(0.8, None))
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    save(figure, path)


def draw_predictions(actual: FloatArray, predicted: FloatArray, target: str, path: Path) -> None:
    """Draw a regression's predictions against the actual values; on the dotted line they agree."""
    figure = new_figure(5, 4.6)
    axes = figure.subplots()
    ends = float(min(actual.min(), predicted.min())), float(max(actual.max(), predicted.max()))
    axes.plot(ends, ends, color=GREY, ls=":", label="exact")
    axes.scatter(actual, predicted, s=18, color=BLUE, alpha=0.7, label="test row")
    name = literal(target)
    axes.set(xlabel=f"{name}, actual", ylabel=f"{name}, predicted", title="Predictions, test split")
    _group_thousands(axes)
    axes.grid(alpha=0.3)
    axes.legend()
    save(figure, path)


def draw_residuals(actual: FloatArray, predicted: FloatArray, target: str, path: Path) -> None:
    """Draw what a regression's predictions leave over, actual minus predicted, against the predictions.

    Points above the line were predicted too low. Of `GROUPED` rows or more, each group of neighbours has a step, its
    median, and a band, its middle 80%: medians off the line are a bias, a band that widens an error that grows.
    """
    residuals = actual - predicted
    figure = new_figure(5.4, 4.8)
    axes = figure.subplots()
    axes.axhline(0, color=GREY, ls=":", label="exact")
    axes.scatter(predicted, residuals, s=18, color=BLUE, alpha=0.6, label="test row")
    if len(actual) >= GROUPED:
        groups = np.array_split(np.argsort(predicted, kind="stable"), min(MOST_GROUPS, len(actual) // IN_A_GROUP))
        edges = [*(predicted[rows[0]] for rows in groups), predicted.max()]
        low, middle, high = np.transpose([np.percentile(residuals[rows], [10, 50, 90]) for rows in groups])
        of_group = f"of about {len(groups[-1])} rows"
        axes.stairs(high, edges, baseline=low, fill=True, color=VERMILION, alpha=0.15, label=f"middle 80% {of_group}")
        axes.stairs(middle, edges, baseline=None, color=VERMILION, lw=2, label=f"median {of_group}")
    name = literal(target)
    axes.set(xlabel=f"{name}, predicted", ylabel="residual, actual minus predicted", title="Residuals, test split")
    _group_thousands(axes)
    axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def draw_cases(cases: list[Case], path: Path) -> None:
    """Draw each case's image with its labels, and the largest probabilities as bars, the actual class marked."""
    rows = -(-len(cases) // 2)
    figure = new_figure(9, 1.9 * rows)
    grid = figure.subplots(rows, 4, squeeze=False, width_ratios=(1, 1.6, 1, 1.6))
    for axes in grid.flat:
        axes.axis("off")
    for index, case in enumerate(cases):
        picture, bars = grid[index // 2, 2 * (index % 2) : 2 * (index % 2) + 2]
        pixels = np.array([list(bytes.fromhex(line)) for line in case["pixels"]])
        picture.imshow(pixels, cmap="gray", vmin=0, vmax=max(1, int(pixels.max())))
        picture.set_title(f"row {case['row']}: {literal(case['true'])}", fontsize=9)
        names, values = list(case["probabilities"])[::-1], list(case["probabilities"].values())[::-1]
        bars.axis("on")
        colours = [
            GREEN if name == case["true"] else VERMILION if name == case["predicted"] else GREY for name in names
        ]
        bars.barh(range(len(names)), values, color=colours)
        bars.set_yticks(range(len(names)), list(map(literal, names)), fontsize=8)
        bars.set(xlim=(0, 1.18), xticks=[])
        bars.set_title(f"predicted: {literal(case['predicted'])}", fontsize=9)
        for index, value in enumerate(values):
            bars.text(value + 0.02, index, f"{value:.2f}", va="center", fontsize=8)
        bars.spines[["top", "right", "bottom"]].set_visible(False)
    save(figure, path)


def _group_thousands(axes: "Axes") -> None:
    """Write large values at the ticks as 1,500,000, which matplotlib has as 1.5 below a power of ten at the axis's end.

    Values that differ by less than a thousandth of their size keep it, for what they differ by.
    """
    from matplotlib.ticker import MaxNLocator

    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        size = max(abs(low), abs(high))
        if 1e4 <= size < 1e12 and high - low >= size / 1e3:
            axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
            axis.set_major_locator(MaxNLocator(5))  # the labels are wide


def _name_ticks(axes: "Axes", ticks: range, names: tuple[str, ...]) -> None:
    """Write names below an axis: turned if they are too long to stand side by side."""
    if max(map(len, names)) <= 3:
        axes.set_xticks(ticks, names)
    else:
        axes.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor")
