"""Every module once: the table that tests of gradients, contract, state, dtype and telemetry go through.

A new layer gets its row here, and is then held to all of them.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from glassnet import nn

Make: TypeAlias = Callable[[int, type], nn.Module]


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _dense(fan_in: int, fan_out: int, dtype: type) -> nn.Dense:
    return nn.Dense(fan_in, fan_out, rng=_rng(), dtype=dtype)


# Each as a function of its width and its dtype; modules without parameters take any.
MODULES: dict[str, Make] = {
    "dense": lambda width, dtype: _dense(width, width, dtype),
    "relu": lambda width, dtype: nn.ReLU(),
    "leaky_relu": lambda width, dtype: nn.LeakyReLU(0.1),
    "sigmoid": lambda width, dtype: nn.Sigmoid(),
    "tanh": lambda width, dtype: nn.Tanh(),
    "gelu": lambda width, dtype: nn.GELU(),
    "silu": lambda width, dtype: nn.SiLU(),
    "selu": lambda width, dtype: nn.SELU(),
    "mish": lambda width, dtype: nn.Mish(),
    "scale": lambda width, dtype: nn.Scale(width, dtype=dtype),
    "neural_tangent": lambda width, dtype: nn.NeuralTangentDense(width, width, rng=_rng(), dtype=dtype),
    "dropout": lambda width, dtype: nn.Dropout(0.4, rng=_rng()),
    "batch_norm": lambda width, dtype: nn.BatchNorm(width, dtype=dtype),
    "layer_norm": lambda width, dtype: nn.LayerNorm(width, dtype=dtype),
    "residual": lambda width, dtype: nn.Residual(
        nn.Sequential(_dense(width, 3, dtype), nn.Tanh(), _dense(3, width, dtype))
    ),
    "residual of residual": lambda width, dtype: nn.Residual(nn.Residual(nn.BatchNorm(width, dtype=dtype))),
    "sequential": lambda width, dtype: nn.Sequential(
        nn.GELU(), nn.Dropout(0.4, rng=_rng()), nn.LayerNorm(width, dtype=dtype)
    ),
}


def with_frozen_masks(module: nn.Module) -> nn.Module:
    """Have each Dropout inside keep its mask from one forward pass to the next, and return the module."""
    for inner in module.modules():
        if isinstance(inner, nn.Dropout):
            inner.frozen = True
    return module
