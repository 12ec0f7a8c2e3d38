"""Solutions of chapter 5, reliable training."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Floats:
    """Return weights with the variance 2/fan_in."""
    return np.sqrt(2 / fan_in) * rng.standard_normal((fan_in, fan_out))


def adam_step(
    W: Floats, g: Floats, m: Floats, v: Floats, t: int, learning_rate: float
) -> tuple[Floats, Floats, Floats]:
    """Average, correct for the start at 0, and step."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return W - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def inverted_dropout(X: Floats, p: float, rng: np.random.Generator, *, training: bool) -> Floats:
    """Multiply by a mask of 0 and `1/(1 − p)`."""
    return X * (rng.random(X.shape) >= p) / (1 - p) if training else X
