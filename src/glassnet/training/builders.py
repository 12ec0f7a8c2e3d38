"""The parts of a training built from settings: network, optimizer, schedule, callbacks."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import nn, optim
from glassnet.components import construct, find, import_target
from glassnet.data import ArrayDataset, Augmentation, DataLoader
from glassnet.seeding import stream
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
from glassnet.training.model_file import build, own_activation


@dataclass(frozen=True)
class TrainedNetwork:
    """What a training leaves.

    Attributes:
        model: the network with the weights of its best epoch.
        architecture: what `build` rebuilds it from.
        history: one row an epoch.
        best_epoch: where its weights are from, counted from 1.
        score_name: the name of the score in the history, "accuracy" or "mae".
    """

    model: nn.Sequential
    architecture: dict[str, Any]
    history: list[Row]
    best_epoch: int
    score_name: str

    @property
    def chosen(self) -> dict[str, float]:
        """The best epoch with its validation loss and score."""
        row = self.history[self.best_epoch - 1]
        names = {f"best_validation_{name}": row[f"validation_{name}"] for name in ("loss", self.score_name)}
        return {"best_epoch": self.best_epoch, **names}


def train_network(
    settings: dict[str, Any],
    train: ArrayDataset,
    validation: ArrayDataset,
    classes: int | None,
    callbacks: list[Callback],
    augmentation: Augmentation | None = None,
) -> TrainedNetwork:
    """Train the network that the settings describe; its best validation weights are restored.

    Args:
        settings: the sections "model", "optimizer", "schedule", "training" and the "seed", as conf/ has them.
        train: the training split.
        validation: the validation split.
        classes: how many classes there are; None for a regression.
        callbacks: what else to call.
        augmentation: how training batches are changed, if they are.

    Raises:
        ValueError: for training rows of a single class.
    """
    best = BestWeights()
    patience = settings["training"]["patience"]
    stop: list[Callback] = [best, *([EarlyStopping(patience, restore_best_weights=False)] if patience else [])]
    model, architecture, history, score_name = _fit(settings, train, validation, classes, stop, callbacks, augmentation)
    return TrainedNetwork(model, architecture, history, best.epoch, score_name)


def retrain_network(
    settings: dict[str, Any],
    train: ArrayDataset,
    validation: ArrayDataset,
    classes: int | None,
    epochs: int,
    callbacks: list[Callback],
    augmentation: Augmentation | None = None,
) -> nn.Sequential:
    """Return the final network: trained anew on the rows of both splits, for as many epochs as validation has chosen.

    Learning rates follow the schedule of the whole training and end where the choice was made. Both splits are held in
    memory together.
    """
    both = ArrayDataset(np.concatenate([train.X, validation.X]), np.concatenate([train.y, validation.y]))
    return _fit(settings, both, validation, classes, [BestWeights(epoch=epochs)], callbacks, augmentation)[0]


def _fit(
    settings: dict[str, Any],
    train: ArrayDataset,
    validation: ArrayDataset,
    classes: int | None,
    stop: list[Callback],
    callbacks: list[Callback],
    augmentation: Augmentation | None,
) -> tuple[nn.Sequential, dict[str, Any], list[Row], str]:
    """Return the trained network, what `build` rebuilds it from, the history, and the score's name."""
    training = settings["training"]
    model, architecture, loss = make_network(settings, train, classes)
    loaders = make_loaders(settings, train, validation, augmentation)
    max_norm, max_value = training["max_gradient_norm"], training["max_gradient_value"]
    own: list[Callback] = [
        LearningRateSchedule(make_schedule(settings, len(loaders[0]))),
        *([WeightAveraging(training["average_decay"])] if training["average_decay"] is not None else []),
        *stop,
        *([GradientClipping(max_norm, max_value=max_value)] if max_norm or max_value else []),
    ]
    history = fit(
        model,
        loss,
        make_optimizer(settings["optimizer"], model),
        *loaders,
        epochs=training["epochs"],
        callbacks=[*own, *callbacks],
        penalty=make_penalty(settings),
        processes=training["processes"],
    )
    return model, architecture, history, loss.score_name


def make_network(
    settings: dict[str, Any], train: ArrayDataset, classes: int | None
) -> tuple[nn.Sequential, dict[str, Any], nn.Loss]:
    """Return the network with fresh weights, what `build` rebuilds it from, and its loss."""
    model_settings = settings["model"]
    architecture = {
        "sizes": [train.X.shape[1], *model_settings["hidden_sizes"], classes or 1],
        **{key: model_settings[key] for key in ("activation", "dropout", "normalization", "init")},
    }
    own = own_activation(architecture, import_target)
    model = build(architecture, stream(settings["seed"], "init"), stream(settings["seed"], "dropout"), own)
    if classes is not None and len(present := np.unique(train.y)) < 2:
        raise ValueError(f"train: expected training rows of at least two classes, received class {present[0]} alone")
    return model, architecture, make_loss(settings, classes)


