"""The typed settings: every key, its type and its range."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from glassnet import nn, optim
from glassnet.config.added_later import without_defaults
from glassnet.config.data_settings import AnyData
from glassnet.config.evaluation_settings import ClassWeights, EvaluationSettings
from glassnet.config.fields import (
    MOST,
    Count,
    HalfOpenFraction,
    NotNegative,
    NotNegativeCount,
    Positive,
    Section,
)
from glassnet.config.signatures import OURS, OWN, REFUSED, OneOrSeveral, OwnSection, choice_of, kind_of
from glassnet.files import JsonObject, JsonValue
from glassnet.training import MONITORS


class OptimizerSettings(Section):
    """What every optimizer has; the rest follows from the signature of each.

    Attributes:
        learning_rate: how long a step is, before the schedule.
    """

    name: str
    learning_rate: Positive


class OwnOptimizerSettings(OwnSection):
    """An optimizer of one's own; the rate is the schedule's too."""

    learning_rate: Positive


def _without_rate(section: Any) -> Any:
    """Refuse a second learning rate: a schedule starts from that of the optimizer."""
    if isinstance(section, dict) and "learning_rate" in section:
        rate = section["learning_rate"]
        message = f"expected no learning_rate of its own, received {rate!r}; set optimizer.learning_rate"
        raise PydanticCustomError(REFUSED, "{said}", {"said": message})
    return section


class ScheduleSettings(Section):
    """What every schedule has, a warm-up of so many epochs; the rest follows from the signature of each.

    Attributes:
        warmup_epochs: over how many epochs the rate rises evenly to that of the optimizer, before the schedule begins.
    """

    name: str
    warmup_epochs: NotNegativeCount

    _rate = model_validator(mode="before")(_without_rate)


class OwnScheduleSettings(OwnSection):
    """A schedule of one's own, after a warm-up of so many epochs."""

    warmup_epochs: NotNegativeCount = 0

    _rate = model_validator(mode="before")(_without_rate)


class LossSettings(Section):
    """A loss other than the one that the task has."""

    name: str


if TYPE_CHECKING:
    AnyActivation: TypeAlias = str | OwnSection
    AnyOptimizer: TypeAlias = OptimizerSettings | OwnOptimizerSettings
    AnySchedule: TypeAlias = ScheduleSettings | OwnScheduleSettings
    AnyLoss: TypeAlias = LossSettings | OwnSection
    AnyCallback: TypeAlias = OwnSection | dict[str, OwnSection]
    Monitored: TypeAlias = str
else:
    AnyActivation = Annotated[
        Annotated[Literal[tuple(nn.ACTIVATIONS)], Tag(OURS)] | Annotated[OwnSection, Tag(OWN)], Discriminator(kind_of)
    ]
    AnyOptimizer = choice_of(optim.OPTIMIZERS, OptimizerSettings, OwnOptimizerSettings, tried=True)
    AnySchedule = choice_of(optim.SCHEDULES, ScheduleSettings, OwnScheduleSettings)
    AnyLoss = choice_of(nn.LOSSES, LossSettings, OwnSection, tried=True)
    AnyCallback = OneOrSeveral
    Monitored = Literal[tuple(MONITORS)]


