"""Splits, loader, preprocessing, sources and the files between the stages."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data import (
    SOURCES,
    SPLITS,
    ArrayDataset,
    DataLoader,
    Standardizer,
    prepare,
    read_prepared,
    read_raw,
    stratified_split,
    write_raw,
)
from glassnet.seeding import stream

DATA_SETTINGS = {"name": "wine", "validation_fraction": 0.2, "test_fraction": 0.2, "split_seed": 0}


def _loader(rows: int, batch_size: int, **options: bool) -> DataLoader:
    X = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    return DataLoader(ArrayDataset(X, np.arange(rows)), batch_size, seed=3, **options)


def test_wine_is_the_data_that_scikit_learn_loads() -> None:
    """Same numbers, names and classes as `load_wine`."""
    from sklearn.datasets import load_wine

    table, reference = SOURCES["wine"](), load_wine()
    np.testing.assert_array_equal(table.frame[list(table.features)].to_numpy(), reference.data)
    assert list(table.features) == reference.feature_names
    assert table.class_names == tuple(reference.target_names)
    assert [table.class_names.index(name) for name in table.frame[table.target]] == reference.target.tolist()


@given(
    counts=st.lists(st.integers(8, 60), min_size=1, max_size=6),
    fractions=st.tuples(st.floats(0.1, 0.35), st.floats(0.1, 0.35)),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_splits_are_stratified_and_repeatable(counts: list[int], fractions: tuple[float, float], seed: int) -> None:
    """Each class gives each split its share, at most one row off and at least one; the seed alone decides which."""
    labels = np.repeat(np.arange(len(counts)), counts)
    assignment = stratified_split(labels, *fractions, seed)
    np.testing.assert_array_equal(assignment, stratified_split(labels, *fractions, seed))
    for label, count in enumerate(counts):
        shares = Counter(SPLITS[i] for i in assignment[labels == label].tolist())
        assert sum(shares.values()) == count
        for split, fraction in zip(("validation", "test"), fractions, strict=True):
            assert shares[split] >= 1
            assert abs(shares[split] - fraction * count) <= 1
        assert shares["train"] >= 1


def test_another_seed_is_another_split() -> None:
    """And a class too small for three splits is named."""
    labels = np.arange(90) % 3
    assert (stratified_split(labels, 0.2, 0.2, 0) != stratified_split(labels, 0.2, 0.2, 1)).any()
    with pytest.raises(ValueError, match="received 2 of class"):
        stratified_split(np.array([0] * 50 + [1] * 2), 0.2, 0.2, 0)


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


def test_bad_loaders_and_data_sets_are_refused() -> None:
    """Sizes that cannot work are errors when they are set."""
    for batch_size in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="batch_size"):
            _loader(10, batch_size)  # type: ignore[arg-type]  # that is the test
    with pytest.raises(ValueError, match="<= the 10 rows"):
        _loader(10, 11, drop_last=True)
    with pytest.raises(ValueError, match=r"as many targets as rows \(3\), received 2"):
        ArrayDataset(np.ones((3, 1)), np.ones(2))


def test_named_streams_are_independent_and_repeatable() -> None:
    """The same name gives the same numbers; another name, seed or epoch others."""
    streams = stream(0, "init"), stream(0, "shuffle"), stream(1, "init"), stream(0, "init", 1)
    draws = [generator.random() for generator in streams]
    assert len(set(draws)) == 4
    assert stream(0, "init").random() == draws[0]


def test_standardization_is_learnt_once_and_travels() -> None:
    """Constant columns survive, extra ones are ignored, and JSON gives back the same numbers."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "constant": [5.0, 5.0, 5.0], "other": ["x", "y", "z"]})
    fitted = Standardizer.fit(frame, ("a", "constant"))
    # a: mean 2, standard deviation √(2/3)
    np.testing.assert_allclose(fitted.transform(frame)[:, 0], np.array([-1, 0, 1]) / np.sqrt(2 / 3), rtol=1e-6)
    assert not fitted.transform(frame)[:, 1].any()
    assert Standardizer.from_json(fitted.to_json()) == fitted
    with pytest.raises(ValueError, match=r"\['a'\]"):
        fitted.transform(frame.drop(columns="a"))
    with pytest.raises(ValueError, match=r"finite numbers.*\['a'\]"):
        fitted.transform(frame.assign(a=[1.0, np.nan, 2.0]))
    with pytest.raises(ValueError, match="expected numbers"):
        fitted.transform(frame.assign(a=["x", "y", "z"]))


@pytest.mark.parametrize("value", [0.0, 12.7, 1 / 3, 1e6 / 7, -1e-9 / 3])
def test_a_constant_column_becomes_zeros_and_small_changes_stay_small(value: float) -> None:
    """The mean of ten times 1/3 is off by a rounding; that must not count as a standard deviation."""
    frame = pd.DataFrame({"a": [value] * 10})
    standardizer = Standardizer.fit(frame, ("a",))
    assert standardizer.scales == (1.0,)
    np.testing.assert_allclose(standardizer.transform(frame), 0, atol=1e-6)
    np.testing.assert_allclose(standardizer.transform(pd.DataFrame({"a": [value + 0.5]})), 0.5, rtol=1e-6)


def test_preparing_uses_training_rows_alone(tmp_path: Path) -> None:
    """Mean 0 and deviation 1 on the training split, on the others not; the assignment file says who is where."""
    write_raw(SOURCES["wine"](), tmp_path / "raw")
    table = read_raw(tmp_path / "raw")
    sizes = prepare(table, DATA_SETTINGS, tmp_path / "prepared")
    assert sizes == {"train": 106, "validation": 36, "test": 36}
    prepared = read_prepared(tmp_path / "prepared")
    train, test = np.asarray(prepared.split("train").X), np.asarray(prepared.split("test").X)
    assert train.dtype == np.float32
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=0), 1, rtol=1e-5)
    assert np.abs(test.mean(axis=0)).max() > 0.05
    assignment = pd.read_csv(tmp_path / "prepared" / "assignment.csv")
    for split in SPLITS:
        rows = prepared.rows(split)
        assert assignment["row"][assignment["split"] == split].tolist() == rows.tolist()
        np.testing.assert_array_equal(prepared.split(split).X, prepared.preprocessing.transform(table.frame.iloc[rows]))


def test_missing_outputs_of_an_earlier_stage_are_named(tmp_path: Path) -> None:
    """The file, and the stage to run."""
    with pytest.raises(FileNotFoundError, match="run fetch first"):
        read_raw(tmp_path)
    with pytest.raises(FileNotFoundError, match="run prepare first"):
        read_prepared(tmp_path)
