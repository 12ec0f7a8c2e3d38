"""The one place where the settings of a training become its parts: the plan, and the callbacks of the user's own."""

from collections.abc import Sequence

from glassnet import nn, optim
from glassnet.components import OwnClass, construct, find
from glassnet.config.own_classes import kind_of, own_sections
from glassnet.config.settings import Settings
from glassnet.config.signatures import OwnSection
from glassnet.evaluation import POSITIVE
from glassnet.files import JsonObject
from glassnet.training import Architecture, Callback, Monitor, TrainingPlan, baseline_plan
from glassnet.training.plan import MakeLoss, MakeOptimizer, MakeSchedule, loss_of_task


def training_plan(
    settings: Settings,
    features: int,
    classes: int | None,
    weights: Sequence[float] | None = None,
    positive: int = POSITIVE,
) -> TrainingPlan:
    """Return what the settings of a training stand for.

    Args:
        settings: of the run.
        features: how many the network is given.
        classes: how many it tells apart; None for a regression.
        weights: those of the classes, where the settings ask for some.
        positive: the id of the positive one of two classes.

    Raises:
        ValueError: for a class of one's own that is not there, or a loss or monitored score that is not for this task.
    """
    model, training = settings.model, settings.training
    if (weights is None) != (training.class_weights is None):
        raise ValueError(
            f"training_plan: expected the weights that {training.class_weights!r} is for, received {weights!r}"
        )
    monitor = Monitor(training.monitor, positive)
    try:
        monitor.require_task("regression" if classes is None else "classification")
    except ValueError as error:
        raise ValueError(f"training.{error}") from error
    activation = model.activation
    return TrainingPlan(
        Architecture(
            (features, *model.hidden_sizes, classes or 1),
            OwnClass.from_json(activation.model_dump()) if isinstance(activation, OwnSection) else activation,
            model.dropout,
            model.normalization,
            model.init,
            model.input_scale,
            model.zero_output,
        ),
        _loss(settings, classes, weights),
        _optimizer(settings.optimizer.model_dump()),
        _schedule(settings.schedule.model_dump()),
        warmup_epochs=settings.schedule.warmup_epochs,
        epochs=training.epochs,
        batch_size=training.batch_size,
        l2=training.l2,
        max_gradient_norm=training.max_gradient_norm,
        max_gradient_value=training.max_gradient_value,
        average_decay=training.average_decay,
        patience=training.patience,
        processes=training.processes,
        rate_factors={"b": training.bias_rate_factor, "s": training.scale_rate_factor},
        seed=settings.seed,
        monitor=monitor,
        keeps_last=training.keep == "last",
    )


def plan_of_baseline(settings: Settings, features: int, classes: int | None, rows: int) -> TrainingPlan:
    """Return the plan of the linear baseline, with `rows` to train on."""
    own = settings.training.baseline
    return baseline_plan(
        features, classes, rows, learning_rate=own.learning_rate, epochs=own.epochs, seed=settings.seed
    )


def own_callbacks(settings: Settings) -> list[Callback]:
    """Return the callbacks of the user's own, in the order of their names."""
    sections = {key: section for key, section in own_sections(settings).items() if kind_of(key) == "callback"}
    return [construct(key, section, find(key, section, {}, Callback)) for key, section in sections.items()]


def _optimizer(section: JsonObject) -> MakeOptimizer:
    make = find("optimizer", section, optim.OPTIMIZERS, optim.Optimizer)
    rate = section["learning_rate"]
    return lambda parameters: construct("optimizer", section, make, parameters=parameters, learning_rate=rate)


def _schedule(section: JsonObject) -> MakeSchedule:
    make = find("schedule", section, optim.SCHEDULES, None)

    def made(learning_rate: float, steps: int, steps_per_epoch: int) -> optim.Schedule:
        given = {"learning_rate": learning_rate, "steps": steps, "steps_per_epoch": steps_per_epoch}
        schedule: object = construct("schedule", section, make, **given)
        if not callable(schedule):
            raise ValueError(
                f"schedule: expected {make.__name__} to make a function of the step, received {schedule!r}"
            )
        return schedule

    return made


def _loss(settings: Settings, classes: int | None, weights: Sequence[float] | None) -> MakeLoss:
    """Return what makes the loss that the settings name; where they name none, that of the task."""
    if settings.loss is None:
        return loss_of_task(classes, settings.training.label_smoothing, weights)
    section = settings.loss.model_dump()
    make = find("loss", section, nn.LOSSES, nn.Loss)

    def made() -> nn.Loss:
        loss: nn.Loss = construct("loss", section, make)
        return loss

    loss, tasks = made(), {"accuracy": "classification", "mae": "regression"}
    task = "regression" if classes is None else "classification"
    if tasks.get(loss.score_name, task) != task:
        raise ValueError(f"loss: expected one for {task}, received {loss!r}, for {tasks[loss.score_name]}")
    return made
