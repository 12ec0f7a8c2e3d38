"""The twins: each loop is the body of a text in `glassnet.optim`, line by line, for one element."""

import math
from typing import Any

import numpy as np

from glassnet.compiled.compiler import compiled
from glassnet.nn.arrays import FloatArray


@compiled
def _sgd(W: Any, g: Any, eta: Any) -> None:
    for i in range(W.size):
        W[i] -= eta * g[i]


@compiled
def _momentum(W: Any, g: Any, v: Any, eta: Any, beta: Any, rest: Any) -> None:
    for i in range(W.size):
        v[i] = beta * v[i] + rest * g[i]
        W[i] -= eta * v[i]


@compiled
def _nesterov(W: Any, g: Any, v: Any, eta: Any, beta: Any, rest: Any) -> None:
    for i in range(W.size):
        v[i] = beta * v[i] + rest * g[i]
        W[i] -= eta * (beta * v[i] + rest * g[i])


@compiled
def _rmsprop(W: Any, g: Any, s: Any, eta: Any, beta: Any, rest: Any, eps: Any) -> None:
    for i in range(W.size):
        s[i] = beta * s[i] + rest * (g[i] * g[i])
        W[i] -= eta * g[i] / (math.sqrt(s[i]) + eps)


@compiled
def _adam(
    W: Any, g: Any, m: Any, v: Any, eta: Any, beta1: Any, rest1: Any, beta2: Any, rest2: Any, unbias1: Any,
    unbias2: Any, eps: Any,
) -> None:  # fmt: skip
    for i in range(W.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * (g[i] * g[i])
        m_hat = unbias1 * m[i]
        v_hat = unbias2 * v[i]
        W[i] -= eta * m_hat / (math.sqrt(v_hat) + eps)


@compiled
def _adam_rounded(W: Any, g: Any, m: Any, v: Any, numbers: Any) -> None:
    eta, beta1, rest1, beta2, rest2, unbias1, unbias2, eps = numbers
    dtype = W.dtype.type  # as NumPy takes numbers: computed in 64 bits and rounded once
    _adam(
        W, g, m, v, dtype(eta), dtype(beta1), dtype(rest1), dtype(beta2), dtype(rest2), dtype(unbias1), dtype(unbias2),
        dtype(eps),
    )  # fmt: skip


@compiled
def _decay(W: Any, D: Any, shrinking: Any) -> None:
    for i in range(W.size):
        W[i] -= shrinking * D[i] * W[i]


@compiled
def _soft_threshold(W: Any, D: Any, shrinking: Any) -> None:
    for i in range(W.size):
        limit = shrinking * D[i]
        if W[i] > limit:
            W[i] -= limit
        elif W[i] < -limit:
            W[i] += limit
        else:
            W[i] -= W[i]  # 0, and NaN of NaN


@compiled
def _average(W_bar: Any, W: Any, rest: Any) -> None:
    for i in range(W.size):
        W_bar[i] += rest * (W[i] - W_bar[i])


@compiled
def _clip(values: Any, limit: Any) -> None:
    for i in range(values.size):
        if values[i] > limit:
            values[i] = limit
        elif values[i] < -limit:
            values[i] = -limit


@compiled
def _flush(values: Any, least: Any) -> None:
    for i in range(values.size):
        if abs(values[i]) < least:
            values[i] = 0


def _scalars(array: FloatArray, *values: float) -> tuple[np.floating[Any], ...]:
    """Return numbers in the array's dtype, as NumPy takes them: computed in 64 bits and rounded once."""
    return tuple(array.dtype.type(value) for value in values)


def sgd(optimizer: Any, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
    """Do what `SGD.update` does."""
    beta, (v,) = optimizer.momentum, slots
    if beta == 0:
        _sgd(W, g, *_scalars(W, optimizer.learning_rate))
    else:
        loop = _nesterov if optimizer.nesterov else _momentum
        loop(W, g, v, *_scalars(W, optimizer.learning_rate, beta, 1 - beta))


def rmsprop(optimizer: Any, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
    """Do what `RMSProp.update` does."""
    beta, (s,) = optimizer.beta, slots
    _rmsprop(W, g, s, *_scalars(W, optimizer.learning_rate, beta, 1 - beta, optimizer.eps))


def adam(optimizer: Any, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
    """Do what `Adam.update` does."""
    (beta1, beta2), t, (m, v) = optimizer.betas, optimizer.steps, slots
    rates = (float(beta1), 1.0 - beta1, float(beta2), 1.0 - beta2, 1 / (1 - beta1**t), 1 / (1 - beta2**t))
    _adam_rounded(W, g, m, v, (float(optimizer.learning_rate), *rates, float(optimizer.eps)))


def adamw(optimizer: Any, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
    """Do what `AdamW.update` does."""
    *moments, D = slots
    _decay(W, D, *_scalars(W, optimizer.learning_rate * optimizer.weight_decay))
    adam(optimizer, W, g, *moments)
    if optimizer.l1_decay:
        _soft_threshold(W, D, *_scalars(W, optimizer.learning_rate * optimizer.l1_decay))


def average(W_bar: FloatArray, W: FloatArray, decay: float) -> None:
    """Do what `averaging.average` does."""
    _average(W_bar, W, *_scalars(W, 1 - decay))


def clip(values: FloatArray, limit: float) -> None:
    """Do what `clipping.clip` does."""
    _clip(values, *_scalars(values, limit))


def flush(values: FloatArray, least: float) -> None:
    """Do what `denormals.flush_denormals` does."""
    _flush(values, *_scalars(values, least))
