"""Makes the page: one file of HTML, with its numbers, styles and scripts inside, that needs no network."""

import base64
import json
import math
from collections.abc import Hashable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.diagnosis import Training, training_of
from glassnet.diagnostics.glass.onset import onsets_of
from glassnet.diagnostics.glass.plane import GRID, UNIT_GRID, region_of
from glassnet.diagnostics.glass.recording import Album, Recording, single_frame
from glassnet.diagnostics.glass.shown import AnyArray
from glassnet.diagnostics.glass.structure import content_of
from glassnet.files import JsonObject, JsonValue
from glassnet.nn import FloatArray
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_batch
from glassnet.optim import Optimizer
from glassnet.training import Row

# In the order in which they are read: each uses what stands before it.
SCRIPTS = ("numbers", "matrix", "sums", "lens", "layers", "update", "graph", "plane", "curves", "units", "main")
CURVES = ("train_loss", "validation_loss")


def look(
    model: nn.Module,
    loss: nn.Loss,
    X: FloatArray,
    y: npt.NDArray[Any],
    *,
    optimizer: Optimizer | None = None,
    recording: Recording | None = None,
    training: Training | None = None,
    class_names: Sequence[str] = (),
    feature_names: Sequence[str] = (),
    image_shape: tuple[int, int] | None = None,
    title: str = "",
    note: str = "",
) -> str:
    """Return a page, as HTML that stands alone, of one step of a network under glass.

    Without a recording it shows one pass of the batch `X (N, D)`, `y` through the network, in the mode that it is in,
    and the update that `optimizer` would make next; all on copies. With one it shows the training by epoch, and `X`
    and `y` are what the page is checked to fit.

    Args:
        model: the network.
        loss: its loss.
        X: the batch.
        y: its targets.
        optimizer: of the model's parameters, for the update.
        recording: of a training, which was passed to `fit`.
        training: what the diagnosis looks at; by default the history of the recording.
        class_names: of the classes, by id.
        feature_names: of the features, by column.
        image_shape: height and width, where a row is an image.
        title: what the page is of.
        note: a line for its foot.

    Raises:
        ValueError: if a number of `X` is not finite; if the recording is of no training, or of another network; if the
            optimizer is of another network's parameters; if there are not as many names as classes or features, or
            pixels as features.
        TypeError: if `X` is no batch, `recording` no recording, or `optimizer` no optimizer.
    """
    check_batch(model, X)
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"look: expected finite numbers in X, received {X[row, column]} in row {row}, column {column}")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"look: expected an Optimizer, received {describe(optimizer)}")
    if recording is None:
        album, history = single_frame(model, loss, X, y, optimizer), []
    elif isinstance(recording, Recording):
        album, history = recording.album, recording.history
    else:
        raise TypeError(f"look: expected a Recording, received {describe(recording)}")
    recorded = _width(album)
    if recorded != X.shape[1]:
        raise ValueError(
            f"look: expected a recording of rows with {X.shape[1]} features, as X has, received one of {recorded}"
        )
    if recording is not None:
        mine, known = _weights_of(model), _recorded_weights(album)
        if any(mine.get(name) != shape for name, shape in known.items()):
            raise ValueError(
                f"look: expected a recording of this network, with weights {mine}, received one with {known}"
            )
    outputs = _outputs(album)
    if class_names and len(class_names) != outputs:
        raise ValueError(f"look: expected {outputs} class_names, one for each output, received {len(class_names)}")
    if feature_names and len(feature_names) != recorded:
        raise ValueError(f"look: expected {recorded} feature_names, one for each, received {len(feature_names)}")
    if image_shape is not None and math.prod(image_shape) != recorded:
        raise ValueError(f"look: expected an image_shape of {recorded} pixels, as rows have, received {image_shape}")
    if training is None and history:
        training = training_of(history, (), classes=len(class_names) or None)
    content: dict[str, JsonValue] = {
        "title": title or "A network",
        "note": note,
        "parameters": sum(parameter.size for parameter in model.parameters()),
        "loss": repr(loss),
        "classes": list(class_names),
        "features": list(feature_names),
        "image": None if image_shape is None else list(image_shape),
        "structure": album.structure,
        "plane": _plane(album),
        "frames": [
            {"epoch": frame.epoch, "facts": frame.facts, "arrays": _packed_once(frame.arrays)} for frame in album.frames
        ],
        "history": _curves(history),
        "findings": onsets_of(training) if training is not None else [],
    }
    return page_of(content)


def _width(album: Album) -> int:
    layers: Any = album.structure["layers"]
    return int(layers[0]["arrays"][0]["shape"][1])


def _weights_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    weights = {name: each.data for name, each in model.named_parameters() if name.rpartition(".")[2] == "W"}
    return {name: np.atleast_2d(W).shape for name, W in weights.items()}  # as the page shows those of one axis


def _recorded_weights(album: Album) -> dict[str, tuple[int, ...]]:
    layers: Any = album.structure["layers"]
    arrays = [(layer["name"], array) for layer in layers for array in layer["arrays"]]
    return {f"{name}.W": tuple(array["shape"]) for name, array in arrays if array["symbol"] == "W"}


def _outputs(album: Album) -> int:
    layers: Any = album.structure["layers"]
    return int(layers[-1]["arrays"][0]["shape"][1])  # Z of the loss


def _plane(album: Album) -> JsonObject | None:
    if album.points is None or album.labels is None:
        return None
    x, y = region_of(album.points)
    return {
        "x": list(x),
        "y": list(y),
        "grid": GRID,
        "unit_grid": UNIT_GRID,
        "points": packed(album.points),
        "labels": np.asarray(album.labels).tolist(),
    }


def _curves(history: Sequence[Row]) -> JsonObject:
    """Return the columns of a history that are drawn."""
    return {name: [float(row[name]) for row in history] for name in CURVES if history and name in history[0]}


def _packed_once(arrays: dict[str, AnyArray]) -> JsonObject:
    """Return arrays by their keys, packed; of equal ones the first, and its key in the place of the others."""
    first: dict[Hashable, str] = {}
    found: dict[str, JsonValue] = {}
    for key, values in arrays.items():
        name = first.setdefault(content_of(values), key)
        found[key] = packed(values) if name == key else name
    return found


def packed(values: AnyArray) -> JsonObject:
    """Return an array as its shape, its dtype and its bytes in base64: exact, and smaller than digits."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return {
        "shape": list(values.shape),
        "dtype": f"{values.dtype.kind}{values.dtype.itemsize}",
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def _finite(value: JsonValue) -> JsonValue:
    """Return a value with null for every number that is not finite, which JSON has none of: of a loss that diverged."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(each) for each in value]
    return value


def page_of(content: JsonObject) -> str:
    """Return the page with its content."""
    folder = files("glassnet.diagnostics.glass") / "page"

    def text(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    data = json.dumps(_finite(content), ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    scripts = "\n".join(text(f"{name}.js") for name in SCRIPTS)
    page = text("page.html")
    for mark, part in (("STYLE", text("page.css")), ("SCRIPT", scripts), ("DATA", data)):
        before, found, after = page.partition(f"<!--{mark}-->")
        if not found:
            raise ValueError(f"page.html: expected a place for {mark}, found none")
        page = before + part + after
    return page
