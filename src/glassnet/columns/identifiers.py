"""Columns that name or count the rows instead of describing them."""

import re

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import to_numbers
from glassnet.columns.string_column import StringColumn

LEAST_ROWS = 10  # with fewer, whole numbers are all different by chance
LEAST_DIGITS = 7  # as many in each: account numbers have, quantities seldom
LEAST_PAIRS = 3
WORDS = (
    "id|ids|uid|uuid|guid|key|code|no|nr|num|number|index|idx|row|rowname|rownames|serial|account|customer|client|user|"
    "patient|subject|case|sample|order|invoice|ticket|record|member|employee|student|respondent|participant|passenger"
)
NAMED = re.compile(rf"(?:^|[\W_])(?:{WORDS})$", re.IGNORECASE)
CAMEL = re.compile(r"[a-z](?:ID|Id|Key|Code|No|Nr|Num|Number|Index)$")


def counts_rows(column: StringColumn, decimal: str) -> bool:
    """Return whether a column is 0, 1, 2, … or 1, 2, 3, … in the order of the file, with a number in each row."""
    if len(column.strings) < len(column.places) or column.strings[0].strip("+0").rstrip(".0") not in {"", "1"}:
        return False  # which is most columns, and needs no numbers to be read
    numbers = to_numbers(column.strings, decimal)  # in the order of the rows, since no string comes twice
    return (
        numbers is not None and numbers[0] in (0, 1) and np.array_equal(numbers, numbers[0] + np.arange(len(numbers)))
    )


def has_equal_steps(numbers: npt.NDArray[np.float64]) -> bool:
    """Return whether the numbers go up or down by the same step from row to row, as a count of rows does."""
    if len(numbers) < LEAST_ROWS or np.isnan(numbers).any():
        return False
    steps = np.diff(numbers)
    return bool(steps[0]) and bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0))


def names_rows(name: str, numbers: npt.NDArray[np.float64]) -> bool:
    """Return whether whole numbers seem to be names: another in each row, where quantities would have some twice.

    Of n numbers drawn from a range of R, some n²/2R pairs are equal: where three should be and none is, they were given
    out, not measured. So were numbers of many digits, as many in each, and what is called an id or a code.
    """
    present = numbers[~np.isnan(numbers)]
    n = len(present)
    if n < LEAST_ROWS or 2 * n < len(numbers) or (present != np.round(present)).any() or len(np.unique(present)) < n:
        return False
    pairs = n * n / (2 * (present.max() - present.min() + 1))
    smallest, largest = (int(number) for number in np.sort(np.abs(present))[[0, -1]])
    digits = len(str(smallest)) if len(str(smallest)) == len(str(largest)) else 0
    return (
        pairs >= LEAST_PAIRS
        or digits >= LEAST_DIGITS
        or NAMED.search(name) is not None
        or CAMEL.search(name) is not None
    )
