"""Splits by groups keep groups whole, those by time keep the order of time; both are exhaustive and repeatable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data import SPLITS, UNUSED, grouped_split, timed_split

TRAIN, VALIDATION, TEST = range(3)


def _groups(sizes: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=3, max_size=40),
    seed=st.integers(0, 1000),
    repetition=st.integers(0, 3),
)
def test_groups_stay_whole(sizes: list[int], seed: int, repetition: int) -> None:
    """No group is in two splits, none is empty, and repetitions leave the test split; the seed alone decides."""
    groups = _groups(sizes)
    labels = groups * 7 % 3
    assignment = grouped_split(labels, groups, 0.2, 0.2, seed, repetition=repetition)
    np.testing.assert_array_equal(assignment, grouped_split(labels, groups, 0.2, 0.2, seed, repetition=repetition))
    assert set(assignment.tolist()) == {TRAIN, VALIDATION, TEST}
    for group in range(len(sizes)):
        assert len(set(assignment[groups == group].tolist())) == 1
    first = grouped_split(labels, groups, 0.2, 0.2, seed)
    np.testing.assert_array_equal(assignment == TEST, first == TEST)


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_balanced(seed: int) -> None:
    """Of many groups, splits get their sizes and the shares of the classes, however uneven the groups are."""
    rng = np.random.default_rng(seed)
    groups = _groups(rng.integers(1, 20, 80).tolist())
    labels = (rng.random(80) < 0.2).astype(int)[groups]
    assignment = grouped_split(labels, groups, 0.2, 0.2, seed)
    for split, share in zip(range(3), (0.6, 0.2, 0.2), strict=True):
        assert abs(np.mean(assignment == split) - share) < 0.04
        assert abs(labels[assignment == split].mean() - labels.mean()) < 0.06


def test_of_very_many_groups_the_small_ones_are_parted_by_chance() -> None:
    """The thousand largest are dealt: sizes and shares of classes are as even as with few groups."""
    sizes = np.random.default_rng(0).integers(1, 20, 1_500)
    groups = _groups(sizes.tolist())
    labels = (np.random.default_rng(1).random(1_500) < 0.2).astype(int)[groups]
    assignment = grouped_split(labels, groups, 0.2, 0.2, 0)
    np.testing.assert_array_equal(assignment, grouped_split(labels, groups, 0.2, 0.2, 0))
    assert all(len(set(assignment[groups == group].tolist())) == 1 for group in range(0, 1_500, 50))
    for split, share in zip(range(3), (0.6, 0.2, 0.2), strict=True):
        assert abs(np.mean(assignment == split) - share) < 0.02
        assert abs(labels[assignment == split].mean() - labels.mean()) < 0.02


def test_seeds_and_repetitions_differ() -> None:
    """Also where the groups are few."""
    groups = _groups([7, 9, 4, 6, 8, 5, 3, 10])
    labels = np.zeros(len(groups))
    assert len({grouped_split(labels, groups, 0.2, 0.2, seed).tobytes() for seed in range(20)}) > 5
    assert len({grouped_split(labels, groups, 0.2, 0.2, 0, repetition=r).tobytes() for r in range(20)}) > 3


def test_each_group_is_in_one_fold() -> None:
    """And the test split is the same in all; a class of few groups is in as many folds as there are groups of it."""
    groups = _groups([5] * 12)
    labels = (groups < 4).astype(int)
    splits = [grouped_split(labels, groups, 0.2, 0.2, 0, folds=3, fold=fold) for fold in range(3)]
    assert all(((split == TEST) == (splits[0] == TEST)).all() for split in splits)
    times = sum((split == VALIDATION).astype(int) for split in splits)
    np.testing.assert_array_equal(times, (splits[0] != TEST).astype(int))
    assert all(set(labels[split == VALIDATION].tolist()) == {0, 1} for split in splits)


def test_folds_leave_the_test_rows() -> None:
    """They are those of the split without folds, for groups as for times, however few there are."""
    for seed in range(5):
        groups = _groups([3, 9, 4, 6, 8, 5, 3, 10, 2])
        single, folds = (grouped_split(groups % 2, groups, 0.2, 0.2, seed, folds=k) for k in (None, 5))
        np.testing.assert_array_equal(single == TEST, folds == TEST)
    times = np.repeat(np.arange(8), [9, 1, 1, 1, 1, 1, 1, 9])
    single, folds = (timed_split(times, 0.2, 0.2, 0, folds=k) for k in (None, 5))
    np.testing.assert_array_equal(single == TEST, folds == TEST)
    with pytest.raises(ValueError, match="expected 6 different times or more before those for testing"):
        timed_split(times, 0.2, 0.6, 0, folds=5)
    with pytest.raises(ValueError, match="expected 5 groups or more that are not for testing"):
        grouped_split(groups % 2, groups, 0.2, 0.6, 0, folds=5)


def test_a_class_of_one_group_is_trained_on() -> None:
    """There is nothing to learn it from elsewhere."""
    groups = _groups([5] * 10)
    for seed in range(10):
        assert set(grouped_split(groups == 3, groups, 0.2, 0.2, seed)[groups == 3].tolist()) == {TRAIN}


def test_more_groups_than_are_dealt_one_by_one() -> None:
    """The small ones are parted by chance, the large ones even out what that left."""
    groups = _groups([1] * 3000 + [40] * 50)
    assignment = grouped_split(groups % 2, groups, 0.2, 0.2, 0)
    np.testing.assert_allclose(np.bincount(assignment) / len(groups), [0.6, 0.2, 0.2], atol=0.01)


@pytest.mark.parametrize(
    ("sizes", "options", "said"),
    [
        ([5, 5], {}, "expected 3 groups or more, one for each of train, validation and test, received 2"),
        ([5] * 5, {"folds": 5}, "expected 6 groups or more, one for 5 folds and test, received 5"),
        ([5] * 5, {"folds": 2, "fold": 2}, "expected fold to be one of 0 to 1, received 2"),
    ],
)
def test_too_few_groups(sizes: list[int], options: dict[str, int], said: str) -> None:
    """One line says how many there must be."""
    groups = _groups(sizes)
    with pytest.raises(ValueError, match=said):
        grouped_split(np.zeros(len(groups)), groups, 0.2, 0.2, 0, **options)


@given(counts=st.lists(st.integers(1, 9), min_size=3, max_size=60), repetition=st.integers(0, 3))
def test_time_goes_on(counts: list[int], repetition: int) -> None:
    """Training rows are before validation rows, and those before test rows; equal times are on one side."""
    times = np.repeat(np.arange(len(counts)), counts)[np.random.default_rng(0).permutation(sum(counts))]
    assignment = timed_split(times, 0.2, 0.2, 0, repetition=repetition)
    parts = [times[assignment == split] for split in range(3)]
    assert all(len(part) for part in parts)
    assert parts[0].max() < parts[1].min()
    assert parts[1].max() < parts[2].min()
    first = timed_split(times, 0.2, 0.2, 0)
    np.testing.assert_array_equal(assignment == TEST, first == TEST)
    assert not repetition or (assignment == TRAIN).sum() <= (first == TRAIN).sum()
    assert repetition or UNUSED not in assignment


def test_fractions_of_time() -> None:
    """Rows that all have times of their own are divided as asked, and dates as strings like numbers."""
    days = np.array([f"2024-01-{day + 1:02d}" for day in range(20)])
    assert timed_split(days, 0.25, 0.2, 0).tolist() == [TRAIN] * 11 + [VALIDATION] * 5 + [TEST] * 4


def test_folds_roll() -> None:
    """Each validates on the block after those that it trains on; what is later is unused, and the test rows stay."""
    times = np.arange(100)
    for fold in range(4):
        assignment = timed_split(times, 0.2, 0.2, 0, folds=4, fold=fold)
        counts = [int((assignment == split).sum()) for split in (TRAIN, VALIDATION, UNUSED, TEST)]
        assert counts == [16 * (fold + 1), 16, 16 * (3 - fold), 20]
        assert (np.diff(assignment[assignment != UNUSED]) >= 0).all()


def test_repetitions_move_the_validation_rows() -> None:
    """To different places, as many rows as before, with half of the training rows before them or more."""
    times = np.arange(200)
    starts = set()
    for repetition in range(1, 9):
        assignment = timed_split(times, 0.2, 0.2, 0, repetition=repetition)
        assert (assignment == VALIDATION).sum() == 40
        starts.add(int((assignment == TRAIN).sum()))
    assert len(starts) > 4
    assert min(starts) >= 60
    assert max(starts) <= 120


@pytest.mark.parametrize(
    ("times", "options", "said"),
    [
        (2, {}, "expected 3 different times or more, for each of train, validation and test, received 2"),
        (5, {"folds": 4}, "expected 6 different times or more, for the 5 blocks of 4 folds and test, received 5"),
        (20, {"folds": 4, "repetition": 1}, "expected repetition=0 with folds by time"),
        (20, {"folds": 1}, "expected folds=None or 2 or more of them, received 1"),
    ],
)
def test_too_few_times(times: int, options: dict[str, int], said: str) -> None:
    """One line says how many there must be."""
    with pytest.raises(ValueError, match=said):
        timed_split(np.arange(100) % times, 0.2, 0.2, 0, **options)


def test_names_of_the_splits() -> None:
    """What an assignment counts from 0."""
    assert SPLITS == ("train", "validation", "test")
