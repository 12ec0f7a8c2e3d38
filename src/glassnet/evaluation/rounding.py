"""How the numbers of an evaluation are written down: six digits, and nothing for what is undefined."""

from typing import Any

import numpy as np


def six_digits(value: Any) -> Any:
    """Round all numbers in a nested value: what comes after depends on the processor and says nothing of the model.

    What is not there, None, or undefined, NaN, is left out: DVC calls a file with a null among its metrics a failure.
    """
    if isinstance(value, dict):
        rounded = {key: six_digits(inner) for key, inner in value.items()}
        return {key: inner for key, inner in rounded.items() if inner is not None}
    if isinstance(value, list):
        return [six_digits(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value
