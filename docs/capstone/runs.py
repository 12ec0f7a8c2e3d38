"""Reads the trained and evaluated runs that the page of the capstone is made of, and refuses what does not compare."""

import csv
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.config.settings import flatten
from glassnet.evaluation import Metrics, ungrouped
from glassnet.runs import FINISHED, Job, Layout, read_jobs
from glassnet.runs.manifest import Manifest, read_manifest
from glassnet.tables.raw_files import read_json
from glassnet.training import read_history

Names = npt.NDArray[np.str_]
SEEDS = 5  # fewer say little of the spread


@dataclass(frozen=True)
class Run:
    """A training that has come to its end.

    Attributes:
        job: of its sweep.
        manifest: what was trained, and what came of it on the validation rows.
    """

    job: Job
    manifest: Manifest

    @property
    def seed(self) -> int:
        """Its seed."""
        seed: Any = self.manifest["settings"]["seed"]
        return int(seed)

    @property
    def layout(self) -> Layout:
        """Its files."""
        return Layout(self.job.folder)

    @property
    def seconds(self) -> float:
        """How long its epochs took."""
        return sum(row["seconds"] for row in read_history(self.layout.history))

    def change(self, name: str) -> str:
        """Return the value that it gives a setting that its sweep varies; nothing if it gives none."""
        changes = dict(each.lstrip("+").partition("=")[::2] for each in self.job.changes)
        return changes.get(name, "")


@dataclass(frozen=True)
class EvaluatedRun(Run):
    """A run whose test rows have been looked at.

    Attributes:
        metrics: its scores.
        actual: the class of each test row, by name.
        predicted: the class that the network calls it.
        rows: the numbers of the test rows.
    """

    metrics: Metrics
    actual: Names
    predicted: Names
    rows: Names


def read_runs(sweep: Path) -> list[Run]:
    """Return the runs of a sweep.

    Raises:
        ValueError: if there is none, or one is not finished; in one line that says which, and what to do.
    """
    jobs = read_jobs(sweep)
    if not jobs:
        raise ValueError(f"{sweep}: expected the folder of a sweep with its jobs, found none; train them first")
    if unfinished := [job.folder.name for job in jobs if job.status != FINISHED]:
        raise ValueError(
            f"{sweep}: expected all jobs of the sweep to be finished, received unfinished ones: "
            f"{', '.join(unfinished)}; start the sweep again with hydra.sweep.dir={sweep}"
        )
    return [Run(job, read_manifest(Layout(job.folder))) for job in jobs]


def read_seeds(sweep: Path) -> list[EvaluatedRun]:
    """Return the evaluated runs of a sweep over seeds, in the order of these.

    Raises:
        ValueError: if a run is missing or not evaluated, if they differ in more than the seed, or if two have the same.
    """
    runs = read_runs(sweep)
    if missing := [run for run in runs if not run.layout.metrics.is_file()]:
        raise ValueError(
            f"{sweep}: expected the scores of every seed, received none of seed "
            f"{', '.join(str(run.seed) for run in missing)}; run {_evaluation_of(missing[0])}"
        )
    if len(seeds := {run.seed for run in runs}) < max(SEEDS, len(runs)):
        raise ValueError(f"{sweep}: expected {SEEDS} seeds or more, each once, received {len(runs)} runs of {seeds}")
    for run in runs[1:]:
        require_same(sweep, runs[0], run)
    return sorted(map(_evaluated, runs), key=lambda run: run.seed)


def require_same(sweep: Path, first: Run, other: Run) -> None:
    """Raise a `ValueError` if two runs differ in the data, or in a setting other than the seed."""
    here, there = (flatten(run.manifest["settings"]) for run in (first, other))
    differing = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if first.manifest["digests"]["data"] != other.manifest["digests"]["data"]:
        differing.append("the data")
    if others := [name for name in differing if name != "seed"]:
        raise ValueError(
            f"{sweep}: expected runs that differ in the seed alone, received jobs {first.job.folder.name} and "
            f"{other.job.folder.name} with other {', '.join(others)}"
        )


def require_pairs(runs: Sequence[EvaluatedRun], others: Sequence[EvaluatedRun]) -> None:
    """Raise a `ValueError` unless two lists of runs have the same seeds, and the same test rows."""
    seeds, of_others = ([run.seed for run in each] for each in (runs, others))
    sweep = others[0].job.folder.parent
    if seeds != of_others:
        raise ValueError(f"{sweep}: expected the seeds {seeds}, to be compared in pairs, received {of_others}")
    if not np.array_equal(runs[0].rows, others[0].rows) or not np.array_equal(runs[0].actual, others[0].actual):
        raise ValueError(f"{sweep}: expected the test rows of {runs[0].job.folder.parent}, received others")


def _evaluated(run: Run) -> EvaluatedRun:
    layout = run.layout
    metrics = ungrouped(read_json(layout.metrics, "evaluate", {"accuracy", "validation"}))
    with layout.predictions.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    rows, actual, predicted = (np.array([row[name] for row in table]) for name in ("row", "actual", "predicted"))
    if len(table) != metrics["examples"]:
        raise ValueError(
            f"{layout.predictions}: expected {metrics['examples']} rows, as many as were scored, received "
            f"{len(table)}; run {_evaluation_of(run)} again"
        )
    return EvaluatedRun(run.job, run.manifest, metrics, actual, predicted, rows)


def _evaluation_of(run: Run) -> str:
    """Return the command that evaluates a run."""
    given = [each for each in run.job.overrides if not each.startswith("hydra.")]
    return f"`python -m glassnet.stages.evaluate {shlex.join([*given, f'hydra.run.dir={run.job.folder}'])}`"
