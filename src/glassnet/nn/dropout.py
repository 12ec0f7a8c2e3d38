"""Dropout: each unit is silenced at random while training, so that no unit can lean on another."""

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch, check_generator, check_number
from glassnet.nn.module import Module


class Dropout(Module):
    """`Y = X · M/(1 − p)` in training with a mask M of zeros (probability p) and ones; `Y = X` in evaluation.

    The division keeps the mean: `E[y] = x·(1 − p)/(1 − p) = x`, so evaluation needs no correction ("inverted" dropout).

    Backward. With the mask held fixed, Y is linear in X: `dX = dY · M/(1 − p)`, with the *same* mask as forward.
    (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, "Dropout", 2014.)

    Chapter 5 of the course, docs/learn/5-reliable-training.md, shows what it is for.

    Attributes:
        frozen: while True, training-mode forwards reuse the last mask instead of drawing one: the layer is then a
            fixed function whose gradient can be checked.
        others: how many rows of the batch lie before and after those that `forward` receives, where several processes
            share a batch: a mask is drawn for the whole batch, the same in each process, and each takes its rows of it.
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        """Set the probability `p` in [0, 1) of dropping a unit, and the generator `rng` of the masks, always needed."""
        self.p = check_number("Dropout", "p", p, 0, 1)
        self.rng = check_generator("Dropout", rng)
        self.frozen = False
        self.others = (0, 0)
        self._mask: FloatArray | None = None

    @property
    def is_random(self) -> bool:
        """Whether every next forward would draw a mask; frozen, the first one draws it, if there is none yet."""
        return self.training and self.p > 0 and not self.frozen

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X · M/(1 − p)` in training, `X` itself in evaluation."""
        check_batch(self, X)
        if not self.training or self.p == 0:
            self.save_for_backward(X, None)
            return X
        mask = self._frozen_mask(X) if self.frozen else self._draw_mask(X)
        Y = X * mask
        self.save_for_backward(Y, mask)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · M/(1 − p)` with the mask of the forward pass, `dout` itself in evaluation."""
        (mask,) = self.saved(dout)
        return dout if mask is None else dout * mask

    def _draw_mask(self, X: FloatArray) -> FloatArray:
        """Return `M/(1 − p)` for X, and keep it."""
        before, after = self.others
        draws = self.rng.random((before + len(X) + after, X.shape[1]), dtype=np.float32)[before : before + len(X)]
        self._mask = (draws >= self.p).astype(X.dtype) / (1 - self.p)
        return self._mask

    def _frozen_mask(self, X: FloatArray) -> FloatArray:
        if self._mask is None:
            return self._draw_mask(X)
        if self._mask.shape != X.shape:
            raise ValueError(f"{self!r}: frozen, expected the shape of its mask {self._mask.shape}, received {X.shape}")
        return self._mask.astype(X.dtype, copy=False)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
