"""Initial weights: how large they must be for signals and gradients to keep their scale through many layers.

For `Z = XW` with independent zero-mean entries, `Var[z] = fan_in · Var[w] · E[x²]`; backwards, `dX = dZ Wᵀ` gives
`Var[dx] = fan_out · Var[w] · Var[dz]`. Each rule below picks `Var[w]` so that one of the two, or a compromise between
both, leaves the variance unchanged.

- Xavier: `Var[w] = 2/(fan_in + fan_out)`, the compromise, for activations that are linear near zero, so that
  `E[x²] = Var[x]` (Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010).
- He: `Var[w] = 2/fan_in`: a ReLU sets half of a symmetric signal to zero, so `E[x²] = Var[z]/2`, and the 2 restores it
  (He, Zhang, Ren & Sun, "Delving deep into rectifiers", 2015).

- Local: weights of the first layer of an image that differ from 0 about one place alone, see `local`.

A uniform variable on `[-a, a]` has variance `a²/3`, hence `a = √(3·Var[w])`.

Chapter 5 of the course, docs/learn/5-reliable-training.md, tries them on fifty layers.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from glassnet.nn.arrays import FloatArray, describe
from glassnet.nn.checks import check_generator, check_number

Initializer: TypeAlias = Callable[[np.random.Generator | None, int, int, np.dtype[Any]], FloatArray]
Initialization: TypeAlias = str | float | Initializer


def he_normal(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Draw W `(fan_in, fan_out)` from N(0, 2/fan_in)."""
    return _normal(rng, fan_in, fan_out, dtype, math.sqrt(2.0 / fan_in))


def he_uniform(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Draw W `(fan_in, fan_out)` from U[-a, a] with a = √(6/fan_in)."""
    return _uniform(rng, fan_in, fan_out, dtype, math.sqrt(6.0 / fan_in))


def xavier_normal(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Draw W `(fan_in, fan_out)` from N(0, 2/(fan_in + fan_out))."""
    return _normal(rng, fan_in, fan_out, dtype, math.sqrt(2.0 / (fan_in + fan_out)))


def xavier_uniform(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Draw W `(fan_in, fan_out)` from U[-a, a] with a = √(6/(fan_in + fan_out))."""
    return _uniform(rng, fan_in, fan_out, dtype, math.sqrt(6.0 / (fan_in + fan_out)))


def zeros(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return W `(fan_in, fan_out)` of zeros: the start of a linear model, but hidden units could never tell apart."""
    return np.zeros((fan_in, fan_out), dtype=dtype)


def local(rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]) -> FloatArray:
    """Draw W `(fan_in, fan_out)` for pixels of a square image: each unit sees one place of it, and hardly the rest.

    With c a random place, σ between 1/18 and 1/6 of the image's side, and ε from N(0, 1), a unit's weight for the pixel
    at p is `w_p ∝ ε_p · exp(−‖p − c‖²/2σ²)`, scaled to `Σ w² = 2`: with uncorrelated pixels of variance 1 the outputs
    have the variance that He's rule gives. Neighbouring pixels belong together and distant ones do not; a dense layer
    that starts there keeps much of it, without a constraint. (Weights that start as those of a convolution: d'Ascoli,
    Sagun, Bruna & Biroli, "Finding the needle in the haystack with convolutions", 2019.)

    Raises:
        ValueError: unless `fan_in` is a square number of pixels.
    """
    side = math.isqrt(fan_in)
    if side**2 != fan_in:
        raise ValueError(f"init: expected the pixels of a square image for local, received {fan_in} inputs")
    rng = check_generator("Dense", rng)
    E = rng.standard_normal((fan_in, fan_out))
    sigma = side * rng.uniform(1 / 18, 1 / 6, fan_out)
    centers = rng.uniform(0, side - 1, (2, 1, fan_out))
    pixels = np.indices((side, side)).reshape(2, fan_in, 1)
    W = E * np.exp(-((pixels - centers) ** 2).sum(axis=0) / (2 * sigma**2))
    return (math.sqrt(2) * W / np.linalg.norm(W, axis=0)).astype(dtype)


INITIALIZERS: dict[str, Initializer] = {
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "xavier_normal": xavier_normal,
    "xavier_uniform": xavier_uniform,
    "local": local,
    "zeros": zeros,
}
"""The rules for first weights by their names."""


def initial_weights(
    init: Initialization, rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any]
) -> FloatArray:
    """Return the initial weights `(fan_in, fan_out)` that `init` asks for.

    Args:
        init: a name from `INITIALIZERS`; or a number, the standard deviation of a normal distribution whatever the
            fans are (the "constant scale" that the rules above improve on); or a function of the same arguments.
        rng: the generator to draw from; only zeros need none.
        fan_in: inputs of each unit.
        fan_out: outputs that each input feeds.
        dtype: float32 or float64.

    Raises:
        ValueError: for an unknown name, a negative scale, or a random rule without a generator.
    """
    if isinstance(init, str):
        if init not in INITIALIZERS:
            raise ValueError(f"init: expected one of {', '.join(INITIALIZERS)} or a scale, received {describe(init)}")
        return INITIALIZERS[init](rng, fan_in, fan_out, dtype)
    if callable(init):
        W = init(rng, fan_in, fan_out, dtype)
        if not isinstance(W, np.ndarray) or W.shape != (fan_in, fan_out) or W.dtype != dtype:
            raise ValueError(f"init: expected weights {dtype} ({fan_in}, {fan_out}), received {describe(W)}")
        return W.copy()
    return _normal(rng, fan_in, fan_out, dtype, check_number("init", "scale", init, 0, math.inf))


def _normal(
    rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any], scale: float
) -> FloatArray:
    # Drawn in float64 and rounded, so that a float32 and a float64 network of one seed start at the same weights.
    return (scale * check_generator("Dense", rng).standard_normal((fan_in, fan_out))).astype(dtype)


def _uniform(
    rng: np.random.Generator | None, fan_in: int, fan_out: int, dtype: np.dtype[Any], limit: float
) -> FloatArray:
    return check_generator("Dense", rng).uniform(-limit, limit, (fan_in, fan_out)).astype(dtype)
