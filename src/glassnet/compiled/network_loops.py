"""The twins' loops for dense layers with rectifiers, and for softmax cross-entropy: the texts' lines, for each number.

The products are NumPy's own, hence the same bytes: the function of its BLAS is called by its address (see `products`).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.compiled.compiler import compiled

W_AT, B_AT, INPUTS, OUTPUTS, RECTIFIED = range(5)  # the columns of a table of layers
AS_IT_IS, TRANSPOSED = 111, 112  # CBLAS_TRANSPOSE
ROW_MAJOR = 101  # CBLAS_ORDER


def _multiply(
    typing_context: Any, product: Any, one: Any, left_form: Any, right_form: Any, M: Any, N: Any, K: Any, left: Any,
    left_stride: Any, right: Any, right_stride: Any, out: Any,
) -> Any:  # fmt: skip
    """Write the product of `left (M, K)` and `right (K, N)` to `out (M, N)`, row by row in memory.

    Args:
        typing_context: numba's.
        product: the address of the function, see `product_address`.
        one: 1 in the dtype of the arrays.
        left_form: `AS_IT_IS`, or `TRANSPOSED` where memory holds the transpose.
        right_form: the same for the right factor.
        M: rows of the product.
        N: its columns.
        K: the number of terms in each sum.
        left: the address of the left factor.
        left_stride: how many numbers its rows are apart in memory.
        right: the address of the right factor.
        right_stride: how many numbers its rows are apart in memory.
        out: the address of the product.
    """
    number, whole = types.float32 if one == types.float32 else types.float64, types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, one, left_form, right_form, M, N, K, left, left_stride, right, right_stride, out = arguments
        real, integer, flag = context.get_value_type(number), ir.IntType(64), ir.IntType(32)
        form = [flag, flag, flag, integer, integer, integer, real, *[integer] * 4, real, integer, integer]
        function = builder.inttoptr(address, ir.FunctionType(ir.VoidType(), form).as_pointer())
        forms = [flag(ROW_MAJOR), builder.trunc(left_form, flag), builder.trunc(right_form, flag)]
        sizes, factors = [M, N, K], [left, left_stride, right, right_stride]
        builder.call(function, [*forms, *sizes, one, *factors, real(0), out, N])
        return context.get_dummy_value()

    return types.void(whole, number, *[whole] * 10), code


multiply: Any = intrinsic(_multiply)


@compiled
def add_bias(Z: Any, b: Any) -> None:
    """Write `Z + b` in the place of Z."""
    rows, units = Z.shape
    for n in range(rows):
        for h in range(units):
            Z[n, h] += b[0, h]


@compiled
def add_bias_and_rectify(Z: Any, b: Any) -> None:
    """Write `max(0, Z + b)` in the place of Z; a NaN stays."""
    rows, units = Z.shape
    for n in range(rows):
        for h in range(units):
            z = Z[n, h] + b[0, h]
            Z[n, h] = 0 if z < 0 else z


@compiled
def bias_gradient(dZ: Any, db: Any) -> None:
    """Write `db = Σ dZ`, row after row from 0 on as NumPy adds them."""
    rows, units = dZ.shape
    for h in range(units):
        db[0, h] = 0
    for n in range(rows):
        for h in range(units):
            db[0, h] += dZ[n, h]


@compiled
def rectifier_and_bias_gradients(dA: Any, A: Any, db: Any) -> None:
    """Write `dZ = dA·(A > 0)` in the place of dA and `db = Σ dZ`, row after row from 0 on as NumPy adds them."""
    rows, units = A.shape
    zero, one = dA.dtype.type(0), dA.dtype.type(1)
    for h in range(units):
        db[0, h] = 0
    for n in range(rows):
        for h in range(units):
            dA[n, h] = dA[n, h] * (one if A[n, h] > 0 else zero)
        for h in range(units):
            db[0, h] += dA[n, h]


@compiled
def forward(product: Any, layers: Any, values: Any, X: Any, A: Any) -> None:
    """Write the outputs of all layers to A, layer after layer.

    Args:
        product: the address of NumPy's product.
        layers: a row for each layer: where in `values` its weights and its biases begin, D, H, whether a rectifier
            follows.
        values: all parameters, end to end.
        X: the batch, `(N, D)`.
        A: room for `N·ΣH` numbers.
    """
    rows, size, one, before = X.shape[0], X.itemsize, X.dtype.type(1), X.ctypes.data
    start = 0
    for layer in range(layers.shape[0]):
        D, H, W, b = layers[layer, INPUTS], layers[layer, OUTPUTS], layers[layer, W_AT], layers[layer, B_AT]
        Z = A[start : start + rows * H].reshape(rows, H)
        multiply(
            product, one, AS_IT_IS, AS_IT_IS, rows, H, D, before, D, values.ctypes.data + size * W, H, Z.ctypes.data
        )
        bias = values[b : b + H].reshape(1, H)
        if layers[layer, RECTIFIED]:
            add_bias_and_rectify(Z, bias)
        else:
            add_bias(Z, bias)
        before = Z.ctypes.data
        start += rows * H


@compiled
def backward(product: Any, layers: Any, values: Any, gradients: Any, X: Any, A: Any, dA: Any, dX: Any) -> None:
    """Write `dW` and `db` of all layers into `gradients`, and the gradient of the batch to dX, if it has room for it.

    Args:
        product: the address of NumPy's product.
        layers: as for `forward`.
        values: all parameters, end to end.
        gradients: all gradients, in the same order.
        X: the batch, `(N, D)`.
        A: the outputs of all layers, as `forward` left them.
        dA: room for as many gradients; those of the last layer's outputs are there.
        dX: `(N, D)`, or `(0, 0)`.
    """
    rows, size, one, stop = X.shape[0], X.itemsize, X.dtype.type(1), A.size
    for layer in range(layers.shape[0] - 1, -1, -1):
        D, H, W, b = layers[layer, INPUTS], layers[layer, OUTPUTS], layers[layer, W_AT], layers[layer, B_AT]
        start = stop - rows * H
        dZ = dA[start:stop].reshape(rows, H)
        db = gradients[b : b + H].reshape(1, H)
        if layers[layer, RECTIFIED]:
            rectifier_and_bias_gradients(dZ, A[start:stop].reshape(rows, H), db)
        else:
            bias_gradient(dZ, db)
        before = X.ctypes.data if layer == 0 else A.ctypes.data + size * (start - rows * D)
        multiply(
            product, one, TRANSPOSED, AS_IT_IS, D, H, rows, before, D, dZ.ctypes.data, H,
            gradients.ctypes.data + size * W,
        )  # fmt: skip
        if layer > 0 or dX.size:
            back = dX.ctypes.data if layer == 0 else dA.ctypes.data + size * (start - rows * D)
            weights = values.ctypes.data + size * W
            multiply(product, one, AS_IT_IS, TRANSPOSED, rows, D, H, dZ.ctypes.data, H, weights, H, back)
        stop = start


@compiled
def shift(Z: Any, labels: Any, lowest: Any, S: Any) -> bool:
    """Write `S = Z − max_c Z`; return whether every label is a class and every difference finite, `lowest` or more."""
    rows, classes = Z.shape
    is_plain = True
    for n in range(rows):
        is_plain &= (labels[n] >= 0) & (labels[n] < classes)
        largest = Z[n, 0]
        for c in range(1, classes):
            largest = max(largest, Z[n, c])
        for c in range(classes):
            S[n, c] = Z[n, c] - largest
    differences = S.reshape(-1)
    for i in range(differences.size):
        is_plain &= differences[i] >= lowest  # false for a NaN
    return is_plain


@compiled
def log_probability_and_gradient(E: Any, S: Any, sums: Any, logs: Any, labels: Any, D: Any, chosen: Any) -> None:
    """Write `log p` of each row's label into `chosen`, and `(P − Y)/D`, where `P = E/sums`, in the place of E."""
    rows, classes = E.shape
    for n in range(rows):
        chosen[n] = S[n, labels[n]] - logs[n]
        total = sums[n]
        for c in range(classes):
            E[n, c] = E[n, c] / total
        E[n, labels[n]] -= 1
    differences = E.reshape(-1)
    for i in range(differences.size):
        differences[i] = differences[i] / D


