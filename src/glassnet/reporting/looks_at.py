"""What the network looks at, in the report: the importance of its columns as table and figure, and their effects."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.evaluation import ColumnEffect, ColumnImportance, LooksAt
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.unseen_row import LEAST_ROWS
from glassnet.reporting.drawing import BLUE, GREEN, GREY, VERMILION, Figures, literal, new_figure, save
from glassnet.reporting.tables import markdown_table, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 15  # columns in table and figure
BLOCKS_SHOWN = 5  # of pixels, in the table: the figure has them all
COLOURS = {"test": BLUE, "validation": VERMILION}
LINES = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), ("#CC79A7", ":"), (GREY, (0, (5, 1, 1, 1))))
TITLES = {"log_loss": "log-loss", "rmse": "root of the mean squared error"}
RULE = """
An importance depends on the other columns: of two that say the same, each may seem to be worth little, since the
network has the other one. A column near 0 is one that this network does without, not one that says nothing.
"""


def what_it_looks_at(looks_at: LooksAt | None, figures: Figures) -> str:
    """Draw the figures of importance and effects, and return the section's text in markdown."""
    if looks_at is None:  # scores of an earlier version
        return ""
    if not looks_at["importance"]:
        return (
            "## What the network looks at\n\n"
            "Which columns matter was not measured: with so many of them it would take long, since each is permuted "
            "and predicted for anew.\n"
        )
    importance, score = looks_at["importance"], TITLES[looks_at["score"]]
    blocks = looks_at.get("blocks")
    what, all_of_them = ("block of pixels", "blocks") if blocks else ("column", "columns")
    moved = "What one column became, its categories or its mark for a missing value, moves together."
    if blocks:
        moved = "The pixels of a block move together."
    taken = " and ".join(
        f"{count} {split} rows, dealt {looks_at['repeats'][split]} times" for split, count in looks_at["rows"].items()
    )
    lines = [
        "## What the network looks at",
        "",
        f"How much the {score} grows when the values of one {what} are dealt to other rows at random, the rest left as "
        f"it is (permutation importance): {taken}. {moved} The interval is over the rows that might have been drawn.",
        "",
    ]
    ranked = sorted(importance["test"], key=lambda each: -each["increase"])
    shown = BLOCKS_SHOWN if blocks else SHOWN
    if blocks:
        figures.draw("importance.png", _draw_blocks, importance, (blocks[0], blocks[1]), score)
    else:
        figures.draw("importance.png", _draw_columns, importance, [each["column"] for each in ranked[:SHOWN]], score)
    lines += [_table(ranked[:shown], importance, what), ""]
    if len(ranked) > shown:
        lines += [f"Shown are {shown} of {len(ranked)} {all_of_them}; all are in `reports/analysis.json`.", ""]
    lines += [f"![Permutation importance of each {what}](figures/importance.png)", RULE]
    if effects := looks_at.get("effects"):
        acted_on = "prediction" if looks_at["score"] == "rmse" else "probability"
        figures.draw("effects.png", _draw_effects, effects, acted_on)
        lines += [
            "![Effects of the most important columns on the predictions](figures/effects.png)",
            "",
            _effects_text(effects),
            "",
        ]
    return "\n".join(lines)


def _effects_text(effects: list[ColumnEffect]) -> str:
    kinds = {each["kind"] for each in effects}
    said = []
    if kinds - {"categorical"}:
        said.append(
            "A curve is the accumulated local effect of a number on the prediction, 0 on average: its slope is what a "
            "small step does to the training rows that are there, so that no row is given values that do not occur "
            "beside its others (Apley & Zhu, 2020). Ticks are at tenths of the training rows."
        )
    if "date" in kinds:
        said.append("Of a date it is the effect of the day alone, month and weekday as they are.")
    if "categorical" in kinds:
        said.append(
            "A bar is the mean prediction if all training rows had that category, less the mean over categories "
            "(partial dependence); some rows get one there that would not occur beside their other values."
        )
    return " ".join(said)


def _table(ranked: list[ColumnImportance], importance: dict[str, list[ColumnImportance]], what: str) -> str:
    by_split = {split: {each["column"]: each for each in columns} for split, columns in importance.items()}
    rows = [
        [plain(each["column"]), *(_with_interval(columns[each["column"]]) for columns in by_split.values())]
        for each in ranked
    ]
    return markdown_table([what, *(f"{split} rows (95% interval)" for split in importance)], rows)


