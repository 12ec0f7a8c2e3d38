"""A dense layer whose weights are divided among the processes that train together, so that none of them travels."""

from typing import Protocol

import numpy as np

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.arrays import NO_GRADIENT
from glassnet.nn.checks import check_batch
from glassnet.training.sharing import part_of, shared

LEAST = 2**16  # weights of a layer that is worth the waits for each other


class Group(Protocol):
    """What a divided layer asks of the processes: which this one is, and the rows that each has of the batch.

    Attributes:
        rank: this process's number.
        processes: how many there are.
        rows: how many rows the batch has.
        own: this process's rows of it; the first, where there are too few for it to have any.
        has_rows: whether it has any.
    """

    rank: int
    processes: int
    rows: int
    own: slice
    has_rows: bool

    def meet(self) -> None:
        """Return once all processes have come here."""


class DividedDense(nn.Module):
    """`Z = Σ_p X_p W_p + b`, where `X_p (N, D/P)` and `W_p (D/P, H)` are the inputs and weights of process p.

    The sum over inputs in `XW` is one over processes of sums over the inputs of each. Every process has its own rows of
    the batch, and of all rows its own inputs; so they hand each other the columns of X that they lack, and add up the
    rows of Z that each goes on with. Back: `dW_p = X_pᵀ dZ` takes all rows of dZ, and is then whole; `dX_p = dZ W_pᵀ`.

    What travels between the processes is `N·(D + H)` numbers each way. Where every process has all weights and its
    own rows alone, it is `D·H`: the weights that others have updated, and the gradients to be added. (Shoeybi et al.,
    "Megatron-LM", 2019, divide layers of transformers so.)
    """

    def __init__(self, dense: nn.Dense, gradient: FloatArray, group: Group, most_rows: int) -> None:
        """Divide a layer.

        Args:
            dense: the layer, whose weights lie in shared memory.
            gradient: where all processes put the gradient of those, `(D, H)`.
            group: the processes.
            most_rows: how many rows a batch can have.
        """
        self.dense, self.gradient, self.group = dense, gradient, group
        (D, H), dtype = dense.W.shape, dense.W.dtype
        self._X, self._dX = (shared(most_rows * D, dtype).reshape(most_rows, D) for _ in range(2))
        self._sums = shared(group.processes * most_rows * H, dtype).reshape(group.processes, most_rows, H)
        self._dZ = shared(most_rows * H, dtype).reshape(most_rows, H)

    @staticmethod
    def pays(dense: nn.Dense, rows: int) -> bool:
        """Return whether less travels between the processes with this layer divided, for batches of so many rows."""
        D, H = dense.W.shape
        return D * H >= LEAST and rows * (D + H) < D * H

    def _own_inputs(self) -> slice:
        """Return this process's inputs."""
        return part_of(self.dense.in_features, self.group.rank, self.group.processes)

    def own_weights(self, weights: slice) -> slice:
        """Return where this process's weights lie in a vector that has all `weights` of the layer, row by row."""
        inputs, H = self._own_inputs(), self.dense.out_features
        return slice(weights.start + inputs.start * H, weights.start + inputs.stop * H)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return this process's rows of Z, for its rows of X."""
        group, W, b = self.group, self.dense.W.data, self.dense.b.data
        check_batch(self.dense, X, self.dense.in_features, W.dtype)
        if group.has_rows:
            self._X[group.own] = X
        group.meet()
        inputs = self._own_inputs()
        X_p = self._X[: group.rows, inputs]
        np.matmul(X_p, W[inputs], out=self._sums[group.rank, : group.rows])
        group.meet()
        Z: FloatArray = self._sums[:, group.own].sum(axis=0)
        Z += b
        self.save_for_backward(Z, X_p)
        self.dense.show(X, Z)
        return Z

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Write `dW_p`, add this process's rows to `db`; return its rows of dX."""
        group, W = self.group, self.dense.W.data
        (X_p,) = self.saved(dout)
        if group.has_rows:
            self._dZ[group.own] = dout
        group.meet()
        inputs, dZ = self._own_inputs(), self._dZ[: group.rows]
        np.matmul(X_p.T, dZ, out=self.gradient[inputs])
        self.dense.b.accumulate(dout.sum(axis=0, keepdims=True))
        if not input_gradient:
            return NO_GRADIENT
        self._dX[: group.rows, inputs] = dZ @ W[inputs].T
        group.meet()
        dX: FloatArray = self._dX[group.own]
        return dX if group.has_rows else np.zeros_like(dX)  # another process has the row that stands in for its own

    def __repr__(self) -> str:
        return repr(self.dense)
