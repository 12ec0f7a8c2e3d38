"""The parts of a training built from settings: network, optimizer, schedule, callbacks."""

from typing import Any

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.seeding import stream
from glassnet.training.callbacks import (
    BestWeights,
    Callback,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    WeightAveraging,
)
from glassnet.training.fit import Row, fit
from glassnet.training.model_file import build


def train_network(
    settings: dict[str, Any], train: ArrayDataset, validation: ArrayDataset, classes: int, callbacks: list[Callback]
) -> tuple[nn.Sequential, dict[str, Any], list[Row], BestWeights]:
    """Train the network that the settings describe; its best validation weights are restored.

    Args:
        settings: the sections "model", "optimizer", "schedule", "training" and the "seed", as conf/ has them.
        train: the training split.
        validation: the validation split.
        classes: how many classes there are.
        callbacks: what else to call.

    Returns:
        The model, the architecture that `build` rebuilds it from, the history, and where its weights are from.
    """
    seed, training = settings["seed"], settings["training"]
    model_settings = settings["model"]
    architecture = {
        "sizes": [train.X.shape[1], *model_settings["hidden_sizes"], classes],
        **{key: model_settings[key] for key in ("activation", "dropout", "normalization", "init")},
    }
    model = build(architecture, stream(seed, "init"), stream(seed, "dropout"))
    loaders = (
        DataLoader(train, training["batch_size"], shuffle=True, seed=seed),
        DataLoader(validation, max(training["batch_size"], 1024)),
    )
    best = BestWeights()
    max_norm, max_value = training["max_gradient_norm"], training["max_gradient_value"]
    own: list[Callback] = [
        LearningRateSchedule(*make_schedule(settings, len(loaders[0]))),
        *([WeightAveraging(training["average_decay"])] if training["average_decay"] is not None else []),
        best,
        *([EarlyStopping(training["patience"])] if training["patience"] else []),
        *([GradientClipping(max_norm, max_value=max_value)] if max_norm or max_value else []),
    ]
    history = fit(
        model,
        nn.SoftmaxCrossEntropy(label_smoothing=training["label_smoothing"]),
        make_optimizer(settings["optimizer"], model),
        *loaders,
        epochs=training["epochs"],
        callbacks=[*own, *callbacks],
        penalty=nn.L2Penalty(training["l2"]) if training["l2"] else None,
    )
    return model, architecture, history, best


def baseline_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that train softmax regression as the yardstick for a network with these settings."""
    training, baseline = settings["training"], settings["training"]["baseline"]
    return {
        "seed": settings["seed"],
        "model": {"hidden_sizes": [], "activation": "relu", "dropout": 0.0, "normalization": None, "init": "zeros"},
        "optimizer": {
            "name": "adam",
            "learning_rate": baseline["learning_rate"],
            "beta1": 0.9,
            "beta2": 0.999,
            "eps": 1e-8,
        },
        "schedule": {"name": "constant", "warmup_epochs": 0},
        "training": {
            "epochs": baseline["epochs"],
            "batch_size": training["batch_size"],
            "label_smoothing": 0.0,
            "l2": 0.0,
            "max_gradient_norm": None,
            "max_gradient_value": None,
            "average_decay": None,
            "patience": None,
        },
    }


def make_optimizer(settings: dict[str, Any], model: nn.Module) -> optim.Optimizer:
    """Return the optimizer that the settings name."""
    parameters, learning_rate = model.parameters(), settings["learning_rate"]
    if settings["name"] == "sgd":
        return optim.SGD(parameters, learning_rate, settings["momentum"], settings["nesterov"])
    if settings["name"] == "rmsprop":
        return optim.RMSProp(parameters, learning_rate, settings["beta"], settings["eps"])
    betas = (settings["beta1"], settings["beta2"])
    if settings["name"] == "adamw":
        return optim.AdamW(parameters, learning_rate, betas, settings["eps"], settings["weight_decay"])
    return optim.Adam(parameters, learning_rate, betas, settings["eps"])


def make_schedule(
    settings: dict[str, Any], steps_per_epoch: int
) -> tuple[optim.Schedule, optim.ReduceOnPlateau | None]:
    """Return the schedule that the settings name, with its warm-up in front, and the plateau inside it if it is one."""
    schedule, learning_rate = settings["schedule"], settings["optimizer"]["learning_rate"]
    warmup = schedule["warmup_epochs"] * steps_per_epoch
    steps = settings["training"]["epochs"] * steps_per_epoch - warmup
    plateau: optim.ReduceOnPlateau | None = None
    if schedule["name"] == "step":
        after = optim.step_decay(learning_rate, schedule["every_epochs"] * steps_per_epoch, schedule["factor"])
    elif schedule["name"] == "exponential":
        after = optim.exponential(learning_rate, schedule["every_epochs"] * steps_per_epoch, schedule["factor"])
    elif schedule["name"] == "cosine":
        after = optim.cosine(learning_rate, steps, schedule["final_fraction"])
    elif schedule["name"] == "one_cycle":
        shape = (schedule[key] for key in ("rising_fraction", "start_fraction", "final_fraction"))
        after = optim.one_cycle(learning_rate, steps, *shape)
    elif schedule["name"] == "plateau":
        limits = (schedule[key] for key in ("factor", "patience", "minimum_change", "minimum_rate"))
        after = plateau = optim.ReduceOnPlateau(learning_rate, *limits)
    else:
        after = optim.constant(learning_rate)
    return optim.with_warmup(after, warmup), plateau
