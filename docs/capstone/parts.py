"""What each part of the capstone is worth: trainings without it beside trainings with it, in pairs of a seed."""

from collections.abc import Sequence
from typing import Any

from docs.capstone.runs import EvaluatedRun, Run
from docs.capstone.statistics import mean_of
from glassnet.config import ABLATION, UNCHANGED
from glassnet.config.settings import flatten
from glassnet.reporting.tables import Table, markdown_table, value_code


def parts_section(capstone: EvaluatedRun, runs: Sequence[Run]) -> str:
    """Return the table of an ablation, with what its trainings have otherwise than those of the capstone.

    Raises:
        ValueError: if a training has no partner, or there are fewer than two pairs.
    """
    sweep = runs[0].job.folder.parent
    by_part: dict[str, dict[int, Run]] = {}
    for run in runs:
        by_part.setdefault(run.change(ABLATION), {})[run.seed] = run
    whole = by_part.pop(UNCHANGED, {})
    if len(whole) < 2 or not by_part:
        raise ValueError(
            f"{sweep}: expected ablation={UNCHANGED} and other parts, for two seeds or more, received "
            f"{len(whole)} trainings of {UNCHANGED} and the parts {', '.join(by_part) or 'none'}"
        )
    found: list[tuple[float, list[Any]]] = []
    for part, without in by_part.items():
        if without.keys() != whole.keys():
            raise ValueError(
                f"{sweep}: expected ablation={part} for the seeds of ablation={UNCHANGED}, {sorted(whole)}, received "
                f"{sorted(without)}"
            )
        differences = [
            mean_of([_score(without[seed], score) - _score(whole[seed], score) for seed in sorted(whole)])
            for score in ("accuracy", "loss")
        ]
        found.append((differences[0].value, [part, *(each.text(signed=True) for each in differences), len(whole)]))
    rows: Table = [row for _, row in sorted(found, key=lambda each: each[0])]
    header = [ABLATION, "validation accuracy (95% interval)", "validation loss (95% interval)", "pairs"]
    return (
        f"{markdown_table(header, rows)}\n\n"
        "Each row is the validation score without a part minus that with all of them, in pairs of the same seed: mean "
        f"± standard deviation, and the interval of Student's t.{_otherwise(capstone, next(iter(whole.values())))}"
    )


def _score(run: Run, name: str) -> float:
    value = run.manifest[f"best_validation_{name}"]  # type: ignore[literal-required]
    return float(value)


def _otherwise(capstone: EvaluatedRun, run: Run) -> str:
    """Return how the trainings of the ablation differ from those of the capstone, or nothing."""
    here, there = (flatten(each.manifest["settings"]) for each in (capstone, run))
    changed = [f"`{name}` is {value_code(there.get(name))}" for name in sorted(here.keys() | there.keys())
               if name != "seed" and here.get(name) != there.get(name)]  # fmt: skip
    return f" Unlike above, {', '.join(changed)}." if changed else ""