def make_loaders(
    settings: dict[str, Any],
    train: ArrayDataset,
    validation: ArrayDataset,
    augmentation: Augmentation | None = None,
) -> tuple[DataLoader, DataLoader]:
    """Return the loaders of the training and the validation split; a batch is never larger than the training split."""
    seed, batch_size = settings["seed"], min(settings["training"]["batch_size"], len(train))
    # BatchNorm cannot standardize a last batch of one example; such an epoch leaves out one row, another each time.
    drop_last = settings["model"]["normalization"] == "batch" and len(train) % batch_size == 1
    return (
        DataLoader(train, batch_size, shuffle=True, seed=seed, drop_last=drop_last, augmentation=augmentation),
        DataLoader(validation, max(batch_size, 1024)),
    )


def make_penalty(settings: dict[str, Any]) -> nn.L2Penalty | None:
    """Return the penalty that the settings ask for, or None."""
    coefficient = settings["training"]["l2"]
    return nn.L2Penalty(coefficient) if coefficient else None


def baseline_settings(settings: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return the settings that train the linear baseline as the yardstick for a network with these settings.

    That is softmax regression, or linear regression: one Dense layer, trained in a way of its own, of which only the
    learning rate and the epochs are settings. An epoch has some 64 batches, of 16 to 512 rows: enough steps for a small
    table, and gradients quiet enough for many rows of many features. The cosine schedule ends at rate 0, where what the
    noise of the last steps did has died away.

    Args:
        settings: the network's.
        rows: how many rows there are to train on.
    """
    baseline = settings["training"]["baseline"]
    return {
        "seed": settings["seed"],
        "model": {"hidden_sizes": [], "activation": "relu", "dropout": 0.0, "normalization": None, "init": "zeros"},
        "optimizer": {"name": "adam", "learning_rate": baseline["learning_rate"]},
        "schedule": {"name": "cosine"},
        "training": {
            "epochs": baseline["epochs"],
            "batch_size": min(rows, max(16, min(512, rows // 64))),
            "label_smoothing": 0.0,
            "l2": 0.0,
            "max_gradient_norm": None,
            "max_gradient_value": None,
            "average_decay": None,
            "patience": None,
            "processes": 1,
        },
    }


def make_optimizer(settings: dict[str, Any], model: nn.Module) -> optim.Optimizer:
    """Return the optimizer that the settings name: one of ours, or a class of one's own."""
    make = find("optimizer", settings, optim.OPTIMIZERS, optim.Optimizer)
    rate = settings["learning_rate"]
    optimizer: optim.Optimizer = construct(
        "optimizer", settings, make, parameters=model.parameters(), learning_rate=rate
    )
    return optimizer


def make_schedule(settings: dict[str, Any], steps_per_epoch: int) -> optim.Schedule:
    """Return the schedule that the settings name, with its warm-up in front."""
    section, rate = settings["schedule"], settings["optimizer"]["learning_rate"]
    warmup = section.get("warmup_epochs", 0) * steps_per_epoch
    steps = settings["training"]["epochs"] * steps_per_epoch - warmup
    make = find("schedule", section, optim.SCHEDULES, None)
    given = {"learning_rate": rate, "steps": steps, "steps_per_epoch": steps_per_epoch}
    schedule = construct("schedule", section, make, **given)
    if not callable(schedule):
        raise ValueError(f"schedule: expected {make.__name__} to make a function of the step, received {schedule!r}")
    return optim.with_warmup(schedule, warmup)


def make_loss(settings: dict[str, Any], classes: int | None) -> nn.Loss:
    """Return the loss that the settings name; where they name none, that of the task."""
    if section := settings.get("loss"):
        loss: nn.Loss = construct("loss", section, find("loss", section, nn.LOSSES, nn.Loss))
        tasks = {"accuracy": "classification", "mae": "regression"}
        task = "regression" if classes is None else "classification"
        if tasks.get(loss.score_name, task) != task:
            raise ValueError(f"loss: expected one for {task}, received {loss!r}, for {tasks[loss.score_name]}")
        return loss
    if classes is None:
        return nn.MeanSquaredError()
    return nn.SoftmaxCrossEntropy(label_smoothing=settings["training"]["label_smoothing"])
