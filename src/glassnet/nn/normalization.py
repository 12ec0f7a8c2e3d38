"""Normalization: BatchNorm standardizes each feature over the batch, LayerNorm each example over its features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray, check_batch, check_count, check_number, float_dtype
from glassnet.nn.module import Module
from glassnet.nn.parameter import Parameter

Take = Callable[[tuple[int, ...], np.dtype[Any]], FloatArray]  # returns memory to write into, such as Module.buffer


def standardize(
    X: FloatArray, axis: int, eps: float, take: Take
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return `(X̂, 1/√(σ² + ε), μ, σ²)` with `X̂ = (X − μ)/√(σ² + ε)`, statistics along `axis` (kept as size 1).

    Where squares overflow (entries beyond 1e19 in float32), entries are first divided by a power of two c, which is
    exact: `X̂` does not change if ε is divided by c² with them. The σ² returned is then cut to a number that exists.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, centred, variance = _centre(X, axis, take)
    if not np.isfinite(variance).all() and np.isfinite(X).all():
        exponent = np.frexp(np.abs(X).max(axis=axis, keepdims=True))[1].clip(min=0)
        X_hat, inverse_std, mean, variance = _standardize_scaled(np.ldexp(X, -exponent), axis, eps, exponent, take)
        with np.errstate(over="ignore"):
            variance = np.minimum(np.ldexp(variance, 2 * exponent), np.finfo(X.dtype).max / 4)
        return X_hat, inverse_std, np.ldexp(mean, exponent), variance
    inverse_std = np.add(variance, eps, out=take(variance.shape, X.dtype))
    np.divide(1, np.sqrt(inverse_std, out=inverse_std), out=inverse_std)
    centred *= inverse_std
    return centred, inverse_std, mean, variance


def _centre(X: FloatArray, axis: int, take: Take) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return `(μ, X − μ, σ²)`, centred twice: the mean of equal large numbers rounds, and that is no spread."""
    mean = _mean(X, axis, take)
    centred = np.subtract(X, mean, out=take(X.shape, X.dtype))
    rest = _mean(centred, axis, take)
    centred -= rest
    mean += rest
    return mean, centred, _mean(np.multiply(centred, centred, out=take(X.shape, X.dtype)), axis, take)


def _mean(X: FloatArray, axis: int, take: Take) -> FloatArray:
    """Return the mean along `axis`, which stays as size 1."""
    shape = (1, X.shape[1]) if axis == 0 else (X.shape[0], 1)
    mean = np.add.reduce(X, axis=axis, keepdims=True, out=take(shape, X.dtype))
    mean /= X.shape[axis]  # as np.mean does, but that goes by way of float64
    return mean


def _check_eps(owner: str, eps: float, dtype: np.dtype[Any]) -> float:
    eps = check_number(owner, "eps", eps, 0, float(np.finfo(dtype).max), low_open=True)
    if eps < np.finfo(dtype).tiny:
        raise ValueError(f"{owner}: expected an eps that {dtype} can hold, received {eps!r}")
    return eps


