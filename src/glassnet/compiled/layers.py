"""The twins' loops for layers: a bias and a rectifier, forward and back, in one pass over memory each."""

from typing import Any

from glassnet.compiled.compiler import compiled


@compiled
def add_bias_and_rectify(Z: Any, b: Any) -> None:
    """Write `max(0, Z + b)` in the place of Z; a NaN stays."""
    rows, units = Z.shape
    for n in range(rows):
        for h in range(units):
            z = Z[n, h] + b[0, h]
            Z[n, h] = 0 if z < 0 else z


@compiled
def rectifier_and_bias_gradients(dA: Any, A: Any, dZ: Any, db: Any) -> None:
    """Write `dZ = dA·(A > 0)` and `db = Σ dZ`, row after row as NumPy adds them."""
    rows, units = A.shape
    zero, one = dA.dtype.type(0), dA.dtype.type(1)
    for h in range(units):
        db[0, h] = dA[0, h] * (one if A[0, h] > 0 else zero)
        dZ[0, h] = db[0, h]
    for n in range(1, rows):
        for h in range(units):
            dZ[n, h] = dA[n, h] * (one if A[n, h] > 0 else zero)
        for h in range(units):
            db[0, h] += dZ[n, h]
