"""Splits, loader, preprocessing, sources and the files between the stages."""

import json
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data import SPLITS, stratified_split
from glassnet.seeding import stream
from glassnet.sources import MissingRules, RawImages, RawTable
from glassnet.sources.raw import CategoricalRule, NumericRule
from glassnet.tables import (
    ImagePreprocessing,
    TablePreprocessing,
    load_raw,
    open_prepared,
    prepare,
    preprocessing_from_json,
    read_prepared,
    read_raw,
    write_raw,
)
from tests.settings import data_choice


def _table(choice: str, **changes: Any) -> RawTable:
    table = load_raw(data_choice(choice, **changes))
    assert isinstance(table, RawTable)
    return table


@pytest.mark.parametrize("choice", ["wine", "breast_cancer"])
def test_bundled_tables_are_the_data_that_scikit_learn_loads(choice: str) -> None:
    """Same numbers, names and classes as its own loaders give."""
    import sklearn.datasets

    table, reference = _table(choice), getattr(sklearn.datasets, f"load_{choice}")()
    np.testing.assert_array_equal(table.frame[list(table.features)].to_numpy(), reference.data)
    assert list(table.features) == list(reference.feature_names)
    assert table.class_names == tuple(reference.target_names)
    assert [table.class_names.index(name) for name in table.frame[table.target]] == reference.target.tolist()


def test_digits_and_diabetes_are_the_data_that_scikit_learn_loads() -> None:
    """The images pixel by pixel; the measurements of the patients unscaled."""
    from sklearn.datasets import load_diabetes, load_digits

    images, reference = load_raw(data_choice("digits")), load_digits()
    assert isinstance(images, RawImages)
    np.testing.assert_array_equal(images.images, reference.images)
    np.testing.assert_array_equal(images.labels, reference.target)
    table, reference = _table("diabetes"), load_diabetes(scaled=False)
    np.testing.assert_array_equal(table.frame[list(table.features)].to_numpy(), reference.data)
    assert list(table.features) == reference.feature_names
    np.testing.assert_array_equal(table.frame[table.target], reference.target)
    assert table.task == "regression"


@pytest.mark.parametrize("choice", ["blobs", "spirals"])
def test_generated_data_are_a_function_of_their_seed(choice: str) -> None:
    """As many rows and classes as asked for, the same for the same seed."""
    first, again, other = (_table(choice, rows=90, seed=seed) for seed in (0, 0, 1))
    assert first.frame.equals(again.frame)
    assert not first.frame.equals(other.frame)
    assert first.frame[first.target].value_counts().tolist() == [30, 30, 30]