@compiled
def hits(Z: Any, labels: Any) -> int:
    """Return how many rows have their largest entry, the first of them, at their label; a NaN is larger than any."""
    rows, classes = Z.shape
    count = 0
    for n in range(rows):
        best = 0
        for c in range(1, classes):
            if math.isnan(Z[n, best]):
                break
            if Z[n, c] > Z[n, best] or math.isnan(Z[n, c]):
                best = c
        if best == labels[n]:
            count += 1
    return count


@compiled
def forward_to_loss(product: Any, layers: Any, values: Any, X: Any, A: Any, labels: Any, lowest: Any, S: Any) -> bool:
    """Do what `forward` does, then what `shift` does with the last layer's outputs."""
    forward(product, layers, values, X, A)
    return shift(A[A.size - S.size :].reshape(S.shape), labels, lowest, S)


@compiled
def backward_from_loss(
    product: Any, layers: Any, values: Any, gradients: Any, X: Any, A: Any, dA: Any, S: Any, sums: Any, logs: Any,
    labels: Any, D: Any, fraction: Any, chosen: Any,
) -> int:  # fmt: skip
    """Do what `log_probability_and_gradient` does with the exponentials at the end of dA, times `fraction`; go back.

    Returns:
        How many rows have their largest logit at their label.
    """
    dZ = dA[dA.size - S.size :]
    log_probability_and_gradient(dZ.reshape(S.shape), S, sums, logs, labels, D, chosen)
    for i in range(dZ.size):
        dZ[i] = fraction * dZ[i]
    backward(product, layers, values, gradients, X, A, dA, X[:0])
    return hits(A[A.size - S.size :].reshape(S.shape), labels)


@compiled
def _product(address: Any, left: Any, left_form: Any, right: Any, right_form: Any, out: Any) -> None:
    M, N = out.shape
    K = left.shape[0] if left_form == TRANSPOSED else left.shape[1]
    multiply(
        address, out.dtype.type(1), left_form, right_form, M, N, K, left.ctypes.data, left.shape[1], right.ctypes.data,
        right.shape[1], out.ctypes.data,
    )  # fmt: skip


def product(address: int, left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `left @ right` by the function at an address; of each factor, it or its transpose is in C order."""
    out = np.empty((left.shape[0], right.shape[1]), left.dtype)
    forms = [(each, AS_IT_IS) if each.flags.c_contiguous else (each.T, TRANSPOSED) for each in (left, right)]
    _product(address, *forms[0], *forms[1], out)
    return out
