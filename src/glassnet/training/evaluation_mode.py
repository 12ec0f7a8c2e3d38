"""Looks at a model as it is used, without a trace: in evaluation mode, and each module in its own mode afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from glassnet import nn


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch `model` to evaluation mode, and each module back to its own afterwards, whatever happens meanwhile."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
