"""A trained model as one file that stands alone: weights, architecture, preprocessing and class names."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, overload

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.components import TARGET, construct
from glassnet.data import Standardizing
from glassnet.files import whole_file
from glassnet.nn import FloatArray
from glassnet.training.fit import predict

FORMAT = "glassnet model 2"

FindClass: TypeAlias = Callable[[str, object], Any]


class FittedPreprocessing(Protocol):
    """What a model file asks of a preprocessing: to be applied, and to be written down."""

    @property
    def kind(self) -> str:
        """What it is for, "table" say."""

    def transform(self, rows: Any, /) -> npt.NDArray[np.float32]:
        """Return the features `(N, D)` of raw rows."""

    def to_json(self) -> Mapping[str, Any]:
        """Return a form that JSON can hold, with its kind."""


P = TypeVar("P", bound=FittedPreprocessing)


@dataclass(frozen=True)
class ModelFile(Generic[P]):
    """A model with all that is needed to predict from raw rows.

    Attributes:
        model: the network.
        architecture: the arguments of `nn.mlp` that build it (but for the random generator).
        preprocessing: takes raw columns to the network's features.
        class_names: the name of each class id; none for regression.
        about: where it comes from: the settings it was trained with, the chosen epoch.
        target_scale: for regression, the mean and the scale of the target in the training rows, by which the network's
            output is taken back to the target's units.
    """

    model: nn.Module
    architecture: dict[str, Any]
    preprocessing: P
    class_names: tuple[str, ...]
    about: dict[str, Any]
    target_scale: dict[str, float] | None = None

    def predict_features(self, X: FloatArray) -> FloatArray:
        """Return class probabilities `(N, C)`, or for regression `(N, 1)` in the target's units, for features."""
        if self.target_scale is None:
            return predict(self.model, X)
        return self.outputs(X).astype(np.float64) * self.target_scale["scale"] + self.target_scale["mean"]

    def outputs(self, X: FloatArray) -> FloatArray:
        """Return what the network itself says of features `(N, D)`: logits, or standardized targets."""
        return predict(self.model, X, output=lambda outputs: outputs)

    def predict_frame(self, frame: Any) -> FloatArray:
        """Return what `predict_features` does, for raw rows."""
        return self.predict_features(self.preprocessing.transform(frame))


def build(
    architecture: dict[str, Any],
    rng: np.random.Generator,
    dropout_rng: np.random.Generator,
    own: Callable[[], nn.Module] | None = None,
) -> nn.Sequential:
    """Return the network that `architecture`, the arguments of `nn.mlp`, describes, with fresh weights.

    Args:
        architecture: the arguments; an activation of one's own is its section of the settings.
        rng: draws the weights.
        dropout_rng: draws the dropout masks.
        own: makes the activation, if it is one's own; see `own_activation`.
    """
    arguments = architecture if own is None else {**architecture, "activation": own}
    return nn.mlp(**arguments, rng=rng, dropout_rng=dropout_rng)


def own_activation(architecture: dict[str, Any], find_class: FindClass) -> Callable[[], nn.Module] | None:
    """Return what makes the activation of a network, if that is a class of one's own; None if it is one of ours.

    Args:
        architecture: as for `build`.
        find_class: returns the class, from where its path stands and the path.

    Raises:
        ValueError: if it is no module, or does not take its arguments.
    """
    section = architecture.get("activation")
    if not isinstance(section, dict):
        return None
    made = find_class(f"model.activation.{TARGET}", section.get(TARGET))
    if not (inspect.isclass(made) and issubclass(made, nn.Module)):
        raise ValueError(
            f"model.activation: expected a subclass of Module, received {section.get(TARGET)}, which is none"
        )

    def make() -> nn.Module:
        activation: nn.Module = construct("model.activation", section, made)
        return activation

    make()
    return make


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

    header = {
        "format": FORMAT,
        "architecture": saved.architecture,
        "preprocessing": saved.preprocessing.to_json(),
        "class_names": list(saved.class_names),
        "about": saved.about,
        "target_scale": saved.target_scale,
    }
    content = save(saved.model.state_dict(), metadata={"glassnet": json.dumps(header, sort_keys=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(content)


@overload
def load_model(path: Path, *, find_class: FindClass = refuse_class) -> ModelFile[Standardizing]: ...


@overload
def load_model(
    path: Path, read_preprocessing: Callable[[dict[str, Any]], P], *, find_class: FindClass = refuse_class
) -> ModelFile[P]: ...


def load_model(
    path: Path,
    read_preprocessing: Callable[[dict[str, Any]], FittedPreprocessing] | None = None,
    *,
    find_class: FindClass = refuse_class,
) -> ModelFile[Any]:
    """Read what `save_model` wrote; nothing in the file is ever executed.

    Args:
        path: the file.
        read_preprocessing: turns what `to_json` described back into the preprocessing. None for `data.Standardizing`;
            `glassnet.tables.load_model` knows that of tables and of images.
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
    if header.get("format") != FORMAT:
        raise ValueError(f"{path}: expected a {FORMAT} file, received one of format {header.get('format')!r}")
    described = header["preprocessing"]
    if read_preprocessing is None and described["kind"] != Standardizing.kind:
        raise ValueError(
            f"{path}: expected a model with preprocessing of kind {Standardizing.kind!r}, received kind "
            f"{described['kind']!r}; read it with glassnet.tables.load_model, or say how with read_preprocessing"
        )
    unused = np.random.default_rng(0)  # the weights it draws are replaced at once
    try:
        own = own_activation(header["architecture"], find_class)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    model = build(header["architecture"], unused, unused, own).eval()
    model.load_state_dict(state)
    return ModelFile(
        model,
        header["architecture"],
        (read_preprocessing or Standardizing.from_json)(described),
        tuple(header["class_names"]),
        header["about"],
        header["target_scale"],
    )
