"""Trains the network, and a linear model as its baseline; sees the training and validation splits only."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import cast

from glassnet.config import (
    Settings,
    own_callbacks,
    own_files,
    plan_of_baseline,
    require_own_classes,
)
from glassnet.data import ArrayDataset
from glassnet.diagnostics import Telemetry, sanity_checks
from glassnet.runs import Layout, alone_in, as_line, run_stage
from glassnet.runs.manifest import Manifest, learnt_target, make_way_for
from glassnet.stages.augmenting import augmentation_of
from glassnet.stages.beforehand import require_trainable
from glassnet.stages.classes import ClassChoices
from glassnet.stages.going_on import SavedTraining
from glassnet.stages.members import described, joined, plan_members, train_members
from glassnet.stages.run_key import run_identity
from glassnet.stages.trained import finish_again, finish_standalone_run, finish_sweep, is_finished, write_record
from glassnet.stages.verdict import verdict
from glassnet.tables import PreparedData, TrainedModel, open_prepared
from glassnet.tables.suspicions.suspicion import as_notes
from glassnet.tracking import LiveMetrics
from glassnet.training import (
    About,
    Callback,
    Ensemble,
    ModelFile,
    Progress,
    Row,
    StopSignals,
    TrainedNetwork,
    TrainingDivergedError,
    TrainingInterruptedError,
    TrainingRun,
    TrainingWarning,
    retrain_network,
    save_model,
    train_network,
)
from glassnet.training.train import make_loaders

LOCK = "train.lock"  # beside the checkpoints, held while a process trains there; a sweep holds its whole folder
PATIENCE = 2.0  # seconds: a training that was asked to end may still save its state


def main(settings: Settings, layout: Layout, watchers: Sequence[Callback] = ()) -> float:
    """Train, write the models, the history and the run's manifest, and return the best validation loss.

    Of another monitored score it is what `training.minimized` makes of it, so that less is always better.

    Args:
        settings: of the run.
        layout: of its files.
        watchers: what else to call while it trains.

    Raises:
        UserError: if another process trains in the same folder; both would write the same files.
    """
    alone = alone_in(layout.checkpoints, LOCK, "training", PATIENCE) if layout.sweep is None else nullcontext()
    with alone, _warnings_as_lines():
        return _train(settings, layout, watchers)


def _train(settings: Settings, layout: Layout, watchers: Sequence[Callback]) -> float:
    require_own_classes(settings)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    notes = [] if layout.by_dvc else prepared.about["notes"]  # fetch and prepare have said them under DVC
    if not layout.by_dvc:
        notes = [*notes, *as_notes(prepared.about.get("suspicions", []), notes)]
    for note in [*notes, *_notes(settings, prepared.about["rows"]["train"])]:
        print(f"train: note: {note}")
    values = settings.describing_the_result()
    identity = run_identity(values, prepared, own_files(settings))
    if is_finished(settings, layout, identity["key"]):
        return finish_again(settings, layout, prepared)
    if layout.sweep is not None:  # the manifest, written last, says that the job is finished
        layout.manifest.unlink(missing_ok=True)
    train, validation = prepared.split("train"), prepared.split("validation")
    classes = ClassChoices.of(settings, prepared)
    plan = classes.plan(settings, train.X.shape[1])
    saved = SavedTraining(settings, layout, layout.checkpoints, identity)
    saved.look_ahead(plan, len(make_loaders(plan, train, validation)[0]))
    identity = saved.identity
    planned = plan_members(settings, layout, prepared)
    of_run: dict[str, object] = {**identity, "settings": values}
    if saved.went_on:
        of_run["went_on"] = saved.went_on
    if prepared.task == "regression":
        print(f"train: losses and errors are of {learnt_target(values)}", flush=True)
    if settings.training.sanity:
        for line in sanity_checks(plan, train):
            print(f"train: sanity: {line}", flush=True)
    telemetry = Telemetry(settings.training.telemetry_every) if settings.training.telemetry_every else None
    epochs = _Epochs()
    live = LiveMetrics(settings, identity["key"], layout) if settings.tracking.name == "mlflow" else None
    with live or nullcontext():
        with StopSignals() as signals:
            callbacks: list[Callback] = [watcher for watcher in (telemetry, live) if watcher is not None]
            callbacks += [
                epochs,
                *watchers,
                *own_callbacks(settings),
                Progress("train"),
                saved.checkpoints(signals),
            ]
            try:
                augmentation = augmentation_of(settings, prepared)
                trained = train_network(plan, train, validation, callbacks, augmentation)
                decision = classes.decision(settings, trained.model, validation, settings.training.label_smoothing)
                if settings.training.final:
                    best, final = trained.best_epoch, saved.checkpoints_of_final(trained.best_epoch, signals)
                    network = retrain_network(plan, train, validation, best, [final], augmentation)
                    trained = replace(trained, model=network)
                    rows = len(train) + len(validation)
                    print(f"train: final: trained anew on {rows} rows for {trained.best_epoch} epochs")
                members = train_members(settings, planned, signals)
            except TrainingInterruptedError as interrupted:
                how = "; training.resume=true goes on" if interrupted.is_saved else ""
                print(f"train: {interrupted}{how}", file=sys.stderr)
                sys.exit(128 + interrupted.signum)
            except Exception as error:
                if isinstance(error, TrainingDivergedError) and error.remedy:
                    error.remedy = "divide optimizer.learning_rate by 10, or set training.max_gradient_norm=1"
                make_way_for(layout, identity["key"])
                known = {**of_run, "stopped": as_line(error), "epochs": len(epochs.history)}
                write_record(layout, epochs.history, telemetry, cast(Manifest, known))
                raise
        about = cast(About, {"dataset": prepared.about["dataset"], "settings": values, **trained.chosen})
        if decision is not None:
            about["decision"] = decision
        make_way_for(layout, identity["key"])
        model = joined(_model_file(trained, prepared, about), members, settings, classes)
        save_model(layout.model, model)
        if members:
            of_run["members"] = described(members)
        manifest = {**of_run, **trained.chosen, "epochs": len(trained.history)}
        write_record(layout, trained.history, telemetry, cast(Manifest, manifest))
        if layout.sweep is None:  # the jobs of a sweep are compared with each other, on the validation split
            train_baseline(settings, prepared, layout, train, validation)
    name = f"best_validation_{trained.monitor}"
    said = name.removeprefix("best_") if plan.keeps_last else name
    print(
        f"train: {said.replace('_', ' ')} {dict(trained.chosen)[name]!r} at epoch {trained.best_epoch} of "
        f"{len(trained.history)}, model in {layout.model}"
    )
    if isinstance(model, Ensemble):
        print(f"train: that is the single network; the model is {len(members)} others, averaged", end="")
        print(f" with a temperature of {model.temperature:.3g}" if model.temperature != 1 else "")
    decided_on = "rows that a member has not learnt from" if members else "the validation rows"
    if line := classes.describe(model.about.get("decision"), decided_on):
        print(f"train: decision: {line}")
    if layout.sweep is None:
        for line in verdict(settings, trained, telemetry, validation):
            print(f"train: diagnosis: {line}")
    if not layout.by_dvc:
        finish_standalone_run(settings, layout, prepared)
    return trained.minimized


def _notes(settings: Settings, rows: int) -> Iterator[str]:
    """Yield what is allowed, but hardly what the user wants, with `rows` training rows."""
    training, schedule = settings.training, settings.schedule
    if rows < training.batch_size:
        yield f"training.batch_size={training.batch_size} is more than the {rows} training rows; a batch is all of them"
    if training.processes > (cores := os.cpu_count() or 1):
        yield f"training.processes={training.processes} is more than the {cores} cores there are, and slower"
    patience = getattr(schedule, "patience", None)
    if isinstance(patience, int) and training.patience and training.patience <= patience:
        yield (
            f"training.patience={training.patience} ends the training before schedule.patience={patience} "
            "epochs without a fall lower the rate; set it higher"
        )


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print what the library warns of in one line each, without the place in its code."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print(f"train: note: {str(message).removeprefix('fit: ')}", flush=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", TrainingWarning)
        warnings.showwarning = show
        yield


class _Epochs(Callback):
    """Holds on to the history of the finished epochs, which an error in a later one would take with it."""

    history: Sequence[Row] = ()

    def on_train_begin(self, run: TrainingRun) -> None:
        """Take hold of it."""
        self.history = run.history


def _model_file(trained: TrainedNetwork, prepared: PreparedData, about: About) -> TrainedModel:
    return ModelFile(
        trained.model,
        trained.architecture,
        prepared.preprocessing,
        prepared.class_names,
        about,
        prepared.about["target_scale"],
    )


def train_baseline(
    settings: Settings, prepared: PreparedData, layout: Layout, train: ArrayDataset, validation: ArrayDataset
) -> None:
    """Train the linear model on the rows that the network learnt from: for a final one, those of validation too."""
    plan = plan_of_baseline(settings, train.X.shape[1], len(prepared.class_names) or None, len(train))
    classes = ClassChoices.of(settings, prepared)
    try:
        trained = train_network(plan, train, validation, [Progress("baseline")])
        decision = classes.decision(settings, trained.model, validation, 0.0)
        if settings.training.final:
            trained = replace(trained, model=retrain_network(plan, train, validation, trained.best_epoch, []))
    except TrainingDivergedError as error:
        raise TrainingDivergedError(
            f"the linear baseline, not the network: {error.evidence}; of its settings, the rate is "
            f"training.baseline.learning_rate={settings.training.baseline.learning_rate:g}"
        ) from error
    about: About = {"settings": {"data": settings.data.model_dump()}, "best_epoch": trained.best_epoch}
    if decision is not None:
        about["decision"] = decision
    save_model(layout.baseline, _model_file(trained, prepared, about))  # with what `predict` asks for


if __name__ == "__main__":
    run_stage("train", main, finish_sweep, require_trainable)
