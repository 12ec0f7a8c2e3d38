"""The multilayer perceptron, built from its sizes."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_count, check_number
from glassnet.nn.choices import choices
from glassnet.nn.containers import Sequential
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.init import Initialization
from glassnet.nn.module import Module
from glassnet.nn.neural_tangent import NeuralTangentDense
from glassnet.nn.normalization import BatchNorm, LayerNorm
from glassnet.nn.scale import Scale

NEURAL_TANGENT = "ntk"  # the rule for the weights that wants layers of its own
LOCAL = "local"  # the rule for weights of pixels, which are the inputs of the first layer alone
NORMALIZATIONS: dict[str, type[BatchNorm] | type[LayerNorm]] = {"batch": BatchNorm, "layer": LayerNorm}
"""The normalizations by the names that `mlp` takes."""


def mlp(
    sizes: Iterable[int],
    *,
    activation: str | Callable[[], Module] = "relu",
    dropout: float = 0.0,
    normalization: str | None = None,
    init: Initialization = "he_normal",
    input_scale: bool = False,
    zero_output: bool = False,
    rng: np.random.Generator | None = None,
    dropout_rng: np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Build a multilayer perceptron: Dense, normalization, activation, dropout for each hidden size, Dense at the end.

    Args:
        sizes: whole numbers `[D, H_1, …, H_k, C]`; with just `[D, C]` it is a linear model, softmax regression under
            cross-entropy.
        activation: a name from `nn.ACTIVATIONS`, or what makes a module, such as a class of your own.
        dropout: the probability of dropping a hidden unit; 0 for no Dropout layers.
        normalization: "batch", "layer" or None, between a Dense layer and its activation.
        init: the rule for the weights, see `glassnet.nn.init`; or "ntk", for layers in the neural-tangent
            parametrization, see `NeuralTangentDense`; or "local", for a first layer that looks at places of an image,
            with "he_normal" for the others.
        input_scale: whether a `Scale` of the features comes first.
        zero_output: whether the last layer starts with weights and biases of 0, so that all outputs are 0 at first: of
            classes none is then favoured by chance, and of a standardized target the mean is the first guess.
        rng: the generator to draw the weights from.
        dropout_rng: the generator of the dropout masks; by default one spawned from `rng`.
        dtype: float32 or float64.

    Raises:
        ValueError: for fewer than two sizes, one that is no whole number of 1 or more, or an unknown activation or
            normalization.
    """
    widths = [check_count("mlp", "each size", size) for size in sizes] if isinstance(sizes, Iterable) else []
    if len(widths) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, received {describe(sizes)}")
    check_number("mlp", "dropout", dropout, 0, 1)
    known = choices("glassnet.nn", "ACTIVATIONS")
    make_activation = known.get(activation) if isinstance(activation, str) else activation
    if not callable(make_activation):
        raise ValueError(f"mlp: expected activation to be one of {', '.join(known)}, received {describe(activation)}")
    if normalization is not None and (not isinstance(normalization, str) or normalization not in NORMALIZATIONS):
        raise ValueError(
            f"mlp: expected normalization to be one of {', '.join(NORMALIZATIONS)} or None, received "
            f"{describe(normalization)}"
        )
    if dropout and dropout_rng is None and rng is not None:
        dropout_rng = rng.spawn(1)[0]
    layers: list[Module] = [Scale(widths[0], dtype=dtype)] if input_scale else []
    rules = [init, *["he_normal" if init == LOCAL else init] * (len(widths) - 2)]
    for (fan_in, fan_out), rule in zip(pairwise(widths[:-1]), rules, strict=False):
        layers.append(_dense(fan_in, fan_out, rule, rng, dtype))
        if normalization is not None:
            layers.append(NORMALIZATIONS[normalization](fan_out, dtype=dtype))
        layers.append(make_activation())
        if dropout:
            layers.append(Dropout(dropout, rng=dropout_rng))
    layers.append(_dense(widths[-2], widths[-1], rules[-1], rng, dtype, zeros=zero_output))
    return Sequential(*layers)


def _dense(
    fan_in: int,
    fan_out: int,
    init: Initialization,
    rng: np.random.Generator | None,
    dtype: npt.DTypeLike,
    *,
    zeros: bool = False,
) -> Dense:
    """Return a dense layer, with weights by the rule `init`, or of 0."""
    if init == NEURAL_TANGENT:
        return NeuralTangentDense(fan_in, fan_out, rng=rng, zeros=zeros, dtype=dtype)
    return Dense(fan_in, fan_out, rng=rng, init="zeros" if zeros else init, dtype=dtype)
