"""Tries what might make the trained network better, beside today's settings on validation rows, and ranks what helped.

`improve.trainings=` says how many trainings to spend, `improve.seconds=` how long (60 seconds, where neither is given).
Started again, it goes on from the trainings that are there. It never opens the test split.
"""

import json
import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

from glassnet.config import Settings, UserError, own_files
from glassnet.reporting.commands import override
from glassnet.reporting.tried import LUCK, change_of
from glassnet.runs import Layout, alone_in, one_line_errors, require_settings_of_run, run_stage
from glassnet.runs.ending import StoppedError
from glassnet.runs.improvements import (
    NOTHING,
    TRIALS,
    Improvements,
    compared_in,
    read_improvements,
    write_improvements,
)
from glassnet.runs.jobs import new_start
from glassnet.runs.manifest import read_manifest
from glassnet.stages.beforehand import require_trainable
from glassnet.stages.improving import Budget, outcome, search
from glassnet.stages.paired_trainings import PairedTrainings, processes
from glassnet.stages.run_key import run_identity
from glassnet.stages.validation_errors import of_errors
from glassnet.tracking import record_sweep

LOCK = "improve.lock"
ON_REQUEST = "`dvc exp run -S improve.trainings=20` tries, or `python -m glassnet.stages.improve`"
SHOWN = 8  # lines of the table on the console


@dataclass(frozen=True)
class Options:
    """What is said of the budget, as `improve.<name>=`.

    Attributes:
        trainings: how many there are to be.
        seconds: how long they may take.
    """

    trainings: int | None = None
    seconds: float | None = None


OPTIONS = [field.name for field in fields(Options)]
USUAL = Options(seconds=60.0)


def improve(settings: Settings, layout: Layout, options: Options) -> Improvements:
    """Try improvements of a run, and write what came of it to reports/improvements.json."""
    prepared = require_trainable(settings, layout)
    values = json.loads(json.dumps(settings.describing_the_result()))
    key = run_identity(settings.describing_the_result(), prepared, own_files(settings))["key"]
    run = _trained_run(settings, layout, key)
    folder = layout.checkpoints / TRIALS / key
    start = new_start()
    trainings = PairedTrainings(settings, values, prepared, run, folder, start)
    budget = Budget(options.trainings, math.inf if options.seconds is None else options.seconds)
    with alone_in(folder, LOCK, "improve"), _resumable(), processes(trainings.workers) as executor:
        search(trainings, budget, of_errors, executor)
    improvements = outcome(trainings, key)
    write_improvements(layout, improvements)
    for line in [*table(improvements, trainings.seconds, budget.spent), *failures(trainings)]:
        print(line)
    if (recorded := record_sweep(folder, [layout.improvements])) is not None:
        print(f"improve: recorded as MLflow run {recorded[0]}, the trainings below it; {recorded[1]} shows them")
    return improvements


def main() -> None:
    """Read the budget, and try improvements of the run that the other arguments, or params.yaml, name."""
    with one_line_errors("improve"):
        options, others = _arguments(sys.argv[1:])

    def run(settings: Settings, layout: Layout) -> None:
        if options == Options() and layout.by_dvc and "DVC_STAGE" in os.environ and not settings.improve.trainings:
            _keep(layout)
            return
        of_settings = Options(trainings=settings.improve.trainings) if settings.improve.trainings else USUAL
        improve(settings, layout, of_settings if options == Options() else options)

    sys.argv[1:] = others
    run_stage("improve", run)


def _keep(layout: Layout) -> None:
    """Leave what was tried on this very run, or write that nothing was: `dvc repro` tries nothing by itself."""
    try:
        known = read_improvements(layout)
    except ValueError:
        known = NOTHING
    if known["key"] is None or known["key"] != read_manifest(layout)["key"]:
        write_improvements(layout, NOTHING)
        print(f"improve: nothing was tried on this run; {ON_REQUEST}")


