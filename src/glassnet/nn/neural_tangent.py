"""The neural-tangent parametrization of a dense layer: weights of size 1, and a fixed division for their number."""

import math

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import NO_GRADIENT, FloatArray
from glassnet.nn.checks import check_batch, check_generator
from glassnet.nn.dense import Dense


class NeuralTangentDense(Dense):
    """`Z = XW/√D + b` with weights and biases that start from N(0, 1): `X (N, D)`, `W (D, H)`, `b (1, H)`, `Z (N, H)`.

    Why. With `Var[w] = 1` and independent entries, `Var[Σ_d x_d w_d/√D] = E[x²]`: the signal keeps its size without
    small weights. What changes against `Dense` with weights `V = W/√D` from N(0, 1/D) is how it learns. An optimizer
    such as Adam moves each w by about η, hence each v by η/√D: in wide layers the weights move less, and z, a sum of D
    of them, moves by about as much whatever D is. One learning rate then suits all widths and all numbers of features.
    And biases that differ from the first step spread the kinks of the units over the range of the data. (Jacot,
    Gabriel & Hongler, "Neural tangent kernel", 2018; for tables: Holzmüller, Grinsztajn & Steinwart, "Better by
    default", 2024.)

    Backward. Of `z_nh = Σ_d x_nd w_dh/√D + b_h`, with `dU = dZ/√D`: `dW = Xᵀ dU`, `dX = dU Wᵀ`, and `db = Σ_n dZ`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator | None = None,
        zeros: bool = False,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        """Draw weights and biases from N(0, 1).

        Args:
            in_features: D, 1 or more.
            out_features: H, 1 or more.
            rng: the generator to draw from; not needed with `zeros`.
            zeros: start with weights and biases of 0 instead, as a last layer may.
            dtype: float32 (for training) or float64 (for checking gradients).

        Raises:
            ValueError: for a size below 1, or without `rng` where it is needed.
            TypeError: for another dtype.
        """
        super().__init__(in_features, out_features, rng=rng, init="zeros" if zeros else 1.0, dtype=dtype)
        if not zeros:
            drawn = check_generator("NeuralTangentDense", rng).standard_normal(self.b.shape)
            self.b.data = drawn.astype(self.b.dtype)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `Z = XW/√D + b`, `(N, H)`, for `X (N, D)`."""
        check_batch(self, X, self.in_features, self.W.dtype)
        Z: FloatArray = X @ self.W.data
        Z *= 1 / math.sqrt(self.in_features)
        Z += self.b.data
        self.save_for_backward(Z, X)
        return Z

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Add `dW = XᵀdU` and `db = Σ dZ`; return `dX = dUWᵀ`, `(N, D)`."""
        (X,) = self.saved(dout)
        dU = dout * (1 / math.sqrt(self.in_features))
        self.W.accumulate(X.T, dU)
        self.b.accumulate(dout.sum(axis=0, keepdims=True))
        return dU @ self.W.data.T if input_gradient else NO_GRADIENT

    def __repr__(self) -> str:
        return f"NeuralTangentDense({self.in_features}, {self.out_features})"