class ModelSettings(Section):
    """The network: a multilayer perceptron; without hidden sizes it is softmax regression.

    Attributes:
        hidden_sizes: the units of each hidden layer, that of the input first.
        activation: what each hidden layer applies to its sums.
        dropout: which fraction of the hidden units training silences at each step.
        normalization: what stands in front of each activation, if anything.
        init: the rule that draws the first weights.
        input_scale: whether each feature is multiplied by a factor that is learnt, in front of the first layer.
        zero_output: whether the weights of the last layer start at zero.
    """

    name: Literal["mlp", "softmax"]
    hidden_sizes: list[Count]
    activation: AnyActivation
    dropout: HalfOpenFraction
    normalization: Literal["batch", "layer"] | None
    init: Literal["he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "local", "ntk", "zeros"]
    input_scale: bool = False
    zero_output: bool = False


class BaselineSettings(Section):
    """How softmax regression is trained; apart from the network's settings, so that it stays the same yardstick.

    Attributes:
        learning_rate: that of the linear baseline.
        epochs: how long it is trained.
    """

    learning_rate: Positive
    epochs: Count


class TrainingSettings(Section):
    """The training loop.

    Attributes:
        epochs: how often the training goes through its rows at most.
        batch_size: how many rows a step sees.
        max_gradient_norm: null, or the norm to which a longer gradient is scaled, all parameters together.
        max_gradient_value: null, or the value at which each entry of a gradient is cut off.
        flip: images alone: whether half of them, drawn anew in each epoch, are mirrored; in training only.
        bias_rate_factor: by what the learning rate of the biases is multiplied.
        scale_rate_factor: by what the learning rate of the scales of features is multiplied.
    """

    name: Literal["default"]
    epochs: Count
    batch_size: Count
    class_weights: ClassWeights = None
    label_smoothing: HalfOpenFraction
    l2: NotNegative
    max_gradient_norm: Positive | None
    max_gradient_value: Positive | None
    average_decay: HalfOpenFraction | None
    monitor: Monitored = "loss"
    keep: Literal["best", "last"] = "best"
    patience: Count | None
    shift: NotNegativeCount
    flip: bool
    final: bool = False
    ensemble: Annotated[int, Field(ge=2, le=MOST)] | None = None
    processes: Count = 1
    bias_rate_factor: Positive = 1.0
    scale_rate_factor: Positive = 1.0
    telemetry_every: Count | None
    checkpoint_every: Count | None
    resume: bool
    sanity: bool
    baseline: BaselineSettings


class TrackingSettings(Section):
    """Whether and where MLflow keeps the run.

    Attributes:
        name: whether runs are kept at all.
        experiment: the name in MLflow under which they are.
    """

    name: Literal["mlflow", "none"]
    experiment: Annotated[str, Field(min_length=1, max_length=256)]  # as long as MLflow's tables take
    uri: str | None
    sweep_models: bool = False


class ImproveSettings(Section):
    """How many trainings the pipeline spends on trying improvements; none, unless it is asked to."""

    trainings: NotNegativeCount = 0


class Settings(Section):
    """All settings of a run, as conf/ composes them and params.yaml holds them.

    Attributes:
        callback: null, or a class of one's own in a file of conf/callback.
        activation: null, or a class of one's own in a file of conf/activation, in place of `model.activation`.
        seed: the one from which first weights, order of the rows, dropout and augmentation are drawn.
    """

    data: AnyData
    model: ModelSettings
    optimizer: AnyOptimizer
    schedule: AnySchedule
    loss: AnyLoss | None = None
    callback: Annotated[AnyCallback | None, BeforeValidator(lambda value: None if value == {} else value)] = None
    activation: OwnSection | None = None  # the choice in conf/activation; it is that of the model
    training: TrainingSettings
    tracking: TrackingSettings
    improve: ImproveSettings = ImproveSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    about: str
    conf_digest: str
    settings_digest: str
    left_behind: list[str] | None = None
    by_hand: str | None = None
    ablation: str | None = None
    seed: NotNegativeCount

    @model_validator(mode="before")
    @classmethod
    def _activation_is_of_the_model(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("activation") and isinstance(values.get("model"), dict):
            values = {**values, "model": {**values["model"], "activation": values["activation"]}}
        return values

    @model_validator(mode="after")
    def _warmup_ends(self) -> "Settings":
        if self.schedule.warmup_epochs >= self.training.epochs:
            raise ValueError(
                f"schedule.warmup_epochs: expected a number below training.epochs ({self.training.epochs}), received "
                f"{self.schedule.warmup_epochs}"
            )
        return self

    @model_validator(mode="after")
    def _last_epoch_is_not_chosen(self) -> "Settings":
        if self.training.keep == "last" and self.training.patience is not None:
            raise ValueError(
                "training.patience: expected null with training.keep=last, since validation rows that end a training "
                f"choose its last epoch, received {self.training.patience}; set it to null"
            )
        return self

    @model_validator(mode="after")
    def _final_needs_no_validation(self) -> "Settings":
        name = self.schedule.name
        if self.training.final and hasattr(optim.SCHEDULES.get(name), "observe"):
            raise ValueError(
                f"schedule: expected one other than {name}, which needs a validation split, with training.final=true, "
                f"received {name!r}"
            )
        return self

    @model_validator(mode="after")
    def _ensemble_has_the_folds(self) -> "Settings":
        members = self.training.ensemble
        if members and self.training.final:
            raise ValueError(
                f"training.final: expected false with training.ensemble={members}, whose members have learnt from all "
                "rows but the test split's already, received true; set one of them"
            )
        if members and self.data.folds is not None:
            raise ValueError(
                f"data.folds: expected null with training.ensemble={members}, which makes the folds, received "
                f"{self.data.folds}; set one of them"
            )
        return self

    @model_validator(mode="after")
    def _one_way_to_shrink_weights(self) -> "Settings":
        decay = getattr(self.optimizer, "weight_decay", 0)
        if decay and self.training.l2:
            raise ValueError(
                "expected training.l2 or optimizer.weight_decay above 0, not both, received "
                f"{self.training.l2:g} and {decay}; set one of them to 0"
            )
        return self

    @model_validator(mode="after")
    def _smoothing_has_its_loss(self) -> "Settings":
        if self.loss is not None and self.training.label_smoothing:
            raise ValueError(
                f"training.label_smoothing: expected 0 with loss={self.loss.name}, which it is no part of, received "
                f"{self.training.label_smoothing:g}"
            )
        return self

    @model_validator(mode="after")
    def _weights_have_their_loss(self) -> "Settings":
        if self.loss is not None and self.training.class_weights is not None:
            raise ValueError(
                f"training.class_weights: expected null with loss={self.loss.name}, which takes none, received "
                f"{self.training.class_weights!r}"
            )
        return self

    def describing_the_result(self) -> JsonObject:
        """Return the settings that a result depends on: not where it is tracked, how it is run."""
        of_the_file = ("about", "conf_digest", "settings_digest", "left_behind", "by_hand", "ablation")
        unset = [name for name in ("loss", "callback") if getattr(self, name) is None]
        others = dict.fromkeys(("tracking", "improve", "activation", *of_the_file, *unset), True)
        running = {"telemetry_every", "checkpoint_every", "resume", "sanity"}
        return without_defaults(self.model_dump(exclude={**others, "training": running, "evaluation": {"baselines"}}))


def flatten(values: JsonObject, prefix: str = "") -> dict[str, JsonValue]:
    """Return nested values by dotted names: `{"a": {"b": 1}}` as `{"a.b": 1}`."""
    flat: dict[str, JsonValue] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
