"""Trains the network of a plan: with a validation split that chooses the epoch, or on all rows up to a chosen one."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from glassnet import nn, optim
from glassnet.data import ArrayDataset, Augmentation, DataLoader
from glassnet.seeding import stream
from glassnet.training.architecture import Architecture
from glassnet.training.callbacks import (
    BestWeights,
    Callback,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    WeightAveraging,
)
from glassnet.training.fit import fit
from glassnet.training.history_file import Row
from glassnet.training.model_file import Chosen
from glassnet.training.monitor import minimized
from glassnet.training.plan import TrainingPlan


@dataclass(frozen=True)
class TrainedNetwork:
    """What a training leaves.

    Attributes:
        model: the network with the weights of its best epoch, or of the last, if the plan keeps that.
        architecture: what it is built from.
        history: one row an epoch.
        best_epoch: where its weights are from, counted from 1.
        score_name: the name of the score in the history, "accuracy" or "mae".
        monitor: the name of the score that chose the epoch.
    """

    model: nn.Sequential
    architecture: Architecture
    history: list[Row]
    best_epoch: int
    score_name: str
    monitor: str = "loss"

    @property
    def chosen(self) -> Chosen:
        """The best epoch with its validation loss, score, and monitored score."""
        row = self.history[self.best_epoch - 1]
        names = ("loss", self.score_name, self.monitor)
        scores = {f"best_validation_{name}": row[f"validation_{name}"] for name in names}
        return cast(Chosen, {"best_epoch": self.best_epoch, **scores})

    @property
    def minimized(self) -> float:
        """What the monitored score of the best epoch comes to, where lower is better."""
        return minimized(self.monitor, self.history[self.best_epoch - 1][f"validation_{self.monitor}"])


def train_network(
    plan: TrainingPlan,
    train: ArrayDataset,
    validation: ArrayDataset,
    callbacks: list[Callback],
    augmentation: Augmentation | None = None,
) -> TrainedNetwork:
    """Train the network of a plan; its best validation weights are restored, unless the plan keeps the last ones.

    Args:
        plan: what the training is made of.
        train: the training split.
        validation: the validation split.
        callbacks: what else to call.
        augmentation: how training batches are changed, if they are.

    Raises:
        ValueError: for training rows of a single class.
    """
    best = BestWeights()
    stop = [
        *([] if plan.keeps_last else [best]),
        *([EarlyStopping(plan.patience, restore_best_weights=False)] if plan.patience else []),
    ]
    model, history, score_name = _fit(plan, train, validation, [*stop, *_clipping(plan), *callbacks], augmentation)
    kept = len(history) if plan.keeps_last else best.epoch
    return TrainedNetwork(model, plan.architecture, history, kept, score_name, plan.monitor.name)


def retrain_network(
    plan: TrainingPlan,
    train: ArrayDataset,
    validation: ArrayDataset,
    epochs: int,
    callbacks: list[Callback],
    augmentation: Augmentation | None = None,
) -> nn.Sequential:
    """Return the final network: trained anew on the rows of both splits, for as many epochs as validation has chosen.

    Learning rates follow the schedule of the whole training and end where the choice was made. Both splits are held in
    memory together.
    """
    both = ArrayDataset(np.concatenate([train.X, validation.X]), np.concatenate([train.y, validation.y]))
    stop = BestWeights(epoch=epochs)
    return _fit(plan, both, validation, [stop, *_clipping(plan), *callbacks], augmentation)[0]


def _fit(
    plan: TrainingPlan,
    train: ArrayDataset,
    validation: ArrayDataset,
    callbacks: list[Callback],
    augmentation: Augmentation | None,
) -> tuple[nn.Sequential, list[Row], str]:
    """Return the trained network, its history, and the score's name."""
    model, loss = make_network(plan, train)
    train_loader, validation_loader = make_loaders(plan, train, validation, augmentation)
    optimizer = plan.optimizer(model.parameters())
    schedule = LearningRateSchedule(make_schedule(plan, optimizer.learning_rate, len(train_loader)))
    averaging = [WeightAveraging(plan.average_decay)] if plan.average_decay is not None else []
    history = fit(
        model,
        loss,
        optimizer,
        train_loader,
        validation_loader,
        epochs=plan.epochs,
        callbacks=[schedule, *averaging, *callbacks],
        penalty=nn.L2Penalty(plan.l2) if plan.l2 else None,
        processes=plan.processes,
        monitor=plan.monitor,
    )
    return model, history, loss.score_name


def _clipping(plan: TrainingPlan) -> list[GradientClipping]:
    max_norm, max_value = plan.max_gradient_norm, plan.max_gradient_value
    return [GradientClipping(max_norm, max_value=max_value)] if max_norm or max_value else []


def make_network(plan: TrainingPlan, train: ArrayDataset) -> tuple[nn.Sequential, nn.Loss]:
    """Return the network of a plan with fresh weights, and its loss.

    Raises:
        ValueError: for training rows of a single class.
    """
    model = plan.architecture.build(stream(plan.seed, "init"), stream(plan.seed, "dropout"))
    for parameter in model.parameters():
        parameter.rate_factor = plan.rate_factors.get(parameter.name, 1.0)
    if plan.architecture.classes is not None and len(present := np.unique(train.y)) < 2:
        raise ValueError(f"train: expected training rows of at least two classes, received class {present[0]} alone")
    loss = plan.loss()
    if isinstance(loss, nn.AdjustedCrossEntropy):
        last = model.layers[-1]
        assert isinstance(last, nn.Dense)  # noqa: S101  # as in every architecture
        last.b.data -= loss.log_weights.astype(last.b.data.dtype)  # even answers, whatever the weights
    return model, loss


def make_loaders(
    plan: TrainingPlan, train: ArrayDataset, validation: ArrayDataset, augmentation: Augmentation | None = None
) -> tuple[DataLoader, DataLoader]:
    """Return the loaders of the training and the validation split; a batch is never larger than the training split."""
    batch_size = min(plan.batch_size, len(train))
    # BatchNorm cannot standardize a last batch of one example; such an epoch leaves out one row, another each time.
    drop_last = plan.architecture.normalization == "batch" and len(train) % batch_size == 1
    return (
        DataLoader(train, batch_size, shuffle=True, seed=plan.seed, drop_last=drop_last, augmentation=augmentation),
        DataLoader(validation, max(batch_size, 1024)),
    )


def make_schedule(plan: TrainingPlan, learning_rate: float, steps_per_epoch: int) -> optim.Schedule:
    """Return the schedule of a plan, with its warm-up in front: it starts from the rate that the optimizer has."""
    warmup = plan.warmup_epochs * steps_per_epoch
    steps = plan.epochs * steps_per_epoch - warmup
    return optim.with_warmup(plan.schedule(learning_rate, steps, steps_per_epoch), warmup)
