"""Puts a trained run under glass: trains again as it did, records each step to be shown, and writes reports/look.html.

Nothing of it was stored in training. The same settings, data and seed give the same weights, which is checked, so that
the page costs one training more, and only for who wants it.
"""

import math
import warnings

import numpy as np

from glassnet.config import (
    Settings,
    UserError,
    data_set_name,
    named_by,
    own_callbacks,
    own_files,
    require_own_classes,
)
from glassnet.data import ArrayDataset
from glassnet.diagnostics import Recording, look, read_telemetry, training_of
from glassnet.files import write_whole
from glassnet.reporting import setup_of
from glassnet.runs import (
    Layout,
    as_job_of_sweep,
    require_data_of_run,
    require_settings_of_run,
    run_stage,
)
from glassnet.runs.manifest import Manifest, read_manifest
from glassnet.stages.augmenting import augmentation_of
from glassnet.stages.classes import ClassChoices
from glassnet.stages.run_key import run_identity
from glassnet.tables import PreparedData, load_model, open_prepared
from glassnet.tracking import record_run
from glassnet.training import (
    TIMING_COLUMNS,
    Progress,
    Row,
    TrainedNetwork,
    TrainingPlan,
    TrainingWarning,
    read_history,
    train_network,
)

FRAMES = 20  # recorded epochs, about


def main(settings: Settings, layout: Layout) -> None:
    """Record the training of the run once more, check that it comes to the same, and write the page."""
    layout = as_job_of_sweep(layout)
    require_settings_of_run(settings, layout)
    require_own_classes(settings)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    require_data_of_run(layout, prepared.digest)
    manifest = read_manifest(layout)
    if "went_on" in manifest:
        raise UserError(
            f"{layout.manifest}: expected a training from the start, received one that went on with other settings "
            f"after epoch {manifest['went_on'][-1]['after_epoch']}, which cannot be repeated; train without "
            "training.resume"
        )
    if layout.by_dvc:
        _require_run_of_now(settings, layout, prepared, manifest)
    history = read_history(layout.history)
    plan = ClassChoices.of(settings, prepared).plan(settings, prepared.split("train").X.shape[1])
    recording = Recording(max(1, math.ceil(len(history) / FRAMES)))
    trained = _train_again(settings, prepared, plan, recording, history)
    _require_the_same(settings, layout, trained, history)
    validation = prepared.split("validation")
    training = training_of(
        history,
        read_telemetry(layout.telemetry),
        setup_of(manifest["settings"]),
        plan.architecture.classes,
        best_epoch=trained.best_epoch,
        validation_targets=np.asarray(validation.y),
    )
    chosen = ", the training that chose the epoch" if settings.training.final else ""
    if settings.training.ensemble is not None:
        chosen = ", the single network beside the ensemble"
    page = look(
        trained.model,
        plan.loss(),
        np.array(validation.X[:1]),
        np.array(validation.y[:1]),
        recording=recording,
        training=training,
        class_names=prepared.class_names,
        feature_names=prepared.preprocessing.feature_names,
        image_shape=prepared.image_shape,
        title=f"{data_set_name(settings.data.name, str(settings.data.path))}{chosen}",
        note=f"Run {manifest['key']}",
    )
    layout.look.parent.mkdir(parents=True, exist_ok=True)
    write_whole(layout.look, page)
    print(f"look: {layout.look}, {len(page.encode()) / 1e6:.1f} MB; epochs {', '.join(map(str, recording.epochs))}")
    record_run(settings, layout, prepared)


def _require_run_of_now(settings: Settings, layout: Layout, prepared: PreparedData, manifest: Manifest) -> None:
    """Raise a `UserError` unless the pipeline's run is one of the settings, data and code as they are now."""
    key = run_identity(settings.describing_the_result(), prepared, own_files(settings))["key"]
    if manifest["key"] != key:
        raise UserError(
            f"{layout.manifest}: expected the run of the settings, data and code as they are now (key {key}), received "
            f"another one ({manifest['key']}); run `dvc repro`, then look again"
        )


def _train_again(
    settings: Settings, prepared: PreparedData, plan: TrainingPlan, recording: Recording, history: list[Row]
) -> TrainedNetwork:
    train, validation = prepared.split("train"), prepared.split("validation")
    took = sum(row.get("seconds", 0.0) for row in history)
    print(
        f"look: trains again as the run did, {len(history)} epochs of {len(train)} rows"
        f"{f' in {took:.2g} s' if took else ''}, to see each step",
        flush=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # the run has said them
        return train_network(
            plan,
            ArrayDataset(train.X, train.y),
            validation,
            [*own_callbacks(settings), recording, Progress("look")],
            augmentation_of(settings, prepared),
        )


def _require_the_same(settings: Settings, layout: Layout, trained: TrainedNetwork, history: list[Row]) -> None:
    """Raise a `UserError` unless the training came to what the run has: its curves and, bit for bit, its weights."""
    remedy = "other code, versions or machine; train again, then look"
    for row, again in zip(history, trained.history, strict=False):
        differing = [name for name in row if name not in TIMING_COLUMNS and row[name] != again.get(name)]
        if differing:
            name = differing[0]
            raise UserError(
                f"{layout.history}: expected {name} {row[name]!r} in epoch {row['epoch']:.0f}, as the run has it, "
                f"received {again.get(name)!r}: {remedy}"
            )
    if len(history) != len(trained.history):
        raise UserError(f"{layout.history}: expected {len(history)} epochs, received {len(trained.history)}: {remedy}")
    if settings.training.final:
        return  # the model learnt from the validation rows too; the curves are those of the training that chose
    saved = load_model(layout.model, named_by(settings)).model.state_dict()
    for name, array in trained.model.state_dict().items():
        if array.tobytes() != saved[name].tobytes():
            raise UserError(f"{layout.model}: expected {name} as the run has it, received other values: {remedy}")


if __name__ == "__main__":
    run_stage("look", main)