@given(
    counts=st.lists(st.integers(8, 60), min_size=1, max_size=6),
    fractions=st.tuples(st.floats(0.1, 0.35), st.floats(0.1, 0.35)),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_splits_are_stratified_and_repeatable(counts: list[int], fractions: tuple[float, float], seed: int) -> None:
    """Each class gives each split its fraction, at most one row off and at least one; the seed alone decides which."""
    labels = np.repeat(np.arange(len(counts)), counts)
    assignment = stratified_split(labels, *fractions, seed)
    np.testing.assert_array_equal(assignment, stratified_split(labels, *fractions, seed))
    for label, count in enumerate(counts):
        sizes = Counter(SPLITS[i] for i in assignment[labels == label].tolist())
        assert sum(sizes.values()) == count
        for split, fraction in zip(("validation", "test"), fractions, strict=True):
            assert sizes[split] >= 1
            assert abs(sizes[split] - fraction * count) <= 1
        assert sizes["train"] >= 1


def test_the_rows_that_are_left_over_go_to_the_largest_remainders() -> None:
    """A quarter of 9, 11 and 14 rows is 2.25, 2.75 and 3.5, of all 8.5: after 2 + 2 + 3 the eighth is the second's."""
    labels = np.repeat([0, 1, 2], [9, 11, 14])
    assignment = stratified_split(labels, 0.25, 0.25, 0)
    for split in (1, 2):
        assert np.bincount(labels[assignment == split]).tolist() == [2, 3, 3]


def test_another_seed_is_another_split() -> None:
    """And a class too small for three splits is named."""
    labels = np.arange(90) % 3
    assert (stratified_split(labels, 0.2, 0.2, 0) != stratified_split(labels, 0.2, 0.2, 1)).any()
    fewest = np.array([0] * 50 + [1] * 3)
    assert sorted(stratified_split(fewest, 0.2, 0.2, 0)[50:].tolist()) == [0, 1, 2]
    few = np.array([0] * 50 + [1] * 2)
    with pytest.raises(ValueError, match="received 2 of class '1'"):
        stratified_split(few, 0.2, 0.2, 0)
    with pytest.raises(ValueError, match="received 2 of class 'rare'"):
        stratified_split(few, 0.2, 0.2, 0, class_names=("common", "rare"))
    with pytest.raises(ValueError, match="expected rows in train, validation and test, received 2 rows, too few"):
        stratified_split(np.zeros(2), 0.2, 0.2, 0)


@given(
    counts=st.lists(st.integers(12, 60), min_size=1, max_size=5),
    folds=st.integers(2, 5),
    repetition=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_folds_divide_what_is_not_for_testing(counts: list[int], folds: int, repetition: int, seed: int) -> None:
    """Each row is in the validation split of exactly one fold; folds are equally large; the test split never moves."""
    labels = np.repeat(np.arange(len(counts)), counts)
    test = stratified_split(labels, 0.2, 0.2, seed) == 2
    validated = np.zeros(len(labels), dtype=int)
    sizes = []
    for fold in range(folds):
        assignment = stratified_split(labels, 0.2, 0.2, seed, folds=folds, fold=fold, repetition=repetition)
        np.testing.assert_array_equal(assignment == 2, test)
        validated += assignment == 1
        sizes.append(int(np.count_nonzero(assignment == 1)))
        for label in range(len(counts)):
            of_class = np.count_nonzero((assignment == 1) & (labels == label))
            assert abs(of_class - np.count_nonzero(~test & (labels == label)) / folds) < 1
    np.testing.assert_array_equal(validated, ~test)
    assert max(sizes) - min(sizes) <= 1


def test_what_cannot_be_divided_is_refused() -> None:
    """No rows, rows for testing alone, one fold or none."""
    labels = np.zeros(10, np.int64)
    cases: tuple[tuple[Any, dict[str, Any], str], ...] = (
        (labels[:0], {}, "expected more rows than the 0 for testing, received 0"),
        (labels, {"test_rows": 10}, "expected more rows than the 10 for testing, received 10"),
        (labels, {"folds": 1}, "expected folds=None or 2 or more of them, received 1"),
        (labels, {"folds": 0}, "expected folds=None or 2 or more of them, received 0"),
    )
    for some, options, message in cases:
        with pytest.raises(ValueError, match=message):
            stratified_split(some, 0.2, 0.2, 0, **options)


def test_repetitions_divide_anew_and_leave_the_test_split() -> None:
    """Another repetition is another validation split; a publisher's test rows are taken as they are."""
    labels = np.arange(200) % 2
    splits = [stratified_split(labels, 0.2, 0.2, 0, repetition=repetition) for repetition in range(3)]
    assert all(((split == 2) == (splits[0] == 2)).all() for split in splits)
    assert (splits[0] != splits[1]).any()
    assert (splits[1] != splits[2]).any()
    given_rows = stratified_split(labels, 0.25, 0.2, 0, test_rows=40)
    assert (given_rows[-40:] == 2).all()
    assert Counter(given_rows[:-40].tolist()) == {0: 120, 1: 40}
    for fold in (4, -1):
        with pytest.raises(ValueError, match=f"expected fold to be one of 0 to 3, received {fold}"):
            stratified_split(labels, 0.2, 0.2, 0, folds=4, fold=fold)


def test_named_streams_are_independent_and_repeatable() -> None:
    """The same name gives the same numbers; another name, seed or epoch others."""
    streams = stream(0, "init"), stream(0, "shuffle"), stream(1, "init"), stream(0, "init", 1)
    draws = [generator.random() for generator in streams]
    draws += [stream(0, "ini", ord("t")).random(), stream(0, "initt").random()]  # no number passes for a letter
    assert len(set(draws)) == 6
    assert stream(0, "init").random() == draws[0]


def test_standardization_is_learnt_once_and_travels() -> None:
    """Constant columns survive, extra ones are ignored, and JSON gives back the same numbers."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "constant": [5.0, 5.0, 5.0], "other": ["x", "y", "z"]})
    fitted = TablePreprocessing.fit(frame, ("a", "constant"))
    # a: mean 2, standard deviation √(2/3)
    np.testing.assert_allclose(fitted.transform(frame)[:, 0], np.array([-1, 0, 1]) / np.sqrt(2 / 3), rtol=1e-6)
    assert not fitted.transform(frame)[:, 1].any()
    again = preprocessing_from_json(json.loads(json.dumps(fitted.to_json())))
    assert again.transform(frame).tobytes() == fitted.transform(frame).tobytes()
    with pytest.raises(ValueError, match=r"\['a'\]"):
        fitted.transform(frame.drop(columns="a"))
    with pytest.raises(ValueError, match=r"finite numbers in a, received 1 missing"):
        fitted.transform(frame.assign(a=[1.0, np.nan, 2.0]))
    with pytest.raises(ValueError, match=r"finite numbers in constant, received infinite ones"):
        fitted.transform(frame.assign(constant=[5.0, np.inf, 5.0]))
    with pytest.raises(ValueError, match="expected numbers"):
        fitted.transform(frame.assign(a=["x", "y", "z"]))


@pytest.mark.parametrize("value", [0.0, 12.7, 1 / 3, 1e6 / 7, -1e-9 / 3])
def test_a_constant_column_becomes_zeros_whatever_comes_later(value: float) -> None:
    """The mean of ten times 1/3 is off by a rounding; that must not count as a standard deviation.

    Nothing was learnt from the column, so that what it holds in other rows may not reach the network.
    """
    fitted = TablePreprocessing.fit(pd.DataFrame({"a": [value] * 10}), ("a",))
    assert fitted.constant_names == ["a"]
    again = preprocessing_from_json(json.loads(json.dumps(fitted.to_json())))
    for preprocessing in (fitted, again):
        assert preprocessing.transform(pd.DataFrame({"a": [value, value + 0.5, 1e9]})).tolist() == [[0], [0], [0]]


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.parametrize("rule", ["most_frequent", "own_category"])
def test_columns_that_are_missing_in_the_training_rows_carry_nothing(rule: CategoricalRule, indicator: bool) -> None:
    """Which rows are for training is the seed's choice, and may not decide whether a table can be used."""
    frame = pd.DataFrame({"a": [np.nan] * 3, "t": [None] * 3, "b": [1.0, 2.0, 4.0]})
    rules = MissingRules("median", rule, indicator)
    fitted = TablePreprocessing.fit(frame, ("a", "t", "b"), ("t",), rules)
    assert fitted.constant_names == ["a", "t"]
    X = fitted.transform(pd.DataFrame({"a": [7.0, np.nan], "t": ["u", None], "b": [1.0, 2.0]}))
    assert X.shape[1] == len(fitted.feature_names) == 2  # without an indicator, which would be 1 in all rows
    assert X[:, 0].tolist() == [0, 0]
    assert fitted.transform(fitted.example()).shape == (1, 2)


@pytest.mark.parametrize(
    ("rule", "strings", "constant"),
    [
        ("most_frequent", ["u", "u", "u"], ["t"]),
        ("most_frequent", ["u", None, "u"], ["t"]),
        ("own_category", ["u", None, "u"], []),
        ("most_frequent", ["u", "v", "u"], []),
    ],
)
def test_a_string_that_is_the_same_in_all_training_rows_is_constant(
    rule: CategoricalRule, strings: list[str | None], constant: list[str]
) -> None:
    """Missing values that it fills included, unless they are told apart: noted as such numbers."""
    rules = MissingRules("median", rule)
    fitted = TablePreprocessing.fit(pd.DataFrame({"t": strings}), ("t",), ("t",), rules)
    assert fitted.constant_names == constant


def test_missing_strings_are_filled_or_a_category_of_their_own() -> None:
    """Which is there only if the training rows have missing values; what they did not have is listed, in order."""
    frame = pd.DataFrame({"t": ["v", "u", "u", None]})
    cases: list[tuple[CategoricalRule, int, list[str], list[int]]] = [
        ("most_frequent", 4, ["u", "v"], [1, 0]),
        ("own_category", 4, ["u", "v", "(missing)"], [0, 0, 1]),
        ("own_category", 3, ["u", "v"], [0, 0]),
        ("most_frequent", 3, ["u", "v"], [1, 0]),
    ]
    for rule, rows, categories, missing in cases:
        fitted = TablePreprocessing.fit(frame[:rows], ("t",), ("t",), MissingRules(categorical=rule))
        assert fitted.feature_names == [f"t = {category}" for category in categories]
        assert fitted.transform(frame)[3].tolist() == missing
        assert fitted.columns[0]["gaps"] == rows - 3
    later = pd.DataFrame({"t": [*"zyxwvu", None]})
    assert fitted.unseen_categories(later) == {"t": ["w", "x", "y", "z"]}
    assert fitted.unseen_categories(frame) == {}


def test_what_marks_a_gap_in_the_table_does_so_in_later_rows() -> None:
    """As `predict` has it, which reads a file with those markers; here the rows come from another program."""
    frame = pd.DataFrame({"t": ["u", "v", "v"], "x": [1.0, 2.0, 6.0]})
    rules = MissingRules("median", "most_frequent", values=("?", "NA"))
    fitted = preprocessing_from_json(TablePreprocessing.fit(frame, ("t", "x"), ("t",), rules).to_json())
    assert isinstance(fitted, TablePreprocessing)
    later = pd.DataFrame({"t": ["?", "NA", "u"], "x": ["2", "?", 2]})
    np.testing.assert_array_equal(fitted.transform(later)[:, 2], fitted.transform(frame)[1, 2])
    assert fitted.transform(later)[:, :2].tolist() == [[0, 1], [0, 1], [1, 0]]
    assert fitted.unseen_categories(later) == {}


def test_a_string_that_reads_missing_is_the_category_of_missing_ones() -> None:
    """One category, not two of one name."""
    frame = pd.DataFrame({"t": ["(missing)", "u", None, "u"]})
    fitted = TablePreprocessing.fit(frame, ("t",), ("t",), MissingRules(categorical="own_category"))
    assert fitted.feature_names == ["t = (missing)", "t = u"]
    assert fitted.transform(frame).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize("codes", [["1", "2"], ["1.0", "2.0"]])
def test_codes_are_found_however_a_program_passes_them_on(codes: list[str]) -> None:
    """A table with missing values has its codes as 1.0 and 2.0; JSON and pandas make numbers of either."""
    fitted = TablePreprocessing.fit(pd.DataFrame({"code": [*codes, codes[0]]}), ("code",), ("code",))
    for passed_on in ([1, 2], [1.0, 2.0], [np.float32(1), np.int64(2)], codes):
        frame = pd.DataFrame({"code": pd.Series(passed_on, dtype=object)})
        assert fitted.transform(frame).tolist() == [[1, 0], [0, 1]]
        assert fitted.unseen_categories(frame) == {}


@pytest.mark.parametrize(("rule", "fill"), [("median", 3.0), ("mean", 5.0)])
def test_missing_numbers_are_filled_counted_and_marked(rule: NumericRule, fill: float) -> None:
    """What fills them takes part in mean and deviation; an indicator follows only where the training rows miss some."""
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, np.nan, 11.0], "whole": range(5)})
    fitted = TablePreprocessing.fit(frame, ("a", "whole"), missing=MissingRules(rule, indicator=True))
    assert fitted.feature_names == ["a", "a is missing", "whole"]
    assert [column["gaps"] for column in fitted.columns] == [2, 0]
    filled = np.array([1.0, fill, 3.0, fill, 11.0])
    X = fitted.transform(frame)
    np.testing.assert_allclose(X[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-6)
    assert X[:, 1].tolist() == [0, 1, 0, 1, 0]


def test_numbers_that_differ_by_rounding_are_constant() -> None:
    """Their deviation is as small as an error: divided by it, a number that is 1% larger would be 10¹³."""
    frame = pd.DataFrame({"sum": [0.1 + 0.2, 0.3] * 20, "small": [1e-30, 2e-30] * 20})
    fitted = TablePreprocessing.fit(frame, ("sum", "small"))
    assert fitted.constant_names == ["sum"]
    assert fitted.transform(pd.DataFrame({"sum": [0.303], "small": [2e-30]})).tolist() == [[0, 1]]


def test_numbers_that_cannot_be_standardized_are_named() -> None:
    """Squares beyond float64 in the training rows; beyond float32 in a later one; no warnings, no silent zeros."""
    for values in ([1e200, 1.0, 3.0], [1e308, -1e308, 3.0], [1e308, 1e308, 3.0]):
        with pytest.raises(ValueError, match=r"expected numbers in big that can be standardized, received .*e\+"):
            TablePreprocessing.fit(pd.DataFrame({"big": values}), ("big",), missing=MissingRules("median"))
    fitted = TablePreprocessing.fit(pd.DataFrame({"big": [1.0, 2.0, 3.0]}), ("big",))
    with pytest.raises(ValueError, match=r"numbers in big such as the training rows have .* received 1e\+200"):
        fitted.transform(pd.DataFrame({"big": [1.0, 1e200]}))


def test_a_column_empty_in_the_training_rows_is_noted(tmp_path: Path) -> None:
    """For every seed the table is prepared; where its one number is not for training, a note says what that means."""
    frame = pd.DataFrame({"rare": [5.0, *[np.nan] * 29], "x": np.arange(30.0), "y": ["p", "q"] * 15})
    rules = MissingRules("median", "most_frequent")
    table = RawTable("t", "a table", frame, ("rare", "x"), "y", class_names=("p", "q"), missing=rules)
    noted = []
    for seed in range(12):
        prepare(table, data_choice("csv", path=__file__, split_seed=seed), tmp_path / str(seed))
        prepared = read_prepared(tmp_path / str(seed))
        assert not any(np.asarray(prepared.split(split).X)[:, 0].any() for split in SPLITS)
        noted.append(prepared.about["notes"])
    assert noted[0] == ["nothing can be learnt from what is constant or empty in the training rows: rare"]


def test_test_rows_that_are_training_rows_too_are_counted(tmp_path: Path) -> None:
    """Missing values and strings included; a table without any is silent."""
    frame = pd.DataFrame(
        {"a": np.r_[np.arange(40.0), np.nan], "t": [*"uvw" * 13, "u", None], "class": ["p", "q"] * 20 + ["p"]}
    )
    for copies, note in ((1, False), (3, True)):
        rows = pd.concat([frame] * copies, ignore_index=True)
        rules = MissingRules("median", "most_frequent")
        table = RawTable("t", "a table", rows, ("a", "t"), "class", "classification", ("p", "q"), ("t",), rules)
        prepare(table, data_choice("csv", path=__file__), tmp_path / "prepared")
        prepared = read_prepared(tmp_path / "prepared")
        keys = np.array(["|".join(map(str, row)) for row in rows.to_numpy(dtype=object)])
        both = np.isin(keys[prepared.rows("test")], keys[prepared.rows("train")]).sum()
        notes = [f"{both} of {len(prepared.rows('test'))} test rows equal a training row in every column"] * note
        assert [each.partition(", the target too")[0] for each in prepared.about["notes"]] == notes


def test_preparing_one_hot_columns_needs_little_memory(tmp_path: Path) -> None:
    """Not much more than the 22 MB of the training features; all at once, they took five times as much."""
    rng, names = np.random.default_rng(0), tuple("abcdef")
    frame = pd.DataFrame({name: rng.integers(0, 50, 30_000).astype(str) for name in names} | {"y": ["p", "q"] * 15_000})
    table = RawTable("t", "a table", frame, names, "y", "classification", ("p", "q"), names)
    tracemalloc.start()
    prepare(table, data_choice("csv", path=__file__), tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "train" / "features.npy").stat().st_size == 128 + 18_000 * 300 * 4
    assert peak < 40e6


def test_images_are_standardized_as_one() -> None:
    """All training pixels have mean 0 and deviation 1 together; frames and arrays give the same features."""
    images = np.random.default_rng(0).integers(0, 200, (50, 3, 4)).astype(np.uint8)
    fitted = ImagePreprocessing.fit(images)
    X = fitted.transform(images)
    assert X.shape == (50, 12)
    assert abs(X.mean(dtype=np.float64)) < 1e-6
    assert X.std(dtype=np.float64) == pytest.approx(1, rel=1e-6)
    frame = pd.DataFrame(images.reshape(50, -1), columns=fitted.names)
    assert fitted.transform(frame).tobytes() == X.tobytes()
    assert fitted.transform(np.zeros((1, 3, 4)))[0, 0] == np.float32(fitted.background)
    assert fitted.transform(images.reshape(50, 12)).tobytes() == X.tobytes()
    assert fitted.pixels(X).tobytes() == images.tobytes()
    again = preprocessing_from_json(json.loads(json.dumps(fitted.to_json())))
    assert isinstance(again, ImagePreprocessing)
    assert again.transform(images).tobytes() == X.tobytes()
    assert not ImagePreprocessing.fit(images[:1] * 0 + 7).transform(images * 0 + 7).any()
    with pytest.raises(ValueError, match=r"expected images \(3, 4\)"):
        fitted.transform(np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match="expected 12 columns"):
        fitted.transform(frame.drop(columns="pixel_0_0"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 256.0, 1e45, None])
def test_what_is_no_grey_value_is_refused(value: float | None) -> None:
    """A missing value, say: all probabilities would be NaN, and the first class the answer."""
    fitted = ImagePreprocessing((2, 2), 100.0, 50.0)
    frame = pd.DataFrame([[0.0, 255.0, 7.5, 0.0]] * 3, columns=fitted.names).astype(object)
    frame.loc[1, "pixel_0_1"] = value
    with pytest.raises(ValueError, match=r"grey values from 0 to 255, received .* in pixel_0_1 of image 2"):
        fitted.transform(frame)
    with pytest.raises(ValueError, match="expected numbers in the pixels, received others"):
        fitted.transform(frame.assign(pixel_1_1="black"))


def test_preparing_uses_training_rows_alone(tmp_path: Path) -> None:
    """Mean 0 and deviation 1 on the training split, on the others not; the assignment file says who is where."""
    write_raw(_table("wine"), tmp_path / "raw")
    table = read_raw(tmp_path / "raw")
    assert isinstance(table, RawTable)
    sizes = prepare(table, data_choice("wine"), tmp_path / "prepared")
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
        np.testing.assert_array_equal(prepared.mapped(split).X, prepared.split(split).X)
        np.testing.assert_array_equal(prepared.mapped(split).y, prepared.split(split).y)


def test_missing_outputs_of_an_earlier_stage_are_named(tmp_path: Path) -> None:
    """The file, and the stage to run."""
    with pytest.raises(FileNotFoundError, match="run fetch first"):
        read_raw(tmp_path)
    with pytest.raises(FileNotFoundError, match="run prepare first"):
        read_prepared(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "".join(text.splitlines(keepends=True)[:90]),
        lambda text: text.replace("cultivar", "kind"),
        lambda text: text.replace("14.23", "n/a", 1),
        lambda text: "\0\1\2" * 100,
    ],
)
def test_a_damaged_raw_table_is_named(tmp_path: Path, damage: Callable[[str], str]) -> None:
    """Cut between two rows, too, which nothing in the file itself shows."""
    write_raw(load_raw(data_choice("wine")), tmp_path)
    text = (tmp_path / "wine.csv").read_text()
    (tmp_path / "wine.csv").write_text(damage(text))
    with pytest.raises(ValueError, match=r"wine\.csv: expected what fetch writes, received a damaged or foreign file"):
        read_raw(tmp_path)
    (tmp_path / "wine.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"wine\.csv: expected the output of fetch here, found no file"):
        read_raw(tmp_path)


def test_images_go_through_raw_files_and_come_out_prepared(tmp_path: Path) -> None:
    """Digits: the pixels of each split, standardized, with their labels; the same through the files and without."""
    raw = load_raw(data_choice("digits"))
    assert isinstance(raw, RawImages)
    write_raw(raw, tmp_path / "raw")
    for data, name in ((read_raw(tmp_path / "raw"), "one"), (raw, "two")):
        prepare(data, data_choice("digits"), tmp_path / name)
    prepared = read_prepared(tmp_path / "one")
    assert prepared.image_shape == (8, 8)
    assert isinstance(prepared.preprocessing, ImagePreprocessing)
    validation, rows = prepared.split("validation"), prepared.rows("validation")
    np.testing.assert_array_equal(validation.y, raw.labels[rows])
    np.testing.assert_array_equal(validation.X, prepared.preprocessing.transform(raw.images[rows]))
    for split in SPLITS:
        files = [(tmp_path / name / split / "features.npy").read_bytes() for name in ("one", "two")]
        assert files[0] == files[1]


def test_a_regression_target_is_standardized_by_training_rows(tmp_path: Path) -> None:
    """A column of float32, mean 0 and deviation 1 in training; its scale is written down."""
    table = _table("diabetes")
    prepare(table, data_choice("diabetes"), tmp_path)
    prepared = read_prepared(tmp_path)
    y = np.asarray(prepared.split("train").y)
    assert y.dtype == np.float32
    assert y.shape[1] == 1
    assert abs(y.mean(dtype=np.float64)) < 1e-6
    scale = prepared.target_scale
    back = y[:, 0] * scale["scale"] + scale["mean"]
    np.testing.assert_allclose(back, table.frame["progression"].to_numpy()[prepared.rows("train")], rtol=1e-5)


def test_a_changed_table_is_prepared_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand, the prepared data in the cache are those of the same settings, file and code; failures leave none."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    chosen = data_choice("csv", path=str(path), target="y")
    folders = []
    for first in (0, 100, 0):
        path.write_text("a,y\n" + "".join(f"{first + i},{'pq'[i % 2]}\n" for i in range(40)))
        folders.append(open_prepared(chosen, tmp_path / "none", by_dvc=False).folder)
    assert folders[0] == folders[2] != folders[1]
    with monkeypatch.context() as changed:
        changed.setattr("glassnet.tables.origin.files_digest", lambda paths: "of changed code")
        folders.append(open_prepared(chosen, tmp_path / "none", by_dvc=False).folder)
    assert folders[3] not in folders[:3]
    path.write_text("a,y\n1,p\n")
    with pytest.raises(ValueError, match="expected"):
        open_prepared(chosen, tmp_path / "none", by_dvc=False)
    assert len([path for path in (tmp_path / "data" / "cache").iterdir() if path.is_dir()]) == 3


def test_a_class_that_only_test_rows_have_is_refused(tmp_path: Path) -> None:
    """A publisher's test rows with a label that nothing can be learnt about."""
    images = np.zeros((40, 2, 2), dtype=np.uint8)
    raw = RawImages("toy", "toy", images, np.array([0, 1] * 15 + [0, 1, 2, 1, 0] * 2), ("a", "b", "c"), test_rows=10)
    with pytest.raises(ValueError, match="expected every class among the training rows, received none of c"):
        prepare(raw, data_choice("fashion_mnist"), tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "empty", "no array", "other rows", "no json", "other json", "missing"])
