"""Trains the network, and a linear model as its baseline; sees the training and validation splits only."""

import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet.config import (
    Settings,
    flatten,
    named_by,
    own_callbacks,
    own_files,
    plan_of_baseline,
    require_own_classes,
    training_plan,
)
from glassnet.data import Augmentation
from glassnet.diagnostics import Telemetry, sanity_checks, write_telemetry
from glassnet.files import whole_file, write_whole
from glassnet.runs import Layout, alone_in, as_line, run_stage
from glassnet.runs.manifest import RunIdentity, make_way_for, read_manifest
from glassnet.stages.run_key import run_identity
from glassnet.tables import ImagePreprocessing, PreparedData, TrainedModel, load_model, open_prepared
from glassnet.tracking import LiveMetrics, record_run, record_sweep
from glassnet.training import (
    TIMING_COLUMNS,
    About,
    Callback,
    Checkpoints,
    ModelFile,
    Progress,
    Row,
    StopSignals,
    TrainedNetwork,
    TrainingDivergedError,
    TrainingInterruptedError,
    TrainingRun,
    TrainingWarning,
    read_history,
    retrain_network,
    save_model,
    train_network,
    write_history,
)

LOCK = "train.lock"  # beside the checkpoints, held while a process trains there; a sweep holds its whole folder
PATIENCE = 2.0  # seconds: a training that was asked to end may still save its state
SWEEP_PAUSE = 5.0  # seconds between the checkpoints of a job: with many short jobs they would cost more than they save


