"""What keeps a training from being shared by several processes."""

import sys

from glassnet import nn
from glassnet.data import DataLoader
from glassnet.optim import Optimizer
from glassnet.training.checkpoint import own_generators
from glassnet.training.run import TrainingRun


def rows_to_share(run: TrainingRun, processes: int) -> int:
    """Return how many rows a batch of `run` has at most, after checking that `processes` of them can share it.

    Raises:
        ValueError: if the loader or the optimizer works in a way of its own; if there are fewer rows in a batch than
            processes; if what a module or the loss makes of one row depends on other rows, or on random numbers of its
            own; or if this system cannot fork safely.
    """
    if sys.platform != "linux":
        raise ValueError(f"fit: expected Linux for processes={processes}, received {sys.platform}; use 1 process")
    if not isinstance(run.train_loader, DataLoader) or type(run.optimizer).step is not Optimizer.step:
        raise ValueError(
            f"fit: expected a DataLoader and an optimizer with the usual step for processes={processes}, which can "
            f"be divided, received {type(run.train_loader).__name__} and {type(run.optimizer).__name__}; use 1 "
            "process"
        )
    if processes > (rows := min(run.train_loader.batch_size, len(run.train_loader.dataset))):
        raise ValueError(
            f"fit: expected a row of each batch for every process, received processes={processes} and batches of "
            f"{rows}; use fewer processes, as many as there are cores at most"
        )
    parts: list[nn.Module | nn.Loss] = [*run.model.modules(), run.loss]
    shared = [layer for layer in layers_of(run.model) if type(layer) is nn.BatchNorm]
    for part in parts:
        if problem := "" if part in shared else _hindrance(part):
            raise ValueError(
                f"fit: expected a model and a loss that treat each row by itself for processes={processes}, "
                f"received {part!r}, {problem}; use 1 process, or leave it out"
            )
    return rows


def layers_of(model: nn.Module) -> tuple[nn.Module, ...]:
    """Return the layers of a model that is a row of modules; none of any other, whose way through them is its own."""
    return model.layers if type(model) is nn.Sequential else ()


def _hindrance(part: nn.Module | nn.Loss) -> str:
    """Return why this part's work on a batch cannot be shared among processes; nothing if it can."""
    if isinstance(part, nn.Module) and part.buffer_names:
        return "whose statistics are those of the whole batch"
    if not isinstance(part, nn.Dropout) and own_generators(part):
        return "which draws random numbers of its own"
    return ""
