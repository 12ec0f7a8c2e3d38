"""The fully connected layer: every output is a weighted sum of every input, plus a bias."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import NO_GRADIENT, FloatArray
from glassnet.nn.checks import check_batch, check_count, float_dtype
from glassnet.nn.init import Initialization, initial_weights
from glassnet.nn.module import Module
from glassnet.nn.parameter import Parameter


class Dense(Module):
    """`Z = XW + b`: `X (N, D)`, `W (D, H)`, `b (1, H)`, `Z (N, H)`.

    Backward. Write the layer for one entry, `z_nh = Σ_d x_nd w_dh + b_h`, and let `dZ = ∂ℓ/∂Z`. The chain rule sums
    over every entry of Z that an input, weight or bias takes part in:

    - `∂ℓ/∂w_dh = Σ_n x_nd dz_nh`, hence `dW = Xᵀ dZ`;
    - `∂ℓ/∂b_h = Σ_n dz_nh`, hence `db = Σ_n dZ`, one row, since every example uses the same bias;
    - `∂ℓ/∂x_nd = Σ_h dz_nh w_dh`, hence `dX = dZ Wᵀ`.

    The loss is a mean over the batch, so its `1/N` is already inside `dZ`. (Rumelhart, Hinton & Williams, "Learning
    representations by back-propagating errors", 1986.)

    Chapter 4 of the course, docs/learn/4-backward.md, derives it.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator | None = None,
        init: Initialization = "he_normal",
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        """Draw the weights by the rule `init` from `rng`; the biases start at zero.

        Args:
            in_features: D, 1 or more; the layer's fan-in.
            out_features: H, 1 or more; its fan-out.
            rng: the generator to draw from; needed by every rule but "zeros".
            init: a rule's name or a scale, see `glassnet.nn.init`.
            dtype: float32 (for training) or float64 (for checking gradients).

        Raises:
            ValueError: for a size below 1, an unknown rule, or a random rule without `rng`.
            TypeError: for another dtype.
        """
        self.in_features = check_count("Dense", "in_features", in_features)
        self.out_features = check_count("Dense", "out_features", out_features)
        resolved: np.dtype[Any] = float_dtype("Dense", dtype)
        self.W = Parameter(initial_weights(init, rng, self.in_features, self.out_features, resolved), "W")
        self.b = Parameter(np.zeros((1, self.out_features), dtype=resolved), "b", weight_decay=False)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `Z = XW + b`, `(N, H)`, for `X (N, D)`."""
        check_batch(self, X, self.in_features, self.W.dtype)
        Z: FloatArray = X @ self.W.data
        Z += self.b.data
        self.save_for_backward(Z, X)
        return Z

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Add `dW = XᵀdZ` and `db = Σ dZ`; return `dX = dZWᵀ`, `(N, D)`."""
        (X,), dZ = self.saved(dout), dout
        self.W.accumulate(X.T, dZ)
        self.b.accumulate(dZ.sum(axis=0, keepdims=True))
        return dZ @ self.W.data.T if input_gradient else NO_GRADIENT

    def __repr__(self) -> str:
        return f"Dense({self.in_features}, {self.out_features})"
