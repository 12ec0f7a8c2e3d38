"""Measures the statistics of BatchNorm anew, for weights that are not those the running averages were taken with."""

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.training.evaluation_mode import evaluation_mode


def batch_norm_layers(model: nn.Module) -> list[nn.BatchNorm]:
    """Return the model's layers that keep running averages of their inputs."""
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm)]


def recompute_batch_statistics(model: nn.Module, batches: Iterable[tuple[FloatArray, npt.NDArray[Any]]]) -> None:
    """Set the running averages of every BatchNorm of `model` to the statistics over `batches`.

    Running averages follow the inputs that a layer had while the weights moved. Averaged weights give a layer other
    inputs, so evaluation would standardize by the wrong numbers. With `n_k` rows in batch k the mean becomes
    `Σ_k n_k·μ_k / Σ_k n_k`, the variance likewise: the running average whose momentum at batch k is
    `n_k / (n_1 + … + n_k)`.

    All other modules are in evaluation mode, so dropout neither changes the statistics nor draws random numbers.
    (Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018, section 3.2.)
    """
    layers = batch_norm_layers(model)
    momenta = [layer.momentum for layer in layers]
    rows = 0
    with evaluation_mode(model):
        for layer in layers:
            layer.training = True
        try:
            for X, _ in batches:
                rows += len(X)
                for layer in layers:
                    layer.momentum = len(X) / rows
                model.forward(X)
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum
