"""The regression check for CI: the working tree's test predictions against those of a Git revision or a folder."""

import subprocess
import sys
from pathlib import Path

from glassnet.config import UserError, one_line_errors, read_arguments
from glassnet.evaluation.regression_check import (
    NotComparableError,
    as_markdown,
    check_regression,
    parse_predictions,
)

PREDICTIONS = Path("reports", "predictions.csv")
NOT_COMPARED = 2  # the exit status where there was nothing to compare; 1 is a regression


def main() -> int:
    """Print the verdict as markdown and return the exit status: 0, 1 for a regression, 2 if nothing was compared.

    Arguments: `baseline=` (a Git revision, or a folder with reports/predictions.csv in it), `tolerance=0.01`,
    `alpha=0.05`, `floor=` (an accuracy, or R²).
    """
    defaults = {"baseline": "", "tolerance": 0.01, "alpha": 0.05, "floor": None}
    arguments = read_arguments(defaults, required=("baseline",))
    baseline = arguments["baseline"]
    if isinstance(arguments["floor"], str):
        raise UserError(f"floor: expected a number, received {arguments['floor']!r}")
    try:
        if not PREDICTIONS.is_file():
            raise NotComparableError(
                f"{PREDICTIONS}: expected the working tree's predictions, found none; run dvc repro"
            )
        new = parse_predictions(PREDICTIONS.read_text(encoding="utf-8").splitlines())
        old = parse_predictions(_baseline(baseline).splitlines())
        limits = {name: arguments[name] for name in ("tolerance", "alpha", "floor")}
        verdict = check_regression(new, old, **limits)
    except NotComparableError as error:
        print(f"gate: not compared with {baseline}: {error}", file=sys.stderr)
        return NOT_COMPARED
    print(as_markdown(verdict, baseline))
    return 1 if verdict.kind == "regression" else 0


def _baseline(baseline: str) -> str:
    """Return the baseline's predictions as text."""
    folder = Path(baseline)
    if folder.is_dir():
        path = folder / PREDICTIONS if (folder / PREDICTIONS).is_file() else folder / PREDICTIONS.name
        if not path.is_file():
            raise NotComparableError(f"expected {PREDICTIONS} in the folder, found none")
        return path.read_text(encoding="utf-8")
    shown = subprocess.run(
        ["git", "show", f"{baseline}:./{PREDICTIONS.as_posix()}"], capture_output=True, text=True, check=False
    )
    if shown.returncode:
        reason = " ".join(shown.stderr.split()).removeprefix("fatal: ")
        raise NotComparableError(
            f"expected a folder, or a Git revision with {PREDICTIONS}, received neither ({reason})"
        )
    return shown.stdout


if __name__ == "__main__":
    with one_line_errors("gate"):
        sys.exit(main())
