"""The regression check for CI: the working tree's test predictions against those of a Git revision or a folder."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from glassnet.config import UserError
from glassnet.evaluation import DecisionAnalysis
from glassnet.evaluation.regression_check import (
    PROBABILITY,
    NotComparableError,
    Row,
    check_regression,
    compare_scores,
    parse_predictions,
    require_one_evaluation,
)
from glassnet.evaluation.regression_verdict import as_markdown
from glassnet.runs import one_line_errors, read_arguments

PREDICTIONS, METRICS = Path("reports", "predictions.csv"), Path("reports", "metrics.json")
ANALYSIS = Path("reports", "analysis.json")
NOT_COMPARED = 2  # the exit status where nothing was compared, for whatever reason; 1 is a regression, and nothing else


@dataclass(frozen=True)
class Arguments:
    """What to compare with, and from where on a difference counts.

    Attributes:
        baseline: a Git revision, or a folder.
        tolerance: by how much accuracy may fall, or the mean absolute error grow in proportion.
        alpha: the level of the test.
        floor: an accuracy, or R², below which the new model is a regression in any case.
    """

    baseline: str
    tolerance: float = 0.01
    alpha: float = 0.05
    floor: float | None = None


def main() -> int:
    """Print the verdict as markdown and return the exit status: 0, 1 for a regression, 2 if nothing was compared.

    Arguments: `baseline=` (a Git revision, or a folder with predictions.csv or reports/ in it), `tolerance=0.01`,
    `alpha=0.05`, `floor=` (an accuracy, or R²).
    """
    arguments = read_arguments(Arguments, __doc__, main.__doc__)
    _require_sense(arguments)
    baseline = arguments.baseline
    try:
        new = parse_predictions(_read(Path(), PREDICTIONS), "the working tree")
        old = parse_predictions(_read_baseline(baseline, PREDICTIONS), baseline)
        decision, note = _decision(baseline, new)
        verdict = check_regression(
            new,
            old,
            tolerance=arguments.tolerance,
            alpha=arguments.alpha,
            floor=arguments.floor,
            decision=decision,
        )
    except NotComparableError as error:
        print(f"gate: not compared with {baseline}: {error}", file=sys.stderr)
        return NOT_COMPARED
    if note:
        print(f"gate: note: {note}", file=sys.stderr)
    print(as_markdown(verdict, baseline, _scores(baseline, new, old)))
    return 1 if verdict.kind == "regression" else 0


def _scores(baseline: str, new: list[Row], old: list[Row]) -> list[tuple[str, float, float]]:
    """Return the headline scores to list beside the verdict, which rests on the predictions alone.

    Scores that are missing, or were computed from other predictions, are left out with a note.
    """
    try:
        metrics = json.loads(_read(Path(), METRICS)), json.loads(_read_baseline(baseline, METRICS))
        require_one_evaluation(new, metrics[0], "the working tree")
        require_one_evaluation(old, metrics[1], baseline)
    except (NotComparableError, json.JSONDecodeError) as error:
        print(f"gate: note: scores are not listed: {error}", file=sys.stderr)
        return []
    return compare_scores(*metrics)


def _decision(baseline: str, new: list[Row]) -> tuple[DecisionAnalysis | None, str]:
    """Return how the working tree's model decides on a class, and a note if that is not known, or not the baseline's.

    Answers are judged by accuracy where it is not known; so is a regression by its errors, of which there is no note.
    """
    if not any(name.startswith(PROBABILITY) for name in new[0]):
        return None, ""
    found: list[DecisionAnalysis] = []
    for whose, read in (("the working tree", partial(_read, Path())), (baseline, partial(_read_baseline, baseline))):
        try:
            found.append(json.loads(read(ANALYSIS)).get("decision", {}))
        except (NotComparableError, json.JSONDecodeError) as error:
            return (found[0] if found else None), f"how {whose} decides on a class is not known: {error}"
    now, before = (each.get("rule") and [each.get(key) for key in ("rule", "positive", "costs")] for each in found)
    note = "" if now == before else "the two decide on a class to other ends; both are judged by the new one's"
    return found[0], note


def _require_sense(arguments: Arguments) -> None:
    if not math.isfinite(arguments.floor or 0):
        raise UserError(f"floor: expected a finite number, received {arguments.floor!r}")
    if not 0 <= arguments.tolerance < 1:
        raise UserError(f"tolerance: expected a number from 0 to below 1, received {arguments.tolerance:g}")
    if not 0 < arguments.alpha < 1:
        raise UserError(f"alpha: expected a number between 0 and 1, received {arguments.alpha:g}")


def _read(folder: Path, name: Path) -> str:
    path = folder / name if (folder / name).is_file() else folder / name.name
    if not path.is_file():
        raise NotComparableError(f"{folder / name}: expected what evaluate writes, found no file; run dvc repro")
    return _decoded(path.read_bytes(), str(path))


def _read_baseline(baseline: str, name: Path) -> str:
    """Return a file of the baseline as text."""
    if Path(baseline).is_dir():
        return _read(Path(baseline), name)
    try:
        shown = subprocess.run(
            ["git", "show", "--end-of-options", f"{baseline}:./{name.as_posix()}"], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise NotComparableError("expected a folder, or Git on PATH to look for a revision, found neither") from None
    if shown.returncode:
        reason = " ".join(shown.stderr.decode(errors="replace").split()).removeprefix("fatal: ")
        raise NotComparableError(f"expected a folder, or a Git revision with {name}, received neither ({reason})")
    return _decoded(shown.stdout, f"{name} in {baseline}")


def _decoded(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotComparableError(f"{source}: expected a text in UTF-8, received something else ({error})") from None


if __name__ == "__main__":
    with one_line_errors("gate", status=NOT_COMPARED, place=""):
        sys.exit(main())
