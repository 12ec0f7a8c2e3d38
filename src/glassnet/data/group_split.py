"""Splitting groups of rows, such as all rows of a patient, such that no group is in two splits; balanced and seeded."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.data.split import SPLITS, check_fold
from glassnet.seeding import stream

Floats = npt.NDArray[np.float64]

DEALT = 1_000  # groups, the largest; with more, the small ones are parted by chance, which is even enough
ORDERS = 10  # in which the groups are dealt; the first that is good enough counts, or else the best
GOOD = 0.01  # of a cost: with a fifth of the rows for testing, a share that is off by four hundredths
WITHOUT_CLASS, WITHOUT_CLASS_IN_TRAINING, EMPTY = 1.0, 10.0, 1_000.0  # costs of what a part lacks


def grouped_split(
    labels: npt.NDArray[Any],
    groups: npt.NDArray[Any],
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    *,
    folds: int | None = None,
    fold: int = 0,
    repetition: int = 0,
) -> npt.NDArray[np.int64]:
    """Assign each row to a split, an index into `SPLITS`, such that all rows of a group are in the same one.

    First the groups for testing are chosen, by labels, groups, `test_fraction` and `seed` alone, so that repetitions
    and folds never touch them; then the others are divided into training and validation, or into folds of equal size.
    Each time they are dealt one after the other, in a random order, to the part where they lower

        Σ_k (n_k/N − f_k)²/f_k + mean over classes c of Σ_k (n_kc/N_c − f_k)²/f_k

    most: n_k rows of N are in part k, which is to have the fraction f_k, and n_kc of the N_c rows of class c. So parts
    get the sizes and the shares of classes that they are to have, as far as whole groups allow. A part without a class
    is worth avoiding, most of all if it trains. Ten orders are tried, and the first whose sum is small enough is taken,
    else the one with the smallest. (scikit-learn's `StratifiedGroupKFold` deals the most uneven groups first, which
    leaves little to the seed.)

    Args:
        labels: the class of each row `(N,)`; for regression, the same for all.
        groups: what names the group of each row `(N,)`.
        validation_fraction: the fraction of all rows to validate on; unused with folds.
        test_fraction: the fraction of all rows to test on.
        seed: which split.
        folds: None, or a number k of 2 or more.
        fold: which of them is the validation split, 0 to k − 1.
        repetition: 0, or which other way of dividing what is not for testing.

    Raises:
        ValueError: if there are fewer groups than splits, or fewer not for testing than folds, or no such fold.
    """
    if len(labels) != len(groups):
        raise ValueError(f"split: expected a group for each of the {len(labels)} rows, received {len(groups)} groups")
    check_fold(folds, fold)
    names, of_row = np.unique(groups, return_inverse=True)
    least, what = (3, "each of train, validation and test") if folds is None else (folds + 1, f"{folds} folds and test")
    if len(names) < least:
        raise ValueError(f"split: expected {least} groups or more, one for {what}, received {len(names)}")
    classes, label_of_row = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (of_row, label_of_row), 1)

    in_test = _deal(counts, np.array([1 - test_fraction, test_fraction]), stream(seed, "split"), (2, 1)) == 1
    others = np.flatnonzero(~in_test)
    if folds is not None and len(others) < folds:
        raise ValueError(
            f"split: expected {folds} groups or more that are not for testing, one for a fold, received {len(others)}"
        )
    rng = stream(seed, "resplit", repetition)
    if folds is None:
        share = validation_fraction * len(labels) / counts[others].sum()
        share = min(max(share, 0.01), 0.99)
        in_validation = _deal(counts[others], np.array([1 - share, share]), rng, (1, 1)) == 1
    else:
        in_validation = _deal(counts[others], np.full(folds, 1 / folds), rng, (1,) * folds, trains=False) == fold
    of_group = np.full(len(names), SPLITS.index("train"))
    of_group[in_test] = SPLITS.index("test")
    of_group[others[in_validation]] = SPLITS.index("validation")
    return of_group[of_row]


def _deal(
    counts: Floats, shares: Floats, rng: np.random.Generator, least: tuple[int, ...], *, trains: bool = True
) -> npt.NDArray[np.int64]:
    """Return the part of each group.

    Args:
        counts: how many rows of each class every group has, `(G, C)`.
        shares: the fraction of the rows that each part is to have.
        rng: where the orders come from.
        least: how many groups each part has at least.
        trains: whether the first part is to train.
    """
    orders = np.stack([rng.permutation(min(len(counts), DEALT)) for _ in range(ORDERS)])
    counts = counts[:, counts.any(axis=0)]  # a class may be among the rows for testing alone
    of_group = np.column_stack([counts, counts.sum(axis=1)]) / np.append(counts.sum(axis=0), counts.sum())
    # Beside the classes, all rows together are a class, which weighs as much as the others do together.
    weights = np.append(np.full(counts.shape[1], 1 / counts.shape[1]), 1.0)
    lacking = np.full((len(shares), len(weights)), WITHOUT_CLASS)
    if trains:
        lacking[0] = WITHOUT_CLASS_IN_TRAINING
    targets = shares[:, np.newaxis]
    held, groups = np.zeros((ORDERS, len(shares), len(weights))), np.zeros((ORDERS, len(shares)))
    parts, tries = np.zeros((ORDERS, len(counts)), dtype=np.int64), np.arange(ORDERS)
    if (small := len(counts) - DEALT) > 0:
        by_size = np.argsort(of_group[:, -1], kind="stable")
        parts[:, by_size[:small]] = rng.choice(len(shares), small, p=shares)
        for part in range(len(shares)):
            chosen = by_size[:small][parts[0, by_size[:small]] == part]
            held[:, part] = of_group[chosen].sum(axis=0)
            groups[:, part] = len(chosen)
        orders = by_size[small:][orders]
    for step in range(orders.shape[1]):
        group = of_group[orders[:, step]][:, np.newaxis]
        change = (group**2 + 2 * group * (held - targets)) / targets
        change -= lacking * ((held == 0) & (group > 0))
        cost = change @ weights - EMPTY * (groups < least)
        part = cost.argmin(axis=1)
        parts[tries, orders[:, step]] = part
        held[tries, part] += group[:, 0]
        groups[tries, part] += 1
    total = (((held - targets) ** 2 / targets + lacking * (held == 0)) @ weights).sum(axis=1)
    good = np.flatnonzero(total <= GOOD)
    return parts[good[0] if len(good) else total.argmin()]
