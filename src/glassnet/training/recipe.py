"""The parts of a training built from settings: network, optimizer, schedule, callbacks."""

from typing import Any

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.seeding import stream
from glassnet.training.callbacks import BestWeights, Callback, EarlyStopping, GradientClipping, LearningRateSchedule
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
    own: list[Callback] = [
        LearningRateSchedule(make_schedule(settings, len(loaders[0]))),
        best,
        *([EarlyStopping(training["patience"])] if training["patience"] else []),
        *([GradientClipping(training["max_gradient_norm"])] if training["max_gradient_norm"] else []),
    ]
    history = fit(
        model,
        nn.SoftmaxCrossEntropy(label_smoothing=training["label_smoothing"]),
        make_optimizer(settings["optimizer"], model),
        *loaders,
        epochs=training["epochs"],
        callbacks=[*own, *callbacks],
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
            "max_gradient_norm": None,
            "patience": None,
        },
    }


def make_optimizer(settings: dict[str, Any], model: nn.Module) -> optim.Optimizer:
    """Return the optimizer that the settings name."""
    parameters = model.parameters()
    if settings["name"] == "sgd":
        return optim.SGD(parameters, settings["learning_rate"], settings["momentum"], settings["nesterov"])
    betas = (settings["beta1"], settings["beta2"])
    return optim.Adam(parameters, settings["learning_rate"], betas, settings["eps"])


def make_schedule(settings: dict[str, Any], steps_per_epoch: int) -> optim.Schedule:
    """Return the schedule that the settings name, with its warm-up in front."""
    schedule, learning_rate = settings["schedule"], settings["optimizer"]["learning_rate"]
    warmup = schedule["warmup_epochs"] * steps_per_epoch
    steps = settings["training"]["epochs"] * steps_per_epoch - warmup
    if schedule["name"] == "cosine":
        return optim.with_warmup(optim.cosine(learning_rate, steps, schedule["final_fraction"]), warmup)
    return optim.with_warmup(optim.constant(learning_rate), warmup)
