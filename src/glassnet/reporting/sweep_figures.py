"""The figures of a sweep: the best validation loss against each setting that was swept."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.reporting.drawing import BLUE, new_figure, save, shade

if TYPE_CHECKING:
    import pandas as pd

LINES = 6  # more choices of the other settings are drawn as one mean
WIDE = 50  # a range of values this many times its lowest is drawn on a logarithmic scale


def draw_setting(finished: "pd.DataFrame", name: str, others: list[str], path: Path) -> None:
    """Draw the validation loss against a setting, a line for each choice of the others, mean ± deviation over seeds.

    Args:
        finished: the rows of the experiment table with a loss.
        name: the setting, a column of it.
        others: the other settings that were swept, without the seed.
        path: where to.
    """
    import pandas as pd

    numbers = pd.to_numeric(finished[name], errors="coerce")
    numeric = bool(numbers.notna().all())
    values = sorted(numbers.unique()) if numeric else list(dict.fromkeys(finished[name]))
    table = finished.assign(**{name: numbers}) if numeric else finished
    groups: list[tuple[Any, pd.DataFrame]] = list(table.groupby(others, sort=False)) if others else [((), table)]
    if len(groups) > LINES:
        groups = [(("mean of all",), table)]
    figure = new_figure(6.5, 4.0)
    axes = figure.subplots()
    for index, (choice, group) in enumerate(groups):
        by_value = group.groupby(name)["validation_loss"].agg(["mean", "std"]).reindex(values).dropna(subset=["mean"])
        places = by_value.index if numeric else [values.index(value) for value in by_value.index]
        label = ", ".join(map(str, choice if isinstance(choice, tuple) else (choice,)))
        colour = BLUE if len(groups) == 1 else shade(index / (len(groups) - 1))
        spread = by_value["std"].fillna(0.0)
        style: dict[str, Any] = {"marker": "osD^vP"[index % LINES], "ms": 5, "capsize": 3, "ls": "-" if numeric else ""}
        axes.errorbar(places, by_value["mean"], spread, color=colour, label=label, **style)
    if numeric and values[0] > 0 and values[-1] / values[0] >= WIDE:
        axes.set_xscale("log")
    if not numeric:
        axes.set_xticks(range(len(values)), values)
    axes.set(xlabel=name, ylabel="best validation loss", title=f"Validation loss by {name}")
    axes.grid(alpha=0.3)
    if others:
        axes.legend(title=", ".join(others))
    save(figure, path)