def _with_interval(each: ColumnImportance) -> str:
    if "low" not in each:
        return f"{readable(each['increase'], 3, signed=True)} (too few rows for an interval: below {LEAST_ROWS})"
    low, high = (readable(end, 3, signed=True) for end in (each["low"], each["high"]))
    return f"{readable(each['increase'], 3, signed=True)} ({low} to {high})"


def _draw_columns(importance: dict[str, list[ColumnImportance]], names: list[str], score: str, path: Path) -> None:
    """Draw the importance of each column as a point with its interval, the most important on top."""
    figure = new_figure(7, 1.4 + 0.34 * len(names))
    axes = figure.subplots()
    axes.axvline(0, color=GREY, lw=1)
    for index, (split, columns) in enumerate(importance.items()):
        of_column = {each["column"]: each for each in columns}
        shown = [of_column[name] for name in names]
        at = np.arange(len(names)) + 0.22 * (index - (len(importance) - 1) / 2)
        values = np.array([each["increase"] for each in shown])
        ends = np.array(
            [[each.get("low", value), each.get("high", value)] for each, value in zip(shown, values, strict=True)]
        )
        reach = np.abs(ends.T - values)
        axes.errorbar(values, at, xerr=reach, fmt="o", ms=5, color=COLOURS[split], capsize=2, label=f"{split} rows")
    axes.set_yticks(range(len(names)), [literal(name) for name in names])
    axes.set(
        ylim=(len(names) - 0.5, -0.5), xlabel=f"increase of the {score}, 95% interval", title="Permutation importance"
    )
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def _draw_blocks(
    importance: dict[str, list[ColumnImportance]], blocks: tuple[int, int], score: str, path: Path
) -> None:
    """Draw the importance of the blocks of pixels where they are in an image, one map for each split."""
    figure = new_figure(4.2 * len(importance), 3.8)
    for axes, (split, columns) in zip(
        np.atleast_1d(figure.subplots(1, len(importance))), importance.items(), strict=True
    ):
        values = np.array([each["increase"] for each in columns]).reshape(blocks)
        image = axes.imshow(values, cmap="cividis", vmin=0)
        axes.set(xticks=[], yticks=[], title=f"{split} rows")
        figure.colorbar(image, ax=axes, label=f"increase of the {score}")
    save(figure, path)


def _draw_effects(effects: list[ColumnEffect], what: str, path: Path) -> None:
    """Draw the effect of each column: of a number a curve for each class, of categories bars."""
    across = min(3, len(effects))
    down = -(-len(effects) // across)
    figure = new_figure(3.4 * across + 0.4, 2.7 * down + 0.5)
    grid = list(figure.subplots(down, across, squeeze=False, sharey=True).flat)
    handles: dict[str, Any] = {}
    for axes, each in zip(grid, effects, strict=False):
        axes.axhline(0, color=GREY, lw=0.8)
        for name, curve in each["effects"].items():
            # A class has one colour in all of them, though not all show the same classes.
            colour, style = LINES[
                list(handles).index(name) % len(LINES) if name in handles else len(handles) % len(LINES)
            ]
            if each["kind"] == "categorical":
                handle = _bars(axes, each, name, colour)
            else:
                at = np.array(each["at"], dtype="datetime64[D]") if each["kind"] == "date" else each["at"]
                (handle,) = axes.plot(at, curve, color=colour, ls=style)
            handles.setdefault(name, handle)
        axes.set_title(literal(each["column"]), fontsize=10)
        if each["kind"] != "categorical":
            _finish_curve(axes, each)
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    for axes in grid[len(effects) :]:
        axes.axis("off")
    figure.supylabel(f"effect on the {what}", fontsize=10)
    figure.legend(
        handles.values(), [literal(name) for name in handles], loc="outside lower center", ncols=5, frameon=False
    )
    save(figure, path)


def _finish_curve(axes: "Axes", each: ColumnEffect) -> None:
    """Mark where the training rows are, by every second quantile of the curve; write few dates, which are wide."""
    values = np.array(each["at"], dtype="datetime64[D]") if each["kind"] == "date" else np.array(each["at"])
    axes.plot(
        values[::2], np.full(len(values[::2]), 0.02), "|", color="black", ms=6, transform=axes.get_xaxis_transform()
    )
    if each["kind"] == "date":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _bars(axes: "Axes", each: ColumnEffect, name: str, colour: str) -> Any:
    names, order = list(each["effects"]), np.arange(len(each["at"]))
    width = 0.8 / len(names)
    bars = axes.bar(
        order + width * (names.index(name) - (len(names) - 1) / 2), each["effects"][name], width, color=colour
    )
    labels = [literal(str(category)) for category in each["at"]]
    axes.set_xticks(order, labels, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    return bars
