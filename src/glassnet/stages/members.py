"""Trains the members of an ensemble, each on all folds but one of the rows that are not for testing, and joins them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from glassnet.config import Settings, own_callbacks, own_files
from glassnet.evaluation import helpful_temperature
from glassnet.runs import Layout
from glassnet.runs.manifest import Member
from glassnet.stages.augmenting import augmentation_of
from glassnet.stages.classes import ClassChoices
from glassnet.stages.going_on import SavedTraining
from glassnet.stages.run_key import run_identity
from glassnet.tables import PreparedData, TrainedModel, open_folds
from glassnet.training import (
    About,
    Ensemble,
    ModelFile,
    Progress,
    StopSignals,
    TrainedNetwork,
    TrainingDivergedError,
    TrainingPlan,
    train_network,
)
from glassnet.training.train import make_loaders


@dataclass(frozen=True)
class FoldTraining:
    """The training of one member, not begun yet.

    Attributes:
        prepared: its data, of which the fold that it does not learn from is the validation split.
        plan: of the network.
        saved: its checkpoints.
    """

    prepared: PreparedData
    plan: TrainingPlan
    saved: SavedTraining


def folds_of(settings: Settings, layout: Layout, prepared: PreparedData) -> list[PreparedData]:
    """Return the data of each member of the ensemble that the settings ask for; none, if they ask for none.

    Raises:
        ValueError: if there are other test rows beside a fold than beside the single network's data: of the former a
            member may have learnt from the latter.
    """
    if settings.training.ensemble is None:
        return []
    folds = open_folds(settings.data.choice(), settings.training.ensemble, layout.raw if layout.by_dvc else None)
    if any(not np.array_equal(fold.rows("test"), prepared.rows("test")) for fold in folds):
        raise ValueError(
            f"training.ensemble: expected the test rows of {prepared.folder} beside all {len(folds)} folds, received "
            "others; choose another number of folds"
        )
    return folds


def plan_members(settings: Settings, layout: Layout, single: PreparedData) -> list[FoldTraining]:
    """Return the trainings of all members, having found out that each can begin, or go on from where it was.

    Raises:
        UserError: if a saved one may not go on with these settings.
        ValueError: if a class has too few rows for so many folds.
    """
    planned = []
    for number, prepared in enumerate(folds_of(settings, layout, single)):
        train, validation = prepared.split("train"), prepared.split("validation")
        plan = ClassChoices.of(settings, prepared).plan(settings, train.X.shape[1])
        identity = run_identity(settings.describing_the_result(), prepared, own_files(settings))
        saved = SavedTraining(settings, layout, layout.checkpoints / f"fold_{number}", identity)
        saved.look_ahead(plan, len(make_loaders(plan, train, validation)[0]))
        planned.append(FoldTraining(prepared, plan, saved))
    return planned


def train_members(
    settings: Settings, planned: Sequence[FoldTraining], signals: StopSignals
) -> list[tuple[PreparedData, TrainedNetwork]]:
    """Train one network for each fold, one after another.

    Raises:
        TrainingDivergedError: if one diverges; it says of which fold.
    """
    trained = []
    for number, each in enumerate(planned):
        title = f"fold {number + 1} of {len(planned)}"
        callbacks = [*own_callbacks(settings), Progress(title), each.saved.checkpoints(signals)]
        train, validation = each.prepared.split("train"), each.prepared.split("validation")
        try:
            network = train_network(each.plan, train, validation, callbacks, augmentation_of(settings, each.prepared))
        except TrainingDivergedError as error:
            raise TrainingDivergedError(f"{title}: {error.evidence}", error.remedy) from error
        trained.append((each.prepared, network))
    return trained


def joined(
    single: TrainedModel,
    members: Sequence[tuple[PreparedData, TrainedNetwork]],
    settings: Settings,
    classes: ClassChoices,
) -> TrainedModel:
    """Return the ensemble of trained members; without any, the single network.

    The temperature of a classification and its decision come from the rows that are not for testing, each predicted by
    the member that has not learnt from it. The temperature is 1 if it does not help there.
    """
    if not members:
        return single
    files = tuple(
        ModelFile(
            network.model,
            network.architecture,
            prepared.preprocessing,
            prepared.class_names,
            single.about,
            prepared.about["target_scale"],
        )
        for prepared, network in members
    )
    if single.target_scale is not None:
        return Ensemble(**vars(single), members=files)
    validations = [prepared.split("validation") for prepared, _ in members]
    logits = np.concatenate([file.outputs(split.X) for file, split in zip(files, validations, strict=True)])
    y = np.concatenate([np.asarray(split.y) for split in validations])
    fitted = helpful_temperature(y, logits)
    temperature = 1.0 if fitted is None or not fitted.helps else fitted.temperature
    about: About = {**single.about}
    if decision := classes.decision_by(settings, logits / temperature, y):
        about["decision"] = decision
    of_single = single.about.get("decision")
    return Ensemble(
        **{**vars(single), "about": about}, members=files, temperature=temperature, single_decision=of_single
    )


def described(members: Sequence[tuple[PreparedData, TrainedNetwork]]) -> list[Member]:
    """Return what the manifest says of each member."""
    return [
        cast(Member, {"rows": prepared.about["rows"]["train"], "epochs": len(network.history), **network.chosen})
        for prepared, network in members
    ]
