"""Compiled twins of what a training does most: the same formula, and the same bytes, in fewer passes and fewer calls.

NumPy computes `m = β₁m + (1 − β₁)g` operation by operation, and reads and writes memory for each of them. A twin is the
formula as one loop over the elements, compiled by numba. It uses + − × ÷ √ and comparisons alone, which every processor
rounds in the same way; numbers of the arrays' own dtype; and no fused multiplication and addition. Matrix products,
exponentials, logarithms and their sums are NumPy's own. So the choice between a text and its twin changes no result. It
is made by size, by how much there is to do, and by whether numba is installed (the extra `fast`).
"""

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FLOAT_DTYPES, FloatArray
from glassnet.nn.containers import Sequential
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy
from glassnet.nn.loss import Loss
from glassnet.nn.module import Module

if TYPE_CHECKING:  # it needs numba
    from glassnet.compiled.fused_step import FusedStep

Update: TypeAlias = Callable[..., None]
Pick: TypeAlias = Callable[[npt.NDArray[Any], npt.NDArray[np.int64]], npt.NDArray[Any] | None]

LONG = 1024  # bytes of a row: shorter ones are no faster picked by a twin
LEAST = 20_000  # parameters: for fewer, calling a twin takes as long as it saves

# Importing numba and reading the twins from its cache took 0.65 s. With 784-128-64-10 on Fashion-MNIST steps that had
# updated 80 (batches of 1024 rows) to 140 million elements (256), all of them together, had saved as much: work that is
# over before had better be done by the texts.
ENOUGH = 100_000_000

_work = 0  # elements that were updated in this process, or are about to be

# Each text by its module and name, and the name of its twin in `updates`.
TWINS = {
    "glassnet.optim.sgd.SGD.update": "sgd",
    "glassnet.optim.rmsprop.RMSProp.update": "rmsprop",
    "glassnet.optim.adam.Adam.update": "adam",
    "glassnet.optim.adam.AdamW.update": "adamw",
    "glassnet.optim.averaging.average": "average",
    "glassnet.optim.clipping.clip": "clip",
    "glassnet.optim.denormals.flush_denormals": "flush",
}


def expect(steps: int, parameters: int) -> None:
    """Say that so many steps are about to be made, so that the twins are there from the first one on if that pays."""
    global _work
    if parameters >= LEAST:
        _work += steps * parameters
        if _work >= ENOUGH and _is_at_work():
            from glassnet.compiled import network_loops, rows, updates  # noqa: F401  # before processes are forked


def fastest(text: Update, array: FloatArray, block: int) -> tuple[Update, int]:
    """Return the twin of `text` if there is one, and enough to do; else the text.

    Args:
        text: a function that updates arrays in place, element by element.
        array: one of those arrays.
        block: how many elements the text should be given at a time.

    Returns:
        The function to call, and how many elements to give it at a time.
    """
    global _work
    size = array.size
    if size < LEAST or array.dtype not in FLOAT_DTYPES:
        return text, block
    if _work < ENOUGH:
        _work += size
        return text, block
    twin = _twin(f"{text.__module__}.{text.__qualname__}")
    return (text, block) if twin is None else (twin, size)


def fastest_loss(loss: Loss, parameters: int) -> Loss:
    """Return the twin of `loss` if there is one, and the network is large enough; else the loss.

    The twin has the same attributes as the loss, not copies of them: what happens to one happens to both.

    Args:
        loss: computes values and gradients for a training.
        parameters: how many parameters are trained.
    """
    if type(loss) is not SoftmaxCrossEntropy or not _pays(parameters):
        return loss
    from glassnet.compiled.cross_entropy import CompiledCrossEntropy

    twin = object.__new__(CompiledCrossEntropy)
    twin.__dict__ = loss.__dict__
    return twin


def fastest_model(model: Module, parameters: int) -> Module:
    """Return the twin of `model` if there is one, and the network is large enough; else the model.

    The twin has the same modules inside; it is for as long as these, and the vector of their parameters, stay the same.

    Args:
        model: is trained.
        parameters: how many parameters are trained.
    """
    if type(model) is not Sequential or not _pays(parameters):
        return model
    from glassnet.compiled.sequential import CompiledSequential

    return CompiledSequential(model)


def fused(model: Module, loss: Loss, measure: Loss, parameters: int) -> "FusedStep | None":
    """Return what computes a batch's gradient without its Python in between; None if some of it has no twin.

    Args:
        model: what `fastest_model` returned.
        loss: what `fastest_loss` returned.
        measure: what the history records.
        parameters: how many parameters are trained.
    """
    if measure is not loss or not _pays(parameters):
        return None
    from glassnet.compiled.fused_step import FusedStep

    return FusedStep.of(model, loss)


def fastest_pick(X: npt.NDArray[Any], parameters: int) -> Pick | None:
    """Return the twin of `X[rows]`, if there is one for this array, its rows are long, and the network is large enough.

    Args:
        X: the features of all rows.
        parameters: how many parameters are trained.

    Returns:
        What is called with X and row numbers `(N,)`, and returns those rows, or None if there is no such row.
    """
    is_plain = type(X) is np.ndarray and X.ndim == 2 and X.flags.c_contiguous and X.dtype in FLOAT_DTYPES
    if not is_plain or X.shape[1] * X.itemsize < LONG or not _pays(parameters):
        return None
    from glassnet.compiled.rows import pick

    return pick


def _pays(parameters: int) -> bool:
    """Return whether a network of so many parameters, and what there is to do, are worth the twins, and they work."""
    return parameters >= LEAST and _work >= ENOUGH and _is_at_work()


@cache
def _twin(name: str) -> Update | None:
    """Return the twin of the text of this name, or None if it has none or numba is not at work."""
    if name not in TWINS or not _is_at_work():
        return None
    from glassnet.compiled import updates

    twin: Any = getattr(updates, TWINS[name])
    return twin


@cache
def _is_at_work() -> bool:
    """Return whether numba is installed, works with this NumPy, and compiles."""
    if importlib.util.find_spec("numba") is None:
        return False
    try:
        from numba.core import config
    except ImportError:  # each numba knows NumPy up to some version
        return False
    return not vars(config)["DISABLE_JIT"]  # NUMBA_DISABLE_JIT=1: the loops would run in Python
