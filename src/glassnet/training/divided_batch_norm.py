"""Batch normalization over the rows of all processes that train together."""

import numpy as np

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.checks import check_batch
from glassnet.training.divided_dense import Group
from glassnet.training.sharing import shared


class DividedBatchNorm(nn.Module):
    """`Y = γ·X̂ + β` with X̂ standardized over the whole batch, of which each process has some rows.

    Statistics are sums over rows, and so sums over processes of the sums over the rows of each. Forward they meet
    twice: for `μ = Σ_r Σ_i x_i/N`, and for `σ² = Σ_r Σ_i (x_i − μ)²/N`, with what rounding has left of the mean of
    `x_i − μ`. Back once, for the two means of `dx_j = s(dx̂_j − mean(dx̂) − x̂_j·mean(dx̂·x̂))`, which `nn.BatchNorm`
    derives; `dγ` and `dβ` are of a process's own rows, and are added up with all other gradients. (Ioffe & Szegedy,
    "Batch normalization", 2015; over several devices: Peng et al., "MegDet", 2018.)

    What the processes hand each other is a few numbers a feature, and not the rows.
    """

    def __init__(self, norm: nn.BatchNorm, group: Group) -> None:
        """Divide the work of a layer, which goes on to keep the running averages."""
        self.norm, self.group = norm, group
        shape = (3, group.processes, 2, norm.features)  # a place for each of the three times that they meet
        self._sums = shared(int(np.prod(shape)), norm.gamma.dtype).reshape(shape)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return this process's rows of Y, for its rows of X; rank 0 moves the running averages."""
        norm, n = self.norm, self.group.rows
        check_batch(norm, X, norm.features, norm.gamma.dtype)
        norm.require_rows(n)
        (mean,) = self._means(0, X)
        centred = X - mean
        rest, square = self._means(1, centred, centred**2)
        variance = square - rest**2
        centred -= rest
        # A square that overflows would leave X̂ = 0 without a word; a NaN ends the training with one.
        s = np.where(np.isfinite(variance), 1 / np.sqrt(variance + X.dtype.type(norm.eps)), X.dtype.type(np.nan))
        X_hat: FloatArray = centred * s
        if self.group.rank == 0:
            norm.take_in(mean + rest, variance, n)
        Y: FloatArray = norm.gamma.data * X_hat + norm.beta.data
        self.save_for_backward(Y, X_hat, s)
        norm.show(X, Y)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dγ` and `dβ` of this process's rows; return its rows of dX."""
        (X_hat, s), norm = self.saved(dout), self.norm
        norm.gamma.accumulate((dout * X_hat).sum(axis=0, keepdims=True))
        norm.beta.accumulate(dout.sum(axis=0, keepdims=True))
        dX_hat = dout * norm.gamma.data
        mean, projection = self._means(2, dX_hat, dX_hat * X_hat)
        dX: FloatArray = s * (dX_hat - mean - X_hat * projection)
        return dX if self.group.has_rows else np.zeros_like(dX)  # of a row that another process has

    def _means(self, place: int, *arrays: FloatArray) -> list[FloatArray]:
        """Return the mean `(1, D)` of each array over the rows of all processes."""
        group, sums = self.group, self._sums[place]
        for kind, array in enumerate(arrays):
            # Where there are too few rows for every process, one has another's row, which counts there.
            sums[group.rank, kind] = array.sum(axis=0) if group.has_rows else 0
        group.meet()
        return [sums[:, kind].sum(axis=0, keepdims=True) / group.rows for kind in range(len(arrays))]

    def __repr__(self) -> str:
        return repr(self.norm)
