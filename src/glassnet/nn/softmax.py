"""Softmax and its logarithm, computed so that neither can overflow."""

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch


def shifted(Z: FloatArray) -> FloatArray:
    """Return `S = Z − max_c Z`, each row's largest entry 0: what softmax sees is the same, and `e^S` cannot overflow.

    The difference of huge finite logits is cut to the lowest number there is. A logit of −inf stays −inf. A row that
    has a NaN or +inf, or nothing but −inf, has no softmax: it becomes NaN, in part or whole.

    Chapter 3 of the course, docs/learn/3-forward.md, derives the shift.
    """
    largest = Z[np.arange(len(Z)), Z.argmax(axis=1)][:, np.newaxis]  # Z.max(axis=1) takes three times as long
    with np.errstate(over="ignore", invalid="ignore"):
        S = Z - largest
    if not np.isfinite(S).all():
        S = np.where(np.isneginf(S) & np.isfinite(Z), np.finfo(Z.dtype).min, S)
    return S


def softmax(logits: FloatArray) -> FloatArray:
    """Return `p_c = e^(z_c)/Σ_k e^(z_k)` for each row of `logits (N, C)`."""
    E = np.exp(shifted(check_batch("softmax", logits)))
    return E / E.sum(axis=1, keepdims=True)


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return `log p_c = z_c − log Σ_k e^(z_k)` for each row of `logits (N, C)`, without ever forming a `p_c` of 0.

    It is finite for finite logits, however huge; −inf where a logit is.
    """
    S = shifted(check_batch("log_softmax", logits))
    return S - np.log(np.exp(S).sum(axis=1, keepdims=True))
