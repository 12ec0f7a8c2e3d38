"""The figures of a sweep: the best validation loss, or monitored score, against each setting that was swept."""

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.reporting.drawing import BLUE, literal, new_figure, save, shade

if TYPE_CHECKING:
    import pandas as pd

LINES = 6  # more choices of the other settings are drawn as one mean
WIDE = 50  # a range of values this many times its lowest is drawn on a logarithmic scale
TICKS = 8  # so many values each have their own tick on the axis
UPRIGHT = 60  # characters of names that stand side by side; more are turned


def draw_setting(
    finished: "pd.DataFrame",
    name: str,
    others: list[str],
    path: Path,
    monitor: str = "loss",
    *,
    of_logarithm: bool = False,
) -> None:
    """Draw the monitored score against a setting, a line for each choice of the others, mean ± deviation over seeds.

    Args:
        finished: the rows of the experiment table with a loss.
        name: the setting, a column of it. Jobs without a value, which an ablation took from them, are not drawn.
        others: the other settings that were swept, without the seed.
        path: where to.
        monitor: the score by which the jobs are compared.
        of_logarithm: whether it is the logarithm of the target that was learnt.
    """
    score = f"validation_{monitor}"
    table = finished[finished[name] != ""].sort_values("job")
    values = _in_order(table[name])
    numbers = _numbers(values)
    groups: list[tuple[Any, pd.DataFrame]] = list(table.groupby(others, sort=False)) if others else [((), table)]
    groups = sorted(groups, key=lambda each: _rank(each[0], [_in_order(table[other]) for other in others]))
    if len(groups) > LINES:
        groups = [(("mean of all",), table)]
    figure = new_figure(6.5, 4.0)
    axes = figure.subplots()
    for index, (choice, group) in enumerate(groups):
        by_value = group.groupby(name)[score].agg(["mean", "std"]).reindex(values).dropna(subset=["mean"])
        positions = [numbers[values.index(value)] if numbers else values.index(value) for value in by_value.index]
        colour = BLUE if len(groups) == 1 else shade(index / (len(groups) - 1))
        marker, line = "osD^vP"[index % LINES], "-" if numbers else ""
        label = ", ".join(map(literal, choice))
        axes.errorbar(
            positions, by_value["mean"], by_value["std"].fillna(0.0),
            color=colour, label=label, marker=marker, ms=5, capsize=3, ls=line,
        )  # fmt: skip
    _label_values(axes, values, numbers)
    words = f"{_words(score)}{' of the logarithm' if of_logarithm else ''}"
    axes.set(xlabel=name, ylabel=f"best {words}", title=f"{words.capitalize()} by {name}")
    axes.grid(alpha=0.3)
    if others:
        axes.legend(title=", ".join(others))
    save(figure, path)


def _words(score: str) -> str:
    return score.replace("_", " ").replace("f1", "F1")


def _in_order(column: "pd.Series[str]") -> list[str]:
    """Return the values of a setting once each: numbers by size, others in the order of the sweep."""
    values = list(dict.fromkeys(column))
    numbers = _numbers(values)
    return sorted(values, key=dict(zip(values, numbers, strict=True)).__getitem__) if numbers else values


def _numbers(values: list[str]) -> list[float]:
    """Return the values of a setting as numbers, if all of them are."""
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return [float(number) for number in numbers] if numbers.notna().all() else []


def _rank(choice: tuple[str, ...], orders: list[list[str]]) -> tuple[int, ...]:
    return tuple(order.index(value) for value, order in zip(choice, orders, strict=True))


def _label_values(axes: Any, values: list[str], numbers: list[float]) -> None:
    """Write the values of the setting below the axis: each, unless they are many numbers."""
    is_wide = bool(numbers) and numbers[0] > 0 and numbers[-1] / numbers[0] >= WIDE
    if is_wide:
        axes.set_xscale("log")
    if numbers and (len(values) > TICKS or _is_crowded(numbers, is_wide)):
        return
    turned = {"rotation": 30, "ha": "right"} if sum(map(len, values)) > UPRIGHT else {}
    axes.set_xticks(numbers or range(len(values)), [literal(value) for value in values], **turned)
    axes.minorticks_off()


def _is_crowded(numbers: list[float], is_wide: bool) -> bool:
    """Return whether some of the numbers lie too close to each other on the axis to be written side by side."""
    positions = [math.log(number) for number in numbers] if is_wide else numbers
    steps = [after - before for before, after in itertools.pairwise(positions)]
    return bool(steps) and min(steps) < (positions[-1] - positions[0]) / (TICKS + 2)
