"""Trainings beside today's settings, in processes side by side: a pair has one seed and one way to divide the rows."""

import itertools
import math
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from glassnet.config import CONF, Settings, UserError, changes_from_conf, explain, register_resolvers
from glassnet.config.compose import composed
from glassnet.diagnostics import Change, Finding, Training, diagnose, read_telemetry, training_of
from glassnet.files import JsonObject
from glassnet.overrides import as_override
from glassnet.reporting.commands import Launch, arguments, override
from glassnet.reporting.setup import setup_of
from glassnet.runs import FINISHED, Job, Layout, read_jobs, run_job
from glassnet.runs.entry import LAST_MINUTE, end_with_parent
from glassnet.runs.jobs import FAILED, read_job
from glassnet.runs.manifest import minimized_of, read_manifest
from glassnet.stages import train
from glassnet.stages.candidates import Candidate
from glassnet.tables import PreparedData
from glassnet.training import read_history
from glassnet.training.monitor import LOSS

ENOUGH = 5_000  # validation rows: with so many the score hardly depends on which they are, and the seed alone is varied
LOG = "train.log"  # what a training printed, in its folder
TODAY = Candidate((), "today's settings")


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Attributes:
        loss: its best validation loss, or what is minimized of another monitored score; None if it did not come to
            its end.
        layout: of its files.
        epochs: how many it ran.
        seconds: how long they took.
        reason: why it did not come to its end.
    """

    loss: float | None
    layout: Layout
    epochs: int = 0
    seconds: float = 0.0
    reason: str = ""


@dataclass
class PairedTrainings:
    """The trainings of one run's improvements, kept in a folder from which they are not trained again.

    Attributes:
        settings: today's.
        values: the same as plain values, those that a result depends on.
        prepared: the data of the run.
        run: of the run, where it has been trained.
        folder: where the trainings go.
        start: what tells this start of the command from others.
        outcomes: of each candidate, by pair.
        trained_now: how many of them were not there before.
    """

    settings: Settings
    values: JsonObject
    prepared: PreparedData
    run: Layout | None
    folder: Path
    start: str
    outcomes: dict[Candidate, dict[int, Outcome]] = field(default_factory=dict)
    trained_now: int = 0

    def __post_init__(self) -> None:
        """Find out what was trained before, and what all trainings are given."""
        tracking = {name: value for name, value in self.settings.tracking.model_dump().items() if name != "name"}
        of_tracking = [f"tracking.{name}={as_override(value)}" for name, value in tracking.items()]
        of_run = changes_from_conf(CONF, self.values)
        self._overrides = [*of_run, f"tracking={self.settings.tracking.name}", *of_tracking]
        self._folders = {tuple(job.overrides): job.folder for job in read_jobs(self.folder)}
        self._next = max([int(each.name) for each in self.folder.glob("*/") if each.name.isdecimal()], default=-1) + 1
        if self.run is not None:
            self.outcomes[TODAY] = {0: outcome_of(self.run)}

    @property
    def overrides(self) -> list[str]:
        """What takes conf/ to today's settings, but for tracking."""
        return [each for each in self._overrides if not each.startswith("tracking")]

    @property
    def chance(self) -> float:
        """The loss of knowing nothing, which stands for a training of today's settings that came to no end.

        Of another monitored score it is 1: that of answers that are all wrong, or of a regression's mean.
        """
        if self.settings.training.monitor != LOSS.name:
            return 1.0
        return math.log(len(self.prepared.class_names)) if self.prepared.class_names else 1.0

    @property
    def trained(self) -> int:
        """How many trainings there were, without the run itself."""
        return sum(map(len, self.outcomes.values())) - (self.run is not None)

    @property
    def seconds(self) -> float:
        """What a training takes, the mean."""
        all_of_them = [each.seconds for of_one in self.outcomes.values() for each in of_one.values()]
        return float(np.mean(all_of_them)) if all_of_them else 0.0

    @property
    def workers(self) -> int:
        """How many trainings go on side by side."""
        return max(1, (os.cpu_count() or 1) // self.settings.training.processes)

    def losses(self, candidate: Candidate) -> dict[int, float]:
        """Return the best validation loss of a candidate by pair, of the trainings that came to their end."""
        losses = {pair: each.loss for pair, each in self.outcomes.get(candidate, {}).items()}
        if candidate == TODAY:
            return {pair: self.chance if loss is None else loss for pair, loss in losses.items()}
        return {pair: loss for pair, loss in losses.items() if loss is not None}

    def has_failed(self, candidate: Candidate) -> bool:
        """Return whether a training of a candidate did not come to its end."""
        return any(each.loss is None for each in self.outcomes.get(candidate, {}).values())

    def train(
        self, wanted: Sequence[tuple[Candidate, int]], executor: ProcessPoolExecutor, until: float = math.inf
    ) -> None:
        """Train candidates on pairs side by side, but for what was trained before; none begins after `until`.

        Args:
            wanted: the candidates and their pairs, the most urgent first.
            executor: the processes to train in.
            until: a time of `time.monotonic`.
        """
        at_work: list[tuple[Candidate, int, Path, Future[bool]]] = []
        for candidate, pair in wanted:
            if pair in self.outcomes.get(candidate, {}):
                continue
            busy = [future for *_, future in at_work if not future.done()]
            if len(busy) >= self.workers:
                wait(busy, return_when=FIRST_COMPLETED)
            if time.monotonic() >= until:
                break
            overrides, changes = self._job(candidate, pair)
            if tuple(overrides) not in self._folders:
                self._folders[tuple(overrides)] = self.folder / str(self._next)
                self._next += 1
            job = Job(self._folders[tuple(overrides)], overrides, changes, self.start)
            at_work.append((candidate, pair, job.folder, executor.submit(_train, job)))
        for candidate, pair, folder, future in at_work:
            self.trained_now += future.result()
            self.outcomes.setdefault(candidate, {})[pair] = outcome_of(Layout(folder))

    def _job(self, candidate: Candidate, pair: int) -> tuple[list[str], list[str]]:
        """Return the overrides of a training, and those of them that tell it from others."""
        of_pair = [Change("seed", self.settings.seed + pair)] if pair else []
        rolls = "times" in self.prepared.about and self.settings.data.folds is not None  # which is done in one way
        if pair and self.prepared.about["rows"]["validation"] < ENOUGH and not rolls:
            of_pair.append(Change("data.repetition", self.settings.data.repetition + pair))
        changes = [*candidate.changes, *of_pair]
        launch = Launch(tuple(self._overrides), is_final=True)
        single = [Change("training.final", False)]
        if self.settings.training.ensemble is not None:
            single.append(Change("training.ensemble", None))
        return arguments(launch, [*single, *changes]), list(map(override, changes))

    def findings(self, candidate: Candidate) -> list[Finding]:
        """Return what the diagnosis finds in a candidate's training on the first pair."""
        training = self.training(candidate)
        return [] if training is None else diagnose(training)

    def training(self, candidate: Candidate) -> Training | None:
        """Return a candidate's training on the first pair for the diagnosis; None where it left no epoch."""
        outcome = self.outcomes.get(candidate, {}).get(0)
        if outcome is None or not (outcome.layout.history.is_file() and outcome.layout.manifest.is_file()):
            return None
        history, manifest = read_history(outcome.layout.history), read_manifest(outcome.layout)
        if not history:
            return None
        return training_of(
            history,
            read_telemetry(outcome.layout.telemetry),
            setup_of(manifest["settings"]),
            len(self.prepared.class_names) or None,
            best_epoch=manifest.get("best_epoch"),
            validation_targets=np.asarray(self.prepared.split("validation").y),
        )

    def cost(self, candidate: Candidate) -> float:
        """Return the multiply-adds of a candidate's training on the first pair, as a multiple of those of today's."""
        features, outputs = len(self.prepared.preprocessing.feature_names), max(1, len(self.prepared.class_names))
        of_both = []
        for each in (candidate, TODAY):
            outcome = self.outcomes[each][0]
            hidden = setup_of(read_manifest(outcome.layout)["settings"]).hidden_sizes or ()
            sizes = [features, *hidden, outputs]
            of_both.append(outcome.epochs * sum(a * b for a, b in itertools.pairwise(sizes)))
        return of_both[0] / max(1, of_both[1])


def outcome_of(layout: Layout) -> Outcome:
    """Return what came of the training in a folder."""
    job = read_job(layout.root)
    if not layout.manifest.is_file():
        return Outcome(None, layout, reason="" if job is None else job.reason)
    manifest = read_manifest(layout)
    if "stopped" in manifest:
        return Outcome(None, layout, manifest["epochs"], reason=manifest["stopped"])
    history = read_history(layout.history)
    seconds = sum(row.get("seconds", 0.0) for row in history)
    return Outcome(minimized_of(manifest), layout, manifest["epochs"], seconds)


@contextmanager
def processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Yield so many processes to train in; whatever ends the block early ends them too, each with its state saved.

    Raises:
        UserError: if one of them was stopped by itself, or killed for want of memory.
    """
    executor = ProcessPoolExecutor(
        number, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
    )
    before = set(multiprocessing.active_children())
    try:
        yield executor
    except BaseException as error:
        workers = set(multiprocessing.active_children()) - before
        executor.shutdown(wait=False, cancel_futures=True)
        for process in workers:
            process.terminate()
        for process in workers:
            process.join(LAST_MINUTE)
            process.kill()  # one that waits for a task does so behind a lock, which another may have held as it ended
        if isinstance(error, BrokenProcessPool):
            raise UserError(
                "expected the trainings to come to their end, but the process of one was stopped or killed, as for "
                "want of memory; the same command goes on"
            ) from None
        raise
    executor.shutdown()


def _begin(command: int) -> None:
    end_with_parent(lambda: os._exit(1), command)  # else it would train on, and write its files
    register_resolvers(CONF)


def _train(job: Job) -> bool:
    """Train in a process of its own; what it prints goes to its folder, and how it ended to its record.

    Returns:
        whether it did; what an earlier start has trained to its end is left as it is.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    earlier = read_job(job.folder)
    if earlier is not None and earlier.status in {FINISHED, FAILED} and Layout(job.folder).manifest.is_file():
        return False
    job.folder.mkdir(parents=True, exist_ok=True)
    with (job.folder / LOG).open("w", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        try:
            run_job(train.main, composed(job.overrides), job)
        except (HydraException, OmegaConfBaseException) as error:
            job.status, job.reason = FAILED, explain(error)
            job.write()
        except (KeyboardInterrupt, SystemExit):  # the command, which had the signal too, says so
            log.flush()
            os._exit(1)  # it would go on to the next training
    return True
