"""A trained model as one file that stands alone: weights, architecture, preprocessing and class names."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, NoReturn, Protocol, TypeAlias, TypedDict, TypeVar, overload

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.data import RobustScaling, Standardizing, TargetScale, in_units
from glassnet.evaluation import Decision, apply_temperature, decide
from glassnet.files import JsonObject, whole_file
from glassnet.nn import FloatArray
from glassnet.training.architecture import Architecture, FindClass
from glassnet.training.fit import predict

FORMAT, OF_ENSEMBLE = "glassnet model 2", "glassnet ensemble 1"
SINGLE, MEMBER = "single.", "member.{}."  # what the names of an ensemble's tensors begin with


class FittedPreprocessing(Protocol):
    """What a model file asks of a preprocessing: to be applied, and to be written down."""

    @property
    def kind(self) -> str:
        """What it is for, "table" say."""

    def transform(self, rows: Any, /) -> npt.NDArray[np.float32]:
        """Return the features `(N, D)` of raw rows."""

    def to_json(self) -> Mapping[str, Any]:
        """Return a form that JSON can hold, with its kind."""


Scaling: TypeAlias = Standardizing | RobustScaling
P = TypeVar("P", bound=FittedPreprocessing)


class Chosen(TypedDict, total=False):
    """The best epoch of a training, and its scores on the validation split."""

    best_epoch: int
    best_validation_loss: float
    best_validation_accuracy: float
    best_validation_mae: float
    best_validation_balanced_accuracy: float
    best_validation_macro_f1: float
    best_validation_average_precision: float
    best_validation_roc_auc: float
    best_validation_rmse: float


class About(Chosen, total=False):
    """Where a model comes from: what it learnt from, by which settings, the epoch, and the decision."""

    dataset: str
    settings: JsonObject  # nested as in conf/
    decision: Decision  # where it is another than for the most probable class


@dataclass(frozen=True)
class ModelFile(Generic[P]):
    """A model with all that is needed to predict from raw rows.

    Attributes:
        model: the network.
        architecture: what it is built from.
        preprocessing: takes raw columns to the network's features.
        class_names: the name of each class id; none for regression.
        about: where it comes from.
        target_scale: for regression, the mean and the scale of the target, or of its logarithm, in the training rows,
            by which the network's output is taken back to the target's units.
    """

    model: nn.Module
    architecture: Architecture
    preprocessing: P
    class_names: tuple[str, ...]
    about: About
    target_scale: TargetScale | None = None

    def predict_features(self, X: FloatArray) -> FloatArray:
        """Return class probabilities `(N, C)`, or for regression `(N, 1)` in the target's units, for features."""
        if self.target_scale is None:
            return predict(self.model, X)
        return in_units(self.outputs(X), self.target_scale)

    def outputs(self, X: FloatArray) -> FloatArray:
        """Return what the network itself says of features `(N, D)`: logits, or standardized targets."""
        return predict(self.model, X, output=lambda outputs: outputs)

    def decide(self, outputs: FloatArray) -> npt.NDArray[np.int64]:
        """Return the class ids that are decided on, given the network's outputs, by the decision in the file."""
        decision = self.about.get("decision")
        return decide(outputs if decision is None else apply_temperature(outputs, 1.0), decision)

    def predict_frame(self, frame: Any) -> FloatArray:
        """Return what `predict_features` does, for raw rows."""
        return self.predict_features(self.preprocessing.transform(frame))


@dataclass(frozen=True)
class Ensemble(ModelFile[P]):
    """Networks whose predictions are averaged: probabilities, or a regression's values in the target's units.

    What `model`, `architecture`, `preprocessing` and `target_scale` say is of the single network, trained with the same
    settings on the training split alone. The mean of probabilities has no larger log-loss than the members have on
    average, and the mean of values no larger squared error, since both losses are convex. (Hansen & Salamon, "Neural
    network ensembles", 1990; Krogh & Vedelsby, "Neural network ensembles, cross validation, and active learning",
    1994.)

    Attributes:
        members: the networks, each with its preprocessing.
        temperature: divides the logits of each member, for classes.
        single_decision: the decision of the single network; that in `about` is the ensemble's.
    """

    members: tuple[ModelFile[P], ...] = ()
    temperature: float = 1.0
    single_decision: Decision | None = None

    @property
    def single(self) -> ModelFile[P]:
        """The single network by itself."""
        of_single = {field.name: getattr(self, field.name) for field in fields(ModelFile)}
        about: Any = {name: value for name, value in self.about.items() if name != "decision"}
        if self.single_decision is not None:
            about["decision"] = self.single_decision
        return ModelFile(**{**of_single, "about": about})

    def predict_features(self, X: FloatArray) -> FloatArray:
        """Raise a `ValueError`: features are made by the preprocessing of one member, and mean nothing to the others.

        Raises:
            ValueError: always.
        """
        self._refuse("predict_features")

    def outputs(self, X: FloatArray) -> FloatArray:
        """Raise a `ValueError`, as `predict_features` does.

        Raises:
            ValueError: always.
        """
        self._refuse("outputs")

    def predict_frame(self, frame: Any) -> FloatArray:
        """Return class probabilities `(N, C)`, or for regression `(N, 1)` in the target's units, for raw rows."""
        return self.averaged([member.preprocessing.transform(frame) for member in self.members])

    def averaged(self, features: Sequence[FloatArray]) -> FloatArray:
        """Return the same for features of the same rows, as each member's preprocessing has made them."""
        predicted = [self.predicted_by(member, X) for member, X in zip(self.members, features, strict=True)]
        mean: FloatArray = np.mean(predicted, axis=0)
        return mean

    def predicted_by(self, member: ModelFile[P], X: FloatArray) -> FloatArray:
        """Return what one member says of its features, calibrated by the temperature."""
        if self.target_scale is not None:
            return member.predict_features(X)
        return apply_temperature(member.outputs(X), self.temperature)

    def _refuse(self, name: str) -> NoReturn:
        raise ValueError(
            f"{name}: expected raw rows for an ensemble of {len(self.members)}, whose members each have their own "
            "preprocessing, received features; give predict_frame the raw rows, or ask the `single` network"
        )


