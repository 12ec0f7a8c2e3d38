"""A training that goes on with other settings: which it may have, and what is said and kept of a result that they made.

A training that goes on ends as one from the start would, with the same bytes, where its schedule depends on the step
alone. Where it does not, the result is neither that of the settings before nor that of those now: the manifest keeps
what changed and when, the run has a key of its own, and the report says so.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from glassnet.config import Settings, UserError, flatten
from glassnet.config.added_later import ADDED_LATER
from glassnet.files import JsonObject, JsonValue
from glassnet.runs import Layout
from glassnet.runs.manifest import RunIdentity, WentOn
from glassnet.stages.run_key import identity_after
from glassnet.training import Checkpoints, LearningRateSchedule, StopSignals, TrainingPlan
from glassnet.training.callbacks.early_stopping import NO_IMPROVEMENT
from glassnet.training.checkpoint import Values
from glassnet.training.going_on import as_text, changes_between, jump_of_rate, newest_checkpoint
from glassnet.training.state import number_in
from glassnet.training.train import make_schedule

EPOCHS, PATIENCE, PROCESSES = "training.epochs", "training.patience", "training.processes"
MAY_CHANGE = (EPOCHS, PATIENCE, PROCESSES)  # of what a result depends on
WENT_ON = "went on"  # in a checkpoint's identity
SWEEP_PAUSE = 5.0  # seconds between the checkpoints of a job: with many short jobs they would cost more than they save


class SavedTraining:
    """The checkpoints of one training in its folder, and how it goes on from them, if that is wanted.

    Attributes:
        went_on: what was changed on the way, where a training from the start would have ended otherwise.
        resume: whether there is something to go on from, and it is to.
    """

    def __init__(self, settings: Settings, layout: Layout, folder: Path, identity: RunIdentity) -> None:
        """Take the checkpoints in `folder` as those of the run with this identity."""
        self.settings, self.layout, self.folder, self._of_run = settings, layout, folder, identity
        self.resume, self.went_on = settings.training.resume, list[WentOn]()

    @property
    def identity(self) -> RunIdentity:
        """What identifies the run: also by what was changed on the way."""
        return identity_after(self._of_run, self.went_on)

    def look_ahead(self, plan: TrainingPlan, steps_per_epoch: int) -> None:
        """Find out how the training goes on, and say what that makes of it; nothing is written.

        Raises:
            UserError: if it may not go on with these settings.
        """
        found = newest_checkpoint(self.folder) if self.resume else None
        if found is None:
            return
        values, saved = found[0].values, dict(found[1])
        self.went_on = cast("list[WentOn]", saved.pop(WENT_ON, []))
        defaults = flatten({**ADDED_LATER})  # left out where they hold, which is no value of None
        changes = changes_between({**defaults, **saved}, {**defaults, **self._values()})
        if not changes:
            return
        refusal = self._refusal(values, changes)
        if refusal and values["is_over"] and (self.layout.by_dvc or self.layout.sweep is not None):
            self._begin_anew(f"that is of another training, which has ended ({as_text(changes)})")
            return
        if refusal:
            raise UserError(refusal)
        lines = [f"goes on after epoch {values['epoch']}: {as_text(changes)}"]
        jump = self._jump(values, plan, steps_per_epoch) if EPOCHS in changes else None
        if has_ended := self._why_over(values, lines):
            advice = "a larger training.patience, or null, lets it go on"
            if jump:
                raise UserError(
                    f"{self.folder}: expected a training that can go on, received one that ended after epoch "
                    f"{values['epoch']}, since {has_ended}; {advice}"
                )
            lines.append(f"it had ended there, since {has_ended}; more epochs change nothing, but {advice}")
        is_shorter = PATIENCE in changes and _is_shorter(self.settings.training.patience, changes[PATIENCE][0])
        name = self.settings.schedule.name
        if jump is None and not is_shorter and PROCESSES not in changes:
            lines.append(f"schedule={name} goes on as it was: the result is that of a training from the start")
        elif self.layout.sweep is not None:
            self._begin_anew("jobs of a sweep are to be compared, and it would end otherwise than one from the start")
            return
        else:
            changed: dict[str, list[JsonValue]] = {each: [before, now] for each, (before, now) in changes.items()}
            change: WentOn = {"after_epoch": values["epoch"], "changed": changed}
            if jump:
                change["rates"] = list(jump)
                lines.append(
                    f"schedule={name} depends on the number of epochs: that of {plan.epochs} epochs is entered at step "
                    f"{values['step']}, where the rate jumps from {jump[0]:.3g} to {jump[1]:.3g}"
                )
            lines.append("a training from the start would end with other weights; the run has a key of its own")
            self.went_on = [*self.went_on, change]
        for line in lines:
            print(f"train: {line}", flush=True)

    def _jump(self, values: Values, plan: TrainingPlan, steps_per_epoch: int) -> tuple[float, float] | None:
        """Return the rates before and after, if the schedule depends on the number of epochs."""
        rate = self.settings.optimizer.learning_rate
        schedule = LearningRateSchedule(make_schedule(plan, rate, steps_per_epoch))
        return None if schedule.plateau else jump_of_rate(values, schedule.schedule, steps_per_epoch)

    def _why_over(self, values: Values, lines: list[str]) -> str:
        """Return why the training had ended early and is over still, or nothing; a longer patience adds a line."""
        reason, patience = values["stop_reason"], self.settings.training.patience
        if NO_IMPROVEMENT not in reason:
            return reason
        waited = int(number_in(dict(values["callbacks"]["EarlyStopping"]), "waited"))
        if patience is not None and patience <= waited:
            return reason
        now = "there is no patience any more" if patience is None else f"patience counts on, to {patience}"
        lines.append(f"early stopping had ended it after {waited} epochs without improvement; {now}")
        return ""

    def _refusal(self, values: Values, changes: dict[str, tuple[JsonValue, JsonValue]]) -> str:
        """Return why the training may not go on, or nothing."""
        kind = "finished" if values["is_over"] else "interrupted"
        if others := {name: change for name, change in changes.items() if name not in MAY_CHANGE}:
            return (
                f"{self.folder}: expected the settings of the {kind} training there, of which {EPOCHS}, {PATIENCE} and "
                f"{PROCESSES} may change, received others: {as_text(others)}; set them back, or train anew without "
                "training.resume"
            )
        if self.settings.training.epochs < values["epoch"]:
            return (
                f"{EPOCHS}: expected {values['epoch']} or more, which the {kind} training in {self.folder} has begun, "
                f"received {self.settings.training.epochs}; without training.resume it is trained anew"
            )
        return ""

    def _begin_anew(self, reason: str) -> None:
        print(f"train: does not go on from the checkpoint in {self.folder}: {reason}; starts with the first epoch")
        self.resume, self.went_on = False, []

    def _values(self) -> JsonObject:
        digests = {f"digest of the {name}": self._of_run["digests"][name] for name in ("data", "code")}
        return {**flatten(self.settings.describing_the_result()), **digests}

    def checkpoints(self, signals: StopSignals) -> Checkpoints:
        """Return the callback that saves the training, and brings it back."""
        return self._made(self.folder, self._of_training(), signals, (*MAY_CHANGE, WENT_ON))

    def checkpoints_of_final(self, best_epoch: int, signals: StopSignals) -> Checkpoints:
        """Return the callback for the final training, which goes on only after the very same choice of the epoch."""
        folder, identity = self.folder / "final", {**self._of_training(), "best epoch": best_epoch}
        found = newest_checkpoint(folder) if self.resume else None
        self.resume = found is not None and found[1] == identity
        return self._made(folder, identity, signals)

    def _of_training(self) -> JsonObject:
        return {**self._values(), **({WENT_ON: cast(JsonValue, self.went_on)} if self.went_on else {})}

    def _made(
        self, folder: Path, identity: JsonObject, signals: StopSignals, may_change: Sequence[str] = ()
    ) -> Checkpoints:
        return Checkpoints(
            folder,
            identity,
            every=self.settings.training.checkpoint_every,
            pause=0.0 if self.layout.sweep is None else SWEEP_PAUSE,
            resume=self.resume,
            may_change=may_change,
            signals=signals,
        )


def _is_shorter(patience: int | None, other: JsonValue) -> bool:
    """Return whether a patience is shorter than another; None is the longest."""
    return patience is not None and (other is None or (isinstance(other, int) and patience < other))