def test_damaged_prepared_data_are_named_and_in_the_cache_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """A line with the file; by hand the data are prepared again, whether the cache or the pipeline's are damaged."""
    monkeypatch.chdir(tmp_path)
    chosen = data_choice("wine", path=__file__)
    cache = open_prepared(chosen, tmp_path, by_dvc=False).folder
    before = (cache / "train" / "features.npy").read_bytes()
    prepare(_table("wine"), chosen, Path("data", "prepared"))
    name = "preprocessing.json" if "json" in damage else "train/features.npy"
    for folder in (Path("data", "prepared"), cache):
        path = folder / name
        whole = path.read_bytes()
        contents = {
            "truncated": whole[:-100],
            "empty": b"",
            "no array": b"hello" * 100,
            "no json": b"{",
            "other json": b"{}",
        }
        if damage == "missing":
            path.unlink()
        elif damage == "other rows":
            np.save(path, np.zeros((5, 13), dtype=np.float32))
        else:
            path.write_bytes(contents[damage])
        with pytest.raises((ValueError, FileNotFoundError), match="run prepare") as caught:
            read_prepared(folder).split("train")
        assert str(caught.value).startswith(f"{path}: expected")
    again = open_prepared(chosen, tmp_path, by_dvc=False)
    assert again.folder == cache
    assert (cache / "train" / "features.npy").read_bytes() == before
    assert capsys.readouterr().out.count("the data are prepared anew") == 2