def refuse_class(_: str, target: object) -> Any:
    """Raise a `ValueError`: a model file holds no code, and may not have any imported.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"expected a network of glassnet's own modules, received one with {target!r}, a class of its user's, which a "
        "file may not have imported; load it in the project whose conf/ names the class"
    )


def save_model(path: Path, saved: ModelFile[Any]) -> None:
    """Write `saved` to `path` as safetensors; same content, same bytes, and never half a file.

    All but the weights is one JSON text under one metadata key: with several keys their order would vary.
    """
    from safetensors.numpy import save

    header: dict[str, Any] = {
        "format": FORMAT,
        "architecture": saved.architecture.to_json(),
        "preprocessing": saved.preprocessing.to_json(),
        "class_names": list(saved.class_names),
        "about": saved.about,
        "target_scale": saved.target_scale,
    }
    state = saved.model.state_dict()
    if isinstance(saved, Ensemble):
        state = {f"{SINGLE}{name}": array for name, array in state.items()}
        for number, member in enumerate(saved.members):
            state |= {f"{MEMBER.format(number)}{name}": array for name, array in member.model.state_dict().items()}
        header |= {"format": OF_ENSEMBLE, "temperature": saved.temperature,
                   "single_decision": saved.single_decision, "members": [
            {"architecture": member.architecture.to_json(), "preprocessing": member.preprocessing.to_json(),
             "target_scale": member.target_scale}
            for member in saved.members
        ]}  # fmt: skip
    content = save(state, metadata={"glassnet": json.dumps(header, sort_keys=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(content)


@overload
def load_model(path: Path, *, find_class: FindClass = refuse_class) -> ModelFile[Scaling]: ...


@overload
def load_model(
    path: Path, read_preprocessing: Callable[[JsonObject], P], *, find_class: FindClass = refuse_class
) -> ModelFile[P]: ...


def load_model(
    path: Path,
    read_preprocessing: Callable[[JsonObject], FittedPreprocessing] | None = None,
    *,
    find_class: FindClass = refuse_class,
) -> ModelFile[Any]:
    """Read what `save_model` wrote; nothing in the file is ever executed.

    Args:
        path: the file.
        read_preprocessing: turns what `to_json` described back into the preprocessing. None for those of
            `glassnet.data`; `glassnet.tables.load_model` knows that of tables and of images.
        find_class: returns the class of an activation that is the user's own; by default such a model is refused.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a model file of this project, a damaged one, or names a class of its user's.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a trained model here, found no file")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("glassnet", "{}"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: expected a {FORMAT} file, received a damaged or foreign one ({error})") from error
    if header.get("format") not in {FORMAT, OF_ENSEMBLE}:
        raise ValueError(f"{path}: expected a {FORMAT} file, received one of format {header.get('format')!r}")
    described = header["preprocessing"]
    scalings: dict[str, type[Scaling]] = {Standardizing.kind: Standardizing, RobustScaling.kind: RobustScaling}
    if read_preprocessing is None and described["kind"] not in scalings:
        raise ValueError(
            f"{path}: expected a model with preprocessing of kind {' or '.join(map(repr, scalings))}, received kind "
            f"{described['kind']!r}; read it with glassnet.tables.load_model, or say how with read_preprocessing"
        )

    def made(part: dict[str, Any], prefix: str = "") -> ModelFile[Any]:
        unused = np.random.default_rng(0)  # the weights it draws are replaced at once
        try:
            architecture = Architecture.from_json(part["architecture"])
            model = architecture.build(unused, unused, find_class).eval()
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        model.load_state_dict({n.removeprefix(prefix): array for n, array in state.items() if n.startswith(prefix)})
        return ModelFile(
            model,
            architecture,
            (read_preprocessing or scalings[part["preprocessing"]["kind"]].from_json)(part["preprocessing"]),
            tuple(header["class_names"]),
            header["about"],
            part["target_scale"],
        )

    if header["format"] == FORMAT:
        return made(header)
    members = tuple(made(part, MEMBER.format(number)) for number, part in enumerate(header["members"]))
    own = {name: header[name] for name in ("temperature", "single_decision")}
    return Ensemble(**vars(made(header, SINGLE)), members=members, **own)
