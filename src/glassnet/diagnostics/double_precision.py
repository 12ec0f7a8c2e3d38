"""A copy of a model in float64: for what compares sums with differences, where float32 would be the larger error."""

import copy

import numpy as np

from glassnet import nn


def in_float64(model: nn.Module) -> nn.Module:
    """Return a copy of `model` whose parameters and buffers are float64."""
    model = copy.deepcopy(model)
    wide: dict[int, nn.Parameter] = {}  # a parameter that two layers share stays shared
    for module in model.modules():
        for name, attribute in list(vars(module).items()):
            if isinstance(attribute, nn.Parameter):
                if id(attribute) not in wide:
                    data = attribute.data.astype(np.float64)
                    wide[id(attribute)] = nn.Parameter(data, attribute.name, weight_decay=attribute.weight_decay)
                setattr(module, name, wide[id(attribute)])
        for name in module.buffer_names:
            setattr(module, name, getattr(module, name).astype(np.float64))
    return model