def _arguments(arguments: list[str]) -> tuple[Options, list[str]]:
    """Return the budget, and the arguments that are a stage's."""
    options, others = Options(), []
    for argument in arguments:
        name, separator, text = argument.partition("=")
        if argument in {"-m", "--multirun"}:
            raise UserError("expected one run, received -m, which makes several; start improve once for each")
        if not name.startswith("improve."):
            others.append(argument)
            continue
        key = name.removeprefix("improve.")
        if key not in OPTIONS or not separator:
            raise UserError(f"expected improve.{' or improve.'.join(OPTIONS)}, received {argument!r}")
        value = _positive(key, text)
        options = replace(options, trainings=int(value)) if key == "trainings" else replace(options, seconds=value)
    if None not in (options.trainings, options.seconds):
        raise UserError("expected improve.trainings or improve.seconds, received both; leave one of them out")
    return options, others


def _positive(key: str, text: str) -> int | float:
    whole = key == "trainings"
    try:
        value: int | float = int(text) if whole else float(text)
    except ValueError:
        value = 0
    if not 0 < value < math.inf:
        kind = "a whole number of 1 or more" if whole else "a number above 0"
        raise UserError(f"improve.{key}: expected {kind}, received {text!r}")
    return value


def _trained_run(settings: Settings, layout: Layout, key: str) -> Layout | None:
    """Return where today's training is, if it was made by these settings, data and code; None where there is none.

    Raises:
        UserError: for a training of other settings, or by the pipeline of another code.
        FileNotFoundError: if the pipeline has not trained yet.
    """
    if not layout.manifest.is_file() and not layout.by_dvc:
        return None  # it is trained as the first
    manifest = read_manifest(layout)
    if manifest["key"] == key:
        return layout
    if layout.by_dvc:
        raise UserError(
            f"{layout.manifest}: expected the run of the settings, data and code as they are now (key {key}), received "
            f"another one ({manifest['key']}); run `dvc repro`, then start again"
        )
    if "stopped" not in manifest:
        require_settings_of_run(settings, layout)
    return None


@contextmanager
def _resumable() -> Iterator[None]:
    """Say on a signal how to go on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        code = stop.code if isinstance(stop, SystemExit) else 128 + signal.SIGINT
        signum = code - 128 if isinstance(code, int) else 0
        if signum not in {signal.SIGINT, signal.SIGTERM}:
            raise
        name = signal.Signals(signum).name
        kept = "the trainings that came to their end are kept; the same command goes on"
        raise StoppedError(f"{name}: {kept}", signum) from None


def failures(trainings: PairedTrainings) -> list[str]:
    """Return a line for each training that did not come to its end, which the record has none of."""
    return [
        f"improve: did not come to its end: {' '.join(map(override, candidate.changes)) or candidate.reason}: "
        f"{each.reason}"
        for candidate, by_pair in trainings.outcomes.items()
        for each in by_pair.values()
        if each.loss is None
    ]


def table(improvements: Improvements, seconds: float, spent: float) -> list[str]:
    """Return the lines that say what was tried and what came of it.

    Args:
        improvements: what was tried.
        seconds: what a training took, the mean.
        spent: the seconds that this start took.
    """
    tried, pairs = improvements["tried"], len(improvements["losses"])
    lines = [
        f"improve: {improvements['trainings']} trainings of {seconds:.2g} s, {spent:.1f} s in all, today's settings on "
        f"{pairs} pair{'s' if pairs > 1 else ''} of seed and split; {compared_in(improvements)} against theirs:"
    ]
    for each in tried[:SHOWN]:
        lines.append(f"improve: {change_of(each):>34}  {' '.join(each['changes'])}  ({each['reason']})")
    if len(tried) > SHOWN:
        lines.append(f"improve: and {len(tried) - SHOWN} more in the record")
    if not any(each["helps"] for each in tried):
        lines.append(f"improve: {LUCK}")
    return lines


if __name__ == "__main__":
    main()
