"""What is unusual about a row: numbers and categories on one scale, the share of the rows that are as unusual."""

import numpy as np
import pytest

from glassnet.evaluation import CategoryFeatures, unusual_features

REGIONS = 20


def _table(rows: int, rng: np.random.Generator) -> np.ndarray:
    """Two standardized numbers, one of them skewed, and a category of 20 equally frequent regions, one-hot."""
    skewed = np.exp(rng.standard_normal(rows))
    numbers = np.column_stack([rng.standard_normal(rows), (skewed - skewed.mean()) / skewed.std()])
    return np.column_stack([numbers, np.eye(REGIONS)[rng.integers(REGIONS, size=rows)]]).astype(np.float32)


NAMES = ["age", "income", *(f"region = R{i:02d}" for i in range(REGIONS))]
REGION = CategoryFeatures(range(2, 2 + REGIONS), "region = a new value")


def test_one_of_many_equal_categories_is_not_unusual() -> None:
    """In deviations each of them lies +4.4 from the mean, and every row would have its region named first."""
    rng = np.random.default_rng(1)
    train = _table(2_000, rng)
    found = unusual_features(_table(200, rng), train, NAMES, [REGION], shown=1)
    first = [each[0]["feature"].startswith("region") for each in found]
    assert np.mean(first) < 0.4  # of three columns, none is unusual more often than the others
    by_deviations = np.abs((train - train.mean(axis=0)) / train.std(axis=0)).argmax(axis=1) >= 2
    assert np.mean(by_deviations) > 0.95


def test_the_share_is_that_of_the_rows_as_unusual_for_numbers_and_categories_alike() -> None:
    """Of rows like the training rows, about a fraction a has a share of a or less: for a number, and for a category."""
    rng = np.random.default_rng(2)
    train, rows = _table(4_000, rng), _table(2_000, rng)
    frequencies = np.array([0.5, 0.3, 0.15, 0.04, 0.01])
    for table in (train, rows):
        table[:, 2:] = np.eye(REGIONS)[rng.choice(5, size=len(table), p=frequencies)]
    found = unusual_features(rows, train, NAMES, [REGION], shown=3)
    for column in ("age", "income", "region"):
        shares = np.array([each["share"] for row in found for each in row if each["feature"].startswith(column)])
        assert len(shares) == 2_000
        for level in (0.01, 0.05, 0.2, 0.5):
            assert np.mean(shares <= level) <= level + 3 * np.sqrt(level * (1 - level) / 2_000) + 0.01
    rare = next(each for row in found for each in row if each["feature"] == "region = R04")
    assert rare["share"] == pytest.approx(0.01, abs=0.005)


def test_what_is_out_of_all_training_rows_comes_first() -> None:
    """A new category before a number beyond all, of which the further one is first; each with a share of 0."""
    rng = np.random.default_rng(3)
    train = _table(500, rng)
    x = np.zeros((1, 2 + REGIONS), dtype=np.float32)
    x[0, :2] = 5.0, 50.0
    (found,) = unusual_features(x, train, NAMES, [REGION])
    assert [each["feature"] for each in found] == ["region = a new value", "income", "age"]
    assert {each["share"] for each in found} == {0.0}
    assert found[2]["deviations"] == pytest.approx(5.0, abs=0.3)
    assert "deviations" not in found[0]


def test_what_never_changed_is_not_unusual() -> None:
    """All rows are like it; and without names, as of pixels, nothing is."""
    train = np.tile(np.array([[3.0, 0.0]], dtype=np.float32), (50, 1))
    train[:, 1] = np.arange(50)
    (found,) = unusual_features(train[:1], train, ["constant", "count"])
    assert [(each["feature"], each["share"]) for each in found] == [("count", 0.04), ("constant", 1.0)]
    assert unusual_features(train[:2], train, []) == [[], []]


def test_training_rows_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of any size give the same."""
    rng = np.random.default_rng(4)
    train, rows = _table(300, rng), _table(5, rng)
    whole = unusual_features(rows, train, NAMES, [REGION])
    monkeypatch.setattr("glassnet.evaluation.unusual.BLOCK", 7)
    assert unusual_features(rows, train, NAMES, [REGION]) == whole