def main(settings: Settings, layout: Layout, watchers: Sequence[Callback] = ()) -> float:
    """Train, write the models, the history and the run's manifest, and return the best validation loss.

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
    notes = [] if layout.by_dvc else prepared.about["notes"]  # fetch has said them under DVC
    for note in [*notes, *_notes(settings, prepared.about["rows"]["train"])]:
        print(f"train: note: {note}")
    values = settings.describing_the_result()
    identity = run_identity(values, prepared, own_files(settings))
    if _is_finished(settings, layout, identity["key"]):
        return _finish_again(settings, layout, prepared)
    if layout.sweep is not None:  # the manifest, written last, says that the job is finished
        layout.manifest.unlink(missing_ok=True)
    train, validation = prepared.split("train"), prepared.split("validation")
    plan = training_plan(settings, train.X.shape[1], len(prepared.class_names) or None)
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
                _checkpoints(settings, layout, layout.checkpoints, identity, signals),
            ]
            try:
                augmentation = _augmentation(settings, prepared)
                trained = train_network(plan, train, validation, callbacks, augmentation)
                if settings.training.final:
                    saved = _checkpoints(settings, layout, layout.checkpoints / "final", identity, signals)
                    model = retrain_network(plan, train, validation, trained.best_epoch, [saved], augmentation)
                    trained = replace(trained, model=model)
                    rows = len(train) + len(validation)
                    print(f"train: final: trained anew on {rows} rows for {trained.best_epoch} epochs")
            except TrainingInterruptedError as interrupted:
                how = "; training.resume=true goes on" if interrupted.is_saved else ""
                print(f"train: {interrupted}{how}", file=sys.stderr)
                sys.exit(128 + interrupted.signum)
            except Exception as error:
                if isinstance(error, TrainingDivergedError) and error.remedy:
                    error.remedy = "divide optimizer.learning_rate by 10, or set training.max_gradient_norm=1"
                make_way_for(layout, identity["key"])
                manifest = {**identity, "settings": values, "stopped": as_line(error)}
                _write_record(layout, epochs.history, telemetry, manifest)
                raise
        about: About = {"dataset": prepared.about["dataset"], "settings": values, **trained.chosen}
        make_way_for(layout, identity["key"])
        save_model(layout.model, _model_file(trained, prepared, about))
        _write_record(layout, trained.history, telemetry, {**identity, "settings": values, **trained.chosen})
        if layout.sweep is None:  # the jobs of a sweep are compared with each other, on the validation split
            train_baseline(settings, prepared, layout)
    loss = trained.chosen["best_validation_loss"]
    print(
        f"train: best validation loss {loss!r} at epoch {trained.best_epoch} of {len(trained.history)}, "
        f"model in {layout.model}"
    )
    if not layout.by_dvc:
        _finish_standalone_run(settings, layout, prepared)
    return loss


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


def _checkpoints(
    settings: Settings, layout: Layout, folder: Path, identity: RunIdentity, signals: StopSignals
) -> Checkpoints:
    digests = {f"digest of the {name}": identity["digests"][name] for name in ("data", "code")}
    return Checkpoints(
        folder,
        {**flatten(settings.describing_the_result()), **digests},
        every=settings.training.checkpoint_every,
        pause=0.0 if layout.sweep is None else SWEEP_PAUSE,
        resume=settings.training.resume,
        signals=signals,
    )


def _augmentation(settings: Settings, prepared: PreparedData) -> Augmentation | None:
    shift, flip = settings.training.shift, settings.training.flip
    if not (shift or flip):
        return None
    if not isinstance(prepared.preprocessing, ImagePreprocessing):
        raise ValueError(
            f"training.shift, training.flip: expected them unset for a table such as {prepared.about['dataset']}, "
            f"received {shift} and {flip}; only images are augmented"
        )
    background = prepared.preprocessing.background
    return Augmentation(prepared.preprocessing.shape, shift, flip, background, settings.seed)


def _model_file(trained: TrainedNetwork, prepared: PreparedData, about: About) -> TrainedModel:
    return ModelFile(
        trained.model,
        trained.architecture,
        prepared.preprocessing,
        prepared.class_names,
        about,
        prepared.about["target_scale"],
    )


def train_baseline(settings: Settings, prepared: PreparedData, layout: Layout) -> None:
    """Train the linear model on the rows that the network learnt from: for a final one, those of validation too."""
    train, validation = prepared.split("train"), prepared.split("validation")
    plan = plan_of_baseline(settings, train.X.shape[1], len(prepared.class_names) or None, len(train))
    try:
        trained = train_network(plan, train, validation, [Progress("baseline")])
        if settings.training.final:
            trained = replace(trained, model=retrain_network(plan, train, validation, trained.best_epoch, []))
    except TrainingDivergedError as error:
        raise TrainingDivergedError(
            f"the linear baseline, not the network: {error.evidence}; of its settings, the rate is "
            f"training.baseline.learning_rate={settings.training.baseline.learning_rate:g}"
        ) from error
    about: About = {"settings": {"data": settings.data.model_dump()}, "best_epoch": trained.best_epoch}
    save_model(layout.baseline, _model_file(trained, prepared, about))  # with what `predict` asks for


def _write_record(
    layout: Layout, history: Sequence[Row], telemetry: Telemetry | None, manifest: dict[str, Any]
) -> None:
    """Write what happened in the training, whether or not it came to its end: history, telemetry, manifest and curves.

    The curves are for a standalone run: for the pipeline the report stage draws them, for a sweep its own figures.
    """
    if history:
        _write_history(layout, history, manifest["key"])
    with whole_file(layout.telemetry) as part:
        write_telemetry(part, telemetry.rows if telemetry else [])
    write_whole(layout.manifest, json.dumps({**manifest, "epochs": len(history)}, indent=2) + "\n")
    if history and not layout.by_dvc and layout.sweep is None:
        from glassnet.reporting import draw_learning_curves

        layout.figures.mkdir(parents=True, exist_ok=True)
        draw_learning_curves(layout.history, layout.figures / "learning_curves.png")


def _write_history(layout: Layout, history: Sequence[Row], key: str) -> None:
    results = [column for column in history[0] if column not in TIMING_COLUMNS]
    if layout.by_dvc:  # DVC hashes the history, and seconds are never the same twice
        write_history(layout.history, history, results)
        write_history(layout.timing(key), history, ("epoch", *TIMING_COLUMNS))
    else:
        write_history(layout.history, history, history[0])


def _finish_standalone_run(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    """Finish a run that no later stage will, and record it."""
    if layout.sweep is not None:  # the sweep has figures of its own
        _record_job(settings, layout, prepared)
        return
    if settings.training.final:  # nothing is chosen after this, so that the test split may be opened: once, here
        from glassnet.stages import evaluate, report

        evaluate.main(settings, layout)
        report.main(settings, layout)
        return
    record_run(settings, layout, prepared)


def _is_finished(settings: Settings, layout: Layout, key: str) -> bool:
    """Return whether this job of a sweep was done before, by the same settings, data and code, and is whole still."""
    if layout.sweep is None or not layout.manifest.is_file():
        return False
    try:
        manifest = read_manifest(layout)
        if manifest["key"] != key or "stopped" in manifest:
            return False
        load_model(layout.model, named_by(settings))
        if (epochs := len(read_history(layout.history))) != manifest["epochs"]:
            raise ValueError(f"{layout.history}: expected {manifest['epochs']} epochs, received {epochs}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"train: note: what was finished before is damaged, and trained again: {as_line(error)}")
        return False
    return True


def _finish_again(settings: Settings, layout: Layout, prepared: PreparedData) -> float:
    """Record a job that a restarted sweep need not train again."""
    print("train: finished before, not trained again")
    _record_job(settings, layout, prepared)
    return read_manifest(layout)["best_validation_loss"]


def _record_job(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    run_id = record_run(settings, layout, prepared)
    write_whole(layout.recorded, json.dumps({"run_id": run_id}) + "\n")


def finish_sweep(folder: Path) -> None:
    """Write the table and the figures of a sweep, and record them in the tracking store."""
    from glassnet.reporting import write_experiment

    files = write_experiment(folder)
    print((folder / "experiment.md").read_text(encoding="utf-8"))
    recorded = record_sweep(folder, files)
    if recorded is not None:
        parent, shown_by = recorded
        print(f"train: the sweep is MLflow run {parent}, its jobs are below it; {shown_by} shows them")


if __name__ == "__main__":
    run_stage("train", main, finish_sweep)
