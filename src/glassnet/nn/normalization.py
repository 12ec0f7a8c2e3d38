"""Normalization: BatchNorm standardizes each feature over the batch, LayerNorm each example over its features."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch, check_count, check_eps, check_number, float_dtype
from glassnet.nn.module import Module
from glassnet.nn.parameter import Parameter


def standardize(X: FloatArray, axis: int, eps: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return `X̂ = (X − μ)/√(σ² + ε)`, `s = 1/√(σ² + ε)`, μ and σ², statistics along `axis` (kept as size 1)."""
    with np.errstate(over="ignore", invalid="ignore"):
        centred, mean = _centre(X, axis)
        variance = (centred**2).mean(axis=axis, keepdims=True)
    if not np.isfinite(variance).all() and np.isfinite(X).all():
        return _standardize_huge(X, axis, eps)
    s = 1 / np.sqrt(variance + X.dtype.type(eps))
    return centred * s, s, mean, variance


def _standardize_huge(X: FloatArray, axis: int, eps: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Do the work of `standardize` where squares overflow: beyond 1e19 in float32.

    Entries are first divided by a power of two c, which is exact: X̂ does not change if ε is divided by c² with them.
    The σ² returned is cut to a number that exists.
    """
    exponent = np.frexp(np.abs(X).max(axis=axis, keepdims=True))[1].clip(min=0)
    centred, mean = _centre(np.ldexp(X, -exponent), axis)
    variance = (centred**2).mean(axis=axis, keepdims=True)
    scaled_eps = np.ldexp(np.full_like(variance, eps), -2 * exponent)
    # A column without variance and an ε that has underflowed: any divisor will do, since every entry is 0.
    s = 1 / np.sqrt(np.maximum(variance + scaled_eps, np.finfo(X.dtype).tiny))
    with np.errstate(over="ignore"):
        cut = np.minimum(np.ldexp(variance, 2 * exponent), np.finfo(X.dtype).max / 4)
    return centred * s, np.ldexp(s, -exponent), np.ldexp(mean, exponent), cut


def _centre(X: FloatArray, axis: int) -> tuple[FloatArray, FloatArray]:
    """Return `X − μ` and μ, centred twice: the mean of equal large numbers rounds, and that is no spread."""
    mean = X.mean(axis=axis, keepdims=True)
    centred = X - mean
    rest = centred.mean(axis=axis, keepdims=True)
    return centred - rest, mean + rest


def standardize_backward(dX_hat: FloatArray, X_hat: FloatArray, s: FloatArray, axis: int) -> FloatArray:
    """Return `dX` given `dX̂`, through the mean and the variance as well as directly.

    With m entries along `axis` and `s = 1/√(σ² + ε)`: `x̂_i = (x_i − μ)s`, `∂μ/∂x_j = 1/m`, and since
    `σ² = Σ(x_i − μ)²/m`, `∂σ²/∂x_j = 2(x_j − μ)/m`, so `∂s/∂x_j = −½s³·2(x_j − μ)/m = −s²·x̂_j/m`. Therefore
    `∂x̂_i/∂x_j = s(δ_ij − 1/m − x̂_i x̂_j/m)`, and summing over i: `dx_j = s(dx̂_j − mean(dx̂) − x̂_j·mean(dx̂·x̂))`.
    (Ioffe & Szegedy, "Batch normalization", 2015.)
    """
    mean = dX_hat.mean(axis=axis, keepdims=True)
    projection = (dX_hat * X_hat).mean(axis=axis, keepdims=True)
    return s * (dX_hat - mean - X_hat * projection)


class BatchNorm(Module):
    """`Y = γ·X̂ + β` with X̂ standardized per feature, over the batch in training, by running averages in evaluation.

    Shapes: `X (N, D)`, `γ`, `β` and both running averages `(1, D)`. Running averages move by
    `r ← (1 − momentum)·r + momentum·batch`; the running variance is the unbiased one, `σ²·N/(N − 1)`.

    Backward. `dγ = Σ_n dY·X̂`, `dβ = Σ_n dY`, `dX̂ = dY·γ`, then through the statistics (`standardize_backward`). In
    evaluation the statistics are constants and only the direct path is left: `dX = dX̂/√(σ² + ε)`.
    (Ioffe & Szegedy, "Batch normalization", 2015.)

    Chapter 5 of the course, docs/learn/5-reliable-training.md, shows what it is for.
    """

    buffer_names = ("running_mean", "running_var")

    def __init__(
        self, features: int, momentum: float = 0.1, eps: float = 1e-5, *, dtype: npt.DTypeLike = np.float32
    ) -> None:
        """Start with γ = 1, β = 0, running mean 0 and running variance 1 for `features` columns."""
        resolved: np.dtype[Any] = float_dtype("BatchNorm", dtype)
        self.features = features = check_count("BatchNorm", "features", features)
        self.momentum = check_number("BatchNorm", "momentum", momentum, 0, 1, low_open=True, high_closed=True)
        self.eps = check_eps("BatchNorm", eps, resolved)
        self.gamma = Parameter(np.ones((1, features), dtype=resolved), "gamma", weight_decay=False)
        self.beta = Parameter(np.zeros((1, features), dtype=resolved), "beta", weight_decay=False)
        self.running_mean = np.zeros((1, features), dtype=resolved)
        self.running_var = np.ones((1, features), dtype=resolved)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `γX̂ + β`; training mode needs N ≥ 2 and moves the running averages."""
        check_batch(self, X, self.features, self.gamma.dtype)
        X_hat, s = self._standardize_batch(X) if self.training else self._standardize_by_averages(X)
        with np.errstate(over="ignore"):
            Y = self.gamma.data * X_hat + self.beta.data
        self.save_for_backward(Y, X_hat, s, self.training)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dγ = Σ dY·X̂` and `dβ = Σ dY`; return `dX` of the mode that forward ran in."""
        (X_hat, s, is_batch), dY = self.saved(dout), dout
        self.gamma.accumulate((dY * X_hat).sum(axis=0, keepdims=True))
        self.beta.accumulate(dY.sum(axis=0, keepdims=True))
        dX_hat = dY * self.gamma.data
        return standardize_backward(dX_hat, X_hat, s, axis=0) if is_batch else dX_hat * s

    def _standardize_batch(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return `X̂` and `1/√(σ² + ε)` with the batch's own statistics, which the running averages take in."""
        self.require_rows(len(X))
        X_hat, s, mean, variance = standardize(X, 0, self.eps)
        self.take_in(mean, variance, len(X))
        return X_hat, s

    def require_rows(self, n: int) -> None:
        """Raise a `ValueError` for a batch of so few rows that it has no variance."""
        if n < 2:
            raise ValueError(
                f"{self!r}: expected at least 2 examples in training mode, received {n}; where that is the last batch "
                "of an epoch, DataLoader(drop_last=True) leaves it out"
            )

    def take_in(self, mean: FloatArray, variance: FloatArray, n: int) -> None:
        """Move the running averages towards the mean and the variance of a batch of n rows."""
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * (variance * (n / (n - 1)))

    def _standardize_by_averages(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return `X̂` and `1/√(σ² + ε)` with the running averages; where X̂ would overflow, the largest number."""
        s = 1 / np.sqrt(self.running_var + X.dtype.type(self.eps))
        largest = np.finfo(X.dtype).max
        with np.errstate(over="ignore"):
            return np.clip((X - self.running_mean) * s, -largest, largest), s

    def __repr__(self) -> str:
        return f"BatchNorm({self.features})"


class LayerNorm(Module):
    """`Y = γ·X̂ + β` with X̂ standardized per example, over its features; the same in training and evaluation.

    Shapes: `X (N, D)`, `γ` and `β` `(1, D)`. Backward as for BatchNorm in training, along the other axis.
    (Ba, Kiros & Hinton, "Layer normalization", 2016.)
    """

    def __init__(self, features: int, eps: float = 1e-5, *, dtype: npt.DTypeLike = np.float32) -> None:
        """Start with γ = 1 and β = 0 for `features` columns."""
        resolved: np.dtype[Any] = float_dtype("LayerNorm", dtype)
        self.features = features = check_count("LayerNorm", "features", features)
        self.eps = check_eps("LayerNorm", eps, resolved)
        self.gamma = Parameter(np.ones((1, features), dtype=resolved), "gamma", weight_decay=False)
        self.beta = Parameter(np.zeros((1, features), dtype=resolved), "beta", weight_decay=False)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `γX̂ + β`, `(N, D)`."""
        check_batch(self, X, self.features, self.gamma.dtype)
        X_hat, s, _, _ = standardize(X, 1, self.eps)
        Y = self.gamma.data * X_hat + self.beta.data
        self.save_for_backward(Y, X_hat, s)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dγ = Σ dY·X̂` and `dβ = Σ dY`; return `dX`."""
        (X_hat, s), dY = self.saved(dout), dout
        self.gamma.accumulate((dY * X_hat).sum(axis=0, keepdims=True))
        self.beta.accumulate(dY.sum(axis=0, keepdims=True))
        return standardize_backward(dY * self.gamma.data, X_hat, s, axis=1)

    def __repr__(self) -> str:
        return f"LayerNorm({self.features})"
