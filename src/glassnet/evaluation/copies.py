"""What copies of training rows among the test rows are worth: how many there are, and the accuracy without them."""

from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.intervals import exact_interval
from glassnet.evaluation.near_copies import find_copies
from glassnet.evaluation.neighbours import LabelledRows

PAIRS = 1_000_000_000  # of a test and a training row, that are looked at; of more test rows a part is
SHOWN = 50  # copies that are listed


class ScoredRows(TypedDict):
    """The accuracy on some of the test rows, with its 95% interval."""

    rows: int
    accuracy: float
    low: float
    high: float


class Copy(TypedDict):
    """A test row that is a copy: of which training row, how near, and whether both are of one class.

    Attributes:
        row: its number in the raw data.
        copy_of: that of the training row.
        ratio: the distance between them over that to the twentieth nearest training row; 0 of an exact copy.
        same_class: whether they have the same one.
    """

    row: int
    copy_of: int
    ratio: float
    same_class: bool


class CopiedRows(TypedDict):
    """How many test rows are copies of rows that the network learnt from.

    Attributes:
        rows: the test rows that were looked at.
        of: how many there are.
        exact: those that equal a training row.
        near: those that are near copies of one.
        other_class: the copies whose class is another than that of the training row.
        limit: the largest ratio of a near copy; left out where there was no telling.
        scores: of all rows that were looked at, of the copies and of the others; none of no rows.
        copies: the nearest ones.
    """

    rows: int
    of: int
    exact: int
    near: int
    other_class: int
    limit: NotRequired[float]
    scores: dict[str, ScoredRows]
    copies: list[Copy]


def copies_of_training_rows(test: LabelledRows, train: LabelledRows, right: npt.NDArray[np.bool_]) -> CopiedRows:
    """Return which test rows are copies of training rows, and the accuracy with and without them.

    Args:
        test: the test rows.
        train: the rows that the network learnt from.
        right: whether each test row was recognized `(N,)`.
    """
    most = max(1, min(len(test.y), PAIRS // len(train.y)))
    looked_at = np.linspace(0, len(test.y) - 1, most).astype(np.int64)
    found = find_copies(np.asarray(test.X[looked_at]), train.X)
    right = right[looked_at]
    is_copy, is_exact = found.mates >= 0, (found.mates >= 0) & (found.ratios == 0)
    places = np.flatnonzero(is_copy)
    places = places[np.lexsort((test.rows[looked_at[places]], found.ratios[places]))]
    copies: list[Copy] = [
        {
            "row": int(test.rows[looked_at[place]]),
            "copy_of": int(train.rows[found.mates[place]]),
            "ratio": float(found.ratios[place]),
            "same_class": bool(test.y[looked_at[place]] == train.y[found.mates[place]]),
        }
        for place in places
    ]
    groups = {"all": np.ones_like(is_copy), "copies": is_copy, "others": ~is_copy}
    result: CopiedRows = {
        "rows": len(looked_at),
        "of": len(test.y),
        "exact": int(np.count_nonzero(is_exact)),
        "near": int(np.count_nonzero(is_copy & ~is_exact)),
        "other_class": sum(not each["same_class"] for each in copies),
        "scores": {name: _scored(right[members]) for name, members in groups.items() if members.any()},
        "copies": copies[:SHOWN],
    }
    if found.limit is not None:
        result["limit"] = found.limit
    return result


def _scored(right: npt.NDArray[np.bool_]) -> ScoredRows:
    low, high = exact_interval(int(np.count_nonzero(right)), len(right))
    return {"rows": len(right), "accuracy": float(right.mean()), "low": low, "high": high}
