"""The twins' loops for losses: each is some lines of a text in `glassnet.nn.cross_entropy`, for one row at a time."""

import math
from typing import Any

from glassnet.compiled.compiler import compiled


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
