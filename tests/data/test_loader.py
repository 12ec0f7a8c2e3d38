"""The loader: every row once an epoch, in an order that is a function of seed and epoch; mapped rows; augmentation."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.data import ArrayDataset, Augmentation, DataLoader


def _loader(rows: int, batch_size: int, **options: Any) -> DataLoader:
    X = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    return DataLoader(ArrayDataset(X, np.arange(rows)), batch_size, seed=3, **options)


def test_an_epoch_deals_every_row_once_in_step() -> None:
    """Features and labels stay together; a last short batch comes too."""
    batches = list(_loader(10, 4, shuffle=True))
    assert [len(y) for _, y in batches] == [4, 4, 2]
    labels = np.concatenate([y for _, y in batches])
    assert sorted(labels.tolist()) == list(range(10))
    np.testing.assert_array_equal(np.concatenate([X for X, _ in batches])[:, 0], 2.0 * labels)
    assert [len(y) for _, y in _loader(10, 4, drop_last=True)] == [4, 4]
    assert len(_loader(10, 4)) == 3


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    """Epochs differ, and any of them can be had without replaying those before it."""
    first, second = _loader(50, 8, shuffle=True), _loader(50, 8, shuffle=True)
    epochs = [np.concatenate([y for _, y in first]) for _ in range(3)]
    assert (epochs[0] != epochs[1]).any()
    second.epoch = 2
    np.testing.assert_array_equal(np.concatenate([y for _, y in second]), epochs[2])
    orders = [DataLoader(first.dataset, 8, shuffle=True, seed=seed).order(0) for seed in (3, 4)]
    np.testing.assert_array_equal(orders[0], epochs[0])
    assert (orders[1] != epochs[0]).any()


def test_bad_loaders_and_data_sets_are_refused() -> None:
    """Sizes that cannot work are errors when they are set."""
    for batch_size in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="batch_size"):
            _loader(10, batch_size)  # type: ignore[arg-type]  # that is the test
    with pytest.raises(ValueError, match="<= the 10 rows"):
        _loader(10, 11, drop_last=True)
    assert [len(list(_loader(3, size, drop_last=True))) for size in (1, 3)] == [3, 1]
    with pytest.raises(ValueError, match=r"as many targets as rows \(3\), received 2"):
        ArrayDataset(np.ones((3, 1)), np.ones(2))
    wrong: list[Any] = [np.ones(3), np.ones((0, 2)), [[1.0], [2.0], [3.0]]]
    for X in wrong:
        with pytest.raises(ValueError, match=r"expected X as an array \(N, D\) with N >= 1, received"):
            ArrayDataset(X, np.ones(3))
    with pytest.raises(ValueError, match=r"as many targets as rows \(3\), received list"):
        ArrayDataset(np.ones((3, 1)), [1, 2, 3])  # type: ignore[arg-type]  # that is the test


def test_batches_can_be_had_from_the_middle_of_an_epoch() -> None:
    """As an interrupted training needs them; augmented ones too."""
    augmentation = Augmentation((1, 2), shift=0, flip=True, seed=5)
    for options in ({}, {"augmentation": augmentation}):
        loader = _loader(50, 8, shuffle=True, **options)
        whole = list(loader.batches(3))
        rest = list(loader.batches(3, first=4))
        assert len(rest) == 3
        for (X, y), (X_again, y_again) in zip(whole[4:], rest, strict=True):
            assert (X.tobytes(), y.tobytes()) == (X_again.tobytes(), y_again.tobytes())


def test_augmentation_moves_and_mirrors() -> None:
    """Each result is the image at one of the nine offsets, mirrored or not; background comes in; all of them occur."""
    image = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    batch = np.tile(image.reshape(1, -1), (600, 1))
    augment = Augmentation((3, 4), shift=1, flip=True, background=-7.0, seed=0)
    possible = set()
    padded = np.full((5, 6), -7.0, dtype=np.float32)
    padded[1:4, 1:5] = image
    for down in range(3):
        for right in range(3):
            cut = padded[down : down + 3, right : right + 4]
            possible |= {cut.tobytes(), np.ascontiguousarray(cut[:, ::-1]).tobytes()}
    out = augment(batch, 0, 0)
    assert {row.tobytes() for row in out} == possible
    mirrored = Augmentation((3, 4), flip=True, seed=0)(batch, 0, 0)[:, 0] == image[0, -1]
    assert 225 < np.count_nonzero(mirrored) < 375  # half of 600, give or take six standard deviations of 12.2
    assert augment(batch, 0, 0).tobytes() == out.tobytes()
    assert augment(batch, 0, 1).tobytes() != out.tobytes()
    assert augment(batch, 1, 0).tobytes() != out.tobytes()
    assert (batch == image.reshape(-1)).all()
    with pytest.raises(ValueError, match="expected a shift of 0 to 2 pixels"):
        Augmentation((3, 4), shift=3)
    with pytest.raises(ValueError, match="expected 3×4 pixels a row, received 5"):
        augment(np.zeros((2, 5), dtype=np.float32), 0, 0)


def test_mapped_rows_are_read_as_they_are_from_memory(tmp_path: Path) -> None:
    """Shuffled and in order, of a whole file and of a view of some rows, and in a copy of the data set."""
    X, y = np.random.default_rng(0).standard_normal((1000, 5)).astype(np.float32), np.arange(1000)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy"]
    for part in (slice(None), slice(100, 900)):
        datasets = [ArrayDataset(mapped[0][part], mapped[1][part]), ArrayDataset(X[part], y[part])]
        datasets.append(copy.deepcopy(datasets[0]))
        for shuffle in (True, False):
            deals = [[(A.tobytes(), b.tobytes()) for A, b in DataLoader(d, 64, shuffle=shuffle)] for d in datasets]
            assert deals[0] == deals[1] == deals[2]


@pytest.mark.parametrize(
    "index",
    [
        np.arange(20) % 3 == 0, np.zeros(20, dtype=bool), np.array([-1, 3, -20]), np.array([[1, 2, 3], [4, -5, 6]]),
        np.array([3, 4], dtype=np.uint8), np.array([], dtype=np.int64), np.array(7),
        np.array([1.0, 2.0]), np.array([1, 20]), np.array([-21]), np.ones(19, dtype=bool), np.array([]),
    ],
    ids=str,
)  # fmt: skip
def test_mapped_rows_take_any_index_array_that_memory_takes(tmp_path: Path, index: Any) -> None:
    """Masks, numbers from the end, several dimensions; and what is no index is the same error."""
    X, y = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32), np.arange(20)
    np.save(tmp_path / "X.npy", X)
    mapped = ArrayDataset(np.load(tmp_path / "X.npy", mmap_mode="r"), y)
    try:
        expected = X[index]
    except IndexError as error:
        with pytest.raises(IndexError, match=re.escape(str(error))):
            mapped[index]
        with pytest.raises(IndexError, match=re.escape(str(error))):
            ArrayDataset(X, y)[index]
    else:
        np.testing.assert_array_equal(mapped[index][0], expected)
        np.testing.assert_array_equal(mapped[index][1], y[index])