def test_jobs_that_find_a_damaged_cache_at_once_prepare_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None takes away what another has just made or is about to read; what a killed one left goes too."""
    monkeypatch.chdir(tmp_path)
    chosen = data_choice("wine", path=__file__)
    cache = open_prepared(chosen, tmp_path, by_dvc=False).folder
    before = (cache / "train" / "features.npy").read_bytes()
    (cache / "train" / "features.npy").write_bytes(before[:-100])
    cache.with_suffix(".part").mkdir()
    (cache.with_suffix(".part") / "half").touch()
    calls = []

    def prepare_slowly(*arguments: Any) -> dict[str, int]:
        calls.append(arguments)
        time.sleep(0.2)
        return prepare(*arguments)

    monkeypatch.setattr("glassnet.tables.prepared.prepare", prepare_slowly)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_prepared(chosen, tmp_path, by_dvc=False), range(4)))
    assert len(calls) == 1
    assert {each.folder for each in opened} == {cache}
    assert sorted(path.name for path in cache.parent.iterdir()) == [cache.name, f"{cache.name}.lock"]
    assert sorted(path.name for path in cache.iterdir()) == [
        "assignment.csv", "preprocessing.json", "test", "train", "validation",
    ]  # fmt: skip
    assert (cache / "train" / "features.npy").read_bytes() == before
