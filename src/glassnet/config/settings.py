"""The typed settings: every key, its type and its range. What does not fit is named in one line."""

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from glassnet.config.data_settings import (
    BlobsSettings,
    BundledSettings,
    CSVSettings,
    FashionMNISTSettings,
    SpiralsSettings,
)
from glassnet.config.errors import UserError
from glassnet.config.fields import (
    Count,
    Fraction,
    HalfOpenFraction,
    NotNegative,
    NotNegativeCount,
    Positive,
    Section,
)
from glassnet.overrides import as_setting


class ModelSettings(Section):
    """The network: a multilayer perceptron; without hidden sizes it is softmax regression."""

    name: Literal["mlp", "softmax"]
    hidden_sizes: list[Count]
    activation: Literal["relu", "leaky_relu", "sigmoid", "tanh", "gelu", "silu"]
    dropout: HalfOpenFraction
    normalization: Literal["batch", "layer"] | None
    init: Literal["he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "zeros"]


class AdamSettings(Section):
    """The Adam optimizer."""

    name: Literal["adam"]
    learning_rate: Positive
    beta1: HalfOpenFraction
    beta2: HalfOpenFraction
    eps: Positive


class AdamWSettings(Section):
    """Adam with decoupled weight decay."""

    name: Literal["adamw"]
    learning_rate: Positive
    beta1: HalfOpenFraction
    beta2: HalfOpenFraction
    eps: Positive
    weight_decay: NotNegative


class RMSPropSettings(Section):
    """RMSProp."""

    name: Literal["rmsprop"]
    learning_rate: Positive
    beta: HalfOpenFraction
    eps: Positive


class SGDSettings(Section):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    learning_rate: Positive
    momentum: HalfOpenFraction
    nesterov: bool

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> "SGDSettings":
        if self.nesterov and self.momentum == 0:
            raise ValueError("momentum above 0 with nesterov: true")
        return self


class ConstantSettings(Section):
    """A constant learning rate, after a warm-up of so many epochs."""

    name: Literal["constant"]
    warmup_epochs: NotNegativeCount


class CosineSettings(Section):
    """A learning rate that falls along half a cosine to a fraction of itself, after a warm-up of so many epochs."""

    name: Literal["cosine"]
    warmup_epochs: NotNegativeCount
    final_fraction: Annotated[FiniteFloat, Field(ge=0, le=1)]


class StepSettings(Section):
    """A learning rate that is cut to a fraction every so many epochs, after a warm-up."""

    name: Literal["step"]
    warmup_epochs: NotNegativeCount
    every_epochs: Count
    factor: Annotated[FiniteFloat, Field(gt=0, le=1)]


class ExponentialSettings(Section):
    """A learning rate that falls smoothly to a fraction of itself in every so many epochs, after a warm-up."""

    name: Literal["exponential"]
    warmup_epochs: NotNegativeCount
    every_epochs: Count
    factor: Annotated[FiniteFloat, Field(gt=0, le=1)]


class OneCycleSettings(Section):
    """A learning rate that rises to its highest value and falls to almost nothing, once."""

    name: Literal["one_cycle"]
    warmup_epochs: NotNegativeCount
    rising_fraction: Fraction
    start_fraction: Annotated[FiniteFloat, Field(gt=0, le=1)]
    final_fraction: Annotated[FiniteFloat, Field(ge=0, le=1)]


class PlateauSettings(Section):
    """A learning rate that is cut whenever the validation loss has not fallen for a while, after a warm-up."""

    name: Literal["plateau"]
    warmup_epochs: NotNegativeCount
    factor: Fraction
    patience: Count
    minimum_change: NotNegative
    minimum_rate: NotNegative


class BaselineSettings(Section):
    """How softmax regression is trained; apart from the network's settings, so that it stays the same yardstick."""

    learning_rate: Positive
    epochs: Count


class TrainingSettings(Section):
    """The training loop."""

    name: Literal["default"]
    epochs: Count
    batch_size: Count
    label_smoothing: HalfOpenFraction
    l2: NotNegative
    max_gradient_norm: Positive | None
    max_gradient_value: Positive | None
    average_decay: HalfOpenFraction | None
    patience: Count | None
    shift: NotNegativeCount
    flip: bool
    final: bool = False
    processes: Count = 1
    telemetry_every: Count | None
    checkpoint_every: Count | None
    resume: bool
    sanity: bool
    baseline: BaselineSettings


class TrackingSettings(Section):
    """Whether and where MLflow keeps the run."""

    name: Literal["mlflow", "none"]
    experiment: Annotated[str, Field(min_length=1, max_length=256)]  # as long as MLflow's tables take
    uri: str | None
    sweep_models: bool = False


class Settings(Section):
    """All settings of a run, as conf/ composes them and params.yaml holds them."""

    data: Annotated[
        BundledSettings | BlobsSettings | SpiralsSettings | FashionMNISTSettings | CSVSettings,
        Field(discriminator="name"),
    ]
    model: ModelSettings
    optimizer: Annotated[AdamSettings | AdamWSettings | RMSPropSettings | SGDSettings, Field(discriminator="name")]
    schedule: Annotated[
        ConstantSettings | StepSettings | ExponentialSettings | CosineSettings | OneCycleSettings | PlateauSettings,
        Field(discriminator="name"),
    ]
    training: TrainingSettings
    tracking: TrackingSettings
    about: str
    conf_digest: str
    settings_digest: str
    left_behind: list[str] | None = None
    by_hand: str | None = None
    ablation: str | None = None
    seed: NotNegativeCount

    @model_validator(mode="after")
    def _warmup_ends(self) -> "Settings":
        if self.schedule.warmup_epochs >= self.training.epochs:
            raise ValueError(
                f"schedule.warmup_epochs: expected a number below training.epochs ({self.training.epochs}), received "
                f"{self.schedule.warmup_epochs}"
            )
        return self

    @model_validator(mode="after")
    def _processes_share_rows(self) -> "Settings":
        if self.training.processes > 1 and self.model.normalization == "batch":
            raise ValueError(
                "training.processes: expected 1 with model.normalization=batch, whose statistics are those of the "
                f"whole batch, received {self.training.processes}; set it to 1, or model.normalization=layer"
            )
        return self

    @model_validator(mode="after")
    def _final_needs_no_validation(self) -> "Settings":
        if self.training.final and isinstance(self.schedule, PlateauSettings):
            raise ValueError(
                "schedule: expected one other than plateau, which needs a validation split, with training.final=true, "
                "received 'plateau'"
            )
        return self

    @model_validator(mode="after")
    def _one_way_to_shrink_weights(self) -> "Settings":
        if isinstance(self.optimizer, AdamWSettings) and self.optimizer.weight_decay and self.training.l2:
            raise ValueError(
                "expected training.l2 or optimizer.weight_decay above 0, not both, received "
                f"{self.training.l2:g} and {self.optimizer.weight_decay:g}; set one of them to 0"
            )
        return self

    def describing_the_result(self) -> dict[str, Any]:
        """Return the settings that a result depends on: not where it is tracked, how it is run."""
        of_the_file = ("about", "conf_digest", "settings_digest", "left_behind", "by_hand", "ablation")
        others = dict.fromkeys(("tracking", *of_the_file), True)
        running = {"telemetry_every", "checkpoint_every", "resume", "sanity"}
        return self.model_dump(exclude={**others, "training": running})


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by dotted names: `{"a": {"b": 1}}` as `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def parse_settings(values: object, source: str) -> Settings:
    """Return `values` (nested mappings, read from `source`) as settings.

    Raises:
        UserError: naming each key that is unknown, missing or out of range, what was expected there and what came.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{source}: " + "; ".join(_describe(problem) for problem in error.errors())) from error


def _describe(problem: Any) -> str:
    path = [str(part) for part in problem["loc"]]
    if len(path) > 1 and path[0] in {"data", "optimizer", "schedule"}:
        del path[1]  # the choice that pydantic followed, not a key
    key = ".".join(path) or "settings"
    received = problem["input"]
    if problem["type"] == "extra_forbidden":
        return f"{key}: expected no such key, received {received!r}; see conf/ for the keys there are"
    if problem["type"] == "missing":
        return f"{key}: expected a value, received none"
    if problem["type"].startswith("union_tag"):
        choices = problem.get("ctx", {}).get("expected_tags", "a name")
        name = received.get("name") if isinstance(received, dict) else received
        return f"{key}.name: expected one of {choices}, received {name!r}"
    if problem["type"] == "string_type" and isinstance(received, int | float) and not isinstance(received, bool):
        typed = f"{key}='{received}'"
        return f'{key}: expected a text, received the number {received}; in quotes it is a text: "{typed}"'
    if problem["type"] == "list_type" and isinstance(received, str | int | float):
        typed = as_setting(key, [received])
        return f"{key}: expected a list, received {received!r}; in brackets it is one: {typed}"
    message = (
        problem["msg"]
        .removeprefix("Input should be ")
        .removeprefix("String should have ")
        .removeprefix("Value error, ")
    )
    if message.startswith(("greater ", "less ")):
        message = f"a number {message}"
    if problem["type"] == "value_error" and not path:  # of several sections: it says all itself
        return str(message)
    if problem["type"] == "value_error":
        return f"{key}: expected {message}, received {_without_nesting(received)}"
    return f"{key}: expected {message}, received {received!r}"


def _without_nesting(received: object) -> str:
    if isinstance(received, dict):
        return ", ".join(f"{name}={value!r}" for name, value in received.items() if not isinstance(value, dict))
    return repr(received)