def _standardize_scaled(
    X: FloatArray, axis: int, eps: float, exponent: npt.NDArray[np.intc], take: Take
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Do the work of `standardize` for entries that were divided by 2^exponent; mean and variance come back divided."""
    mean, centred, variance = _centre(X, axis, take)
    scaled_eps = np.ldexp(np.full_like(variance, eps), -2 * exponent)
    # A column without variance and an ε that has underflowed: any divisor will do, since every entry is 0.
    inverse_std = 1 / np.sqrt(np.maximum(variance + scaled_eps, np.finfo(X.dtype).tiny))
    return centred * inverse_std, np.ldexp(inverse_std, -exponent), mean, variance


def standardize_backward(
    dX_hat: FloatArray, X_hat: FloatArray, inverse_std: FloatArray, axis: int, take: Take
) -> FloatArray:
    """Return `dX` given `dX̂`, through the mean and the variance as well as directly; it is written over `dX̂`.

    With m entries along `axis` and `s = 1/√(σ² + ε)`: `x̂_i = (x_i − μ)s`, `∂μ/∂x_j = 1/m`, and since
    `σ² = Σ(x_i − μ)²/m`, `∂σ²/∂x_j = 2(x_j − μ)/m`, so `∂s/∂x_j = −½s³·2(x_j − μ)/m = −s²·x̂_j/m`. Therefore
    `∂x̂_i/∂x_j = s(δ_ij − 1/m − x̂_i x̂_j/m)`, and summing over i: `dx_j = s(dx̂_j − mean(dx̂) − x̂_j·mean(dx̂·x̂))`.
    (Ioffe & Szegedy, "Batch normalization", 2015.)
    """
    products = np.multiply(dX_hat, X_hat, out=take(X_hat.shape, X_hat.dtype))
    projection = _mean(products, axis, take)
    dX_hat -= _mean(dX_hat, axis, take)
    dX_hat -= np.multiply(X_hat, projection, out=products)
    dX_hat *= inverse_std
    return dX_hat


def _add_gradients(layer: "BatchNorm | LayerNorm", dout: FloatArray, X_hat: FloatArray) -> FloatArray:
    """Add `dγ = Σ_n dY·X̂` and `dβ = Σ_n dY`; return `dX̂ = dY·γ`."""
    memory = np.multiply(dout, X_hat, out=layer.buffer(X_hat.shape, X_hat.dtype))
    layer.gamma.accumulate(memory.sum(axis=0, keepdims=True))
    layer.beta.accumulate(dout.sum(axis=0, keepdims=True))
    return np.multiply(dout, layer.gamma.data, out=memory)


class BatchNorm(Module):
    """`Y = γ·X̂ + β` with X̂ standardized per feature, over the batch in training, by running averages in evaluation.

    Shapes: `X (N, D)`, `γ`, `β` and both running averages `(1, D)`. Running averages move by
    `r ← (1 − momentum)·r + momentum·batch`; the running variance is the unbiased one (m − 1 in the denominator).

    Backward. `dγ = Σ_n dY·X̂`, `dβ = Σ_n dY`, `dX̂ = dY·γ`, then through the statistics (`standardize_backward`). In
    evaluation the statistics are constants and only the direct path is left: `dX = dY·γ/√(σ² + ε)`.
    (Ioffe & Szegedy, "Batch normalization", 2015.)
    """

    buffer_names = ("running_mean", "running_var")

    def __init__(
        self, features: int, momentum: float = 0.1, eps: float = 1e-5, *, dtype: npt.DTypeLike = np.float32
    ) -> None:
        """Start with γ = 1, β = 0, running mean 0 and running variance 1 for `features` columns."""
        resolved: np.dtype[Any] = float_dtype("BatchNorm", dtype)
        self.features = features = check_count("BatchNorm", "features", features)
        self.momentum = check_number("BatchNorm", "momentum", momentum, 0, 1, low_open=True, high_closed=True)
        self.eps = _check_eps("BatchNorm", eps, resolved)
        self.gamma = Parameter(np.ones((1, features), dtype=resolved), "gamma", decays=False)
        self.beta = Parameter(np.zeros((1, features), dtype=resolved), "beta", decays=False)
        self.running_mean = np.zeros((1, features), dtype=resolved)
        self.running_var = np.ones((1, features), dtype=resolved)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `γX̂ + β`, `(N, D)`; training mode needs N ≥ 2 and moves the running averages."""
        X = check_batch(self, X, self.features, self.gamma.dtype)
        if self.training:
            n = X.shape[0]
            if n < 2:
                raise ValueError(
                    f"{self!r}: expected at least 2 examples in training mode, received {n}; where that is the last "
                    "batch of an epoch, DataLoader(drop_last=True) leaves it out"
                )
            X_hat, inverse_std, mean, variance = standardize(X, 0, self.eps, self.buffer)
            self.running_mean *= 1 - self.momentum
            self.running_mean += self.momentum * mean
            self.running_var *= 1 - self.momentum
            self.running_var += (self.momentum * n / (n - 1)) * variance
        else:
            inverse_std = 1 / np.sqrt(self.running_var + X.dtype.type(self.eps))
            largest = np.finfo(X.dtype).max
            with np.errstate(over="ignore"):
                X_hat = np.subtract(X, self.running_mean, out=self.buffer(X.shape, X.dtype))
                X_hat *= inverse_std
                np.clip(X_hat, -largest, largest, out=X_hat)
        with np.errstate(over="ignore"):
            Y = np.multiply(X_hat, self.gamma.data, out=self.buffer(X.shape, X.dtype))
            Y += self.beta.data
        self.remember(Y, X_hat, inverse_std, self.training)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dγ` and `dβ`; return `dX` of the mode that forward ran in."""
        X_hat, inverse_std, batch_statistics = self.recall(dout)
        dX_hat = _add_gradients(self, dout, X_hat)
        if batch_statistics:
            return standardize_backward(dX_hat, X_hat, inverse_std, 0, self.buffer)
        dX_hat *= inverse_std
        return dX_hat

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
        self.eps = _check_eps("LayerNorm", eps, resolved)
        self.gamma = Parameter(np.ones((1, features), dtype=resolved), "gamma", decays=False)
        self.beta = Parameter(np.zeros((1, features), dtype=resolved), "beta", decays=False)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `γX̂ + β`, `(N, D)`."""
        X = check_batch(self, X, self.features, self.gamma.dtype)
        X_hat, inverse_std, _, _ = standardize(X, 1, self.eps, self.buffer)
        Y = np.multiply(X_hat, self.gamma.data, out=self.buffer(X.shape, X.dtype))
        Y += self.beta.data
        self.remember(Y, X_hat, inverse_std)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dγ` and `dβ`; return `dX`."""
        X_hat, inverse_std = self.recall(dout)
        return standardize_backward(_add_gradients(self, dout, X_hat), X_hat, inverse_std, 1, self.buffer)

    def __repr__(self) -> str:
        return f"LayerNorm({self.features})"
