"""Copies of training rows: found as a search through all pairs finds them, counted, and left out of the accuracy."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from glassnet.evaluation import LabelledRows, exact_interval, near_copies
from glassnet.evaluation import copies as copied
from glassnet.evaluation.copies import copies_of_training_rows
from glassnet.evaluation.near_copies import FAR, NEAR, _may_be_near, find_copies, ratio_by_chance
from glassnet.reporting.copies_section import copies_section


def _rows(n: int, features: int = 100, seed: int = 0) -> np.ndarray:
    """Return rows that spread unevenly in eight dimensions, and a little in all others."""
    rng = np.random.default_rng(seed)
    along = rng.standard_normal((n, 8)) * np.linspace(3, 1, 8)
    spread = np.random.default_rng(99).standard_normal((8, features))
    return (along @ spread + 0.3 * rng.standard_normal((n, features))).astype(np.float32)


def _planted() -> tuple[np.ndarray, np.ndarray]:
    """Return test and training rows: the first five test rows are exact copies, the next seven noisy ones."""
    X, train = _rows(300, seed=1), _rows(3_000, seed=2)
    X[:5] = train[100:105]
    noise = np.random.default_rng(3).standard_normal((7, 100))
    X[5:12] = train[200:207] + 0.05 * noise
    return X, train


def _ratios(X: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio of each row's nearest and twentieth training row, and the nearest, from all pairs."""
    distances = np.sqrt(np.square(X[:, None].astype(np.float64) - train[None]).sum(axis=2))
    ordered = np.sort(distances, axis=1)
    return ordered[:, 0] / ordered[:, NEAR - 1], distances.argmin(axis=1)


def test_planted_copies_are_found_and_no_others() -> None:
    X, train = _planted()
    found = find_copies(X, train)
    assert np.flatnonzero(found.mates >= 0).tolist() == list(range(12))
    assert found.mates[:12].tolist() == [*range(100, 105), *range(200, 207)]
    assert (found.ratios[:5] == 0).all()
    assert (found.ratios[5:12] > 0).all()


@pytest.mark.parametrize("limit", [0.15, 0.5, 0.7])
def test_the_first_look_loses_no_copy(limit: float) -> None:
    """Up to the limit, the answer is that of all pairs; the first look may keep more rows, never fewer."""
    X, train = _planted()
    ratios, _ = _ratios(X, train)
    kept = _may_be_near(X, train, limit)
    assert kept[ratios <= limit].all()
    assert kept.sum() < len(X)


def _adversarial(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return test and training rows whose distances float32, few directions or cells might get wrong."""
    rng = np.random.default_rng(6)
    X, train = _rows(200, 30, seed=7), _rows(1_500, 30, seed=8)
    X[:40] = train[100:140] + 0.1 * rng.standard_normal((40, 30)) * rng.random((40, 1))
    if name == "in a plane":  # nothing lies beside the directions
        X, train = (rows[:, :2] @ np.array([[1, 2, 3, 0], [0, 1, -1, 5]]) for rows in (X, train))
    elif name == "far from the origin":
        X, train = X + np.float32(3e4), train + np.float32(3e4)
    elif name == "one row far off":
        train[77] = 1e6
    elif name == "of one test row the twentieth is far off":
        X[50] = 1e4
    elif name == "rows several times":
        train[200:260], train[260:279], X[41] = train[200], train[300], train[300] + np.float32(1e-3)
    elif name == "one column":
        X, train = X[:, :1], train[:, :1]
    elif name == "without structure":
        X, train = rng.random((200, 300)), rng.random((1_500, 300))
        X[:40] = train[:40] + 0.05 * rng.standard_normal((40, 300))
    elif name == "tiny":
        X, train = X * np.float32(1e-12), train * np.float32(1e-12)
    return X.astype(np.float32), train.astype(np.float32)


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "in a plane",
        "far from the origin",
        "one row far off",
        "of one test row the twentieth is far off",
        "rows several times",
        "one column",
        "without structure",
        "tiny",
    ],
)
def test_no_bound_rules_out_a_copy_at_the_limit_itself(name: str) -> None:
    """The limit is the ratio of one row, of several in turn, so that not a digit may be lost."""
    X, train = _adversarial(name)
    ratios, _ = _ratios(X, train)
    for limit in np.sort(ratios[(ratios > 0) & (ratios < 0.9)])[:30:3]:
        assert _may_be_near(X, train, float(limit))[ratios <= limit].all()


def test_answers_are_those_of_all_pairs_whatever_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    X, train = _adversarial("plain")
    ratios, nearest = _ratios(X, train)
    for cell, directions, of_cells, many in ((256, 48, 8, 0.01), (41, 3, 1, 0.01), (5_000, 30, 30, 1.0), (60, 8, 8, 0)):
        for setting, value in (("CELL", cell), ("DIRECTIONS", directions), ("OF_CELLS", of_cells), ("MANY", many)):
            monkeypatch.setattr(near_copies, setting, value)
        found = find_copies(X, train)
        assert found.limit is not None
        np.testing.assert_array_equal(found.mates, np.where(ratios <= found.limit, nearest, -1))
        np.testing.assert_allclose(found.ratios[found.mates >= 0], ratios[found.mates >= 0], rtol=1e-6)


def test_images_are_judged_as_by_all_pairs() -> None:
    images = load_digits().data.astype(np.float32)
    X, train = images[:300], images[300:]
    X[7] = train[11] + np.float32(0.1)
    found, (ratios, nearest) = find_copies(X, train), _ratios(X, train)
    assert found.limit is not None
    is_near = ratios <= found.limit
    assert is_near[7]
    np.testing.assert_array_equal(found.mates >= 0, is_near)
    np.testing.assert_array_equal(found.mates[is_near], nearest[is_near])
    np.testing.assert_allclose(found.ratios[is_near], ratios[is_near])


def test_rows_without_structure_are_held_against_all() -> None:
    """Where no direction says much, a lower bound leaves most pairs, and the product of all rows decides."""
    rng = np.random.default_rng(4)
    X, train = (rng.standard_normal((n, 400)).astype(np.float32) for n in (40, 500))
    X[3] = train[17] + 0.1 * rng.standard_normal(400).astype(np.float32)
    found = find_copies(X, train)
    assert np.flatnonzero(found.mates >= 0).tolist() == [3]
    assert found.mates[3] == 17


def test_the_ratio_by_chance_is_that_of_rows_that_lie_evenly() -> None:
    """Three dimensions on a torus, which has no edge: as many nearest rows lie below the ratio as were asked for."""
    rng = np.random.default_rng(5)
    X, train = rng.random((4_000, 3)), rng.random((2_000, 3))
    squares = np.zeros((4_000, 2_000))
    for axis in range(3):
        apart = np.abs(X[:, None, axis] - train[None, :, axis])
        squares += np.minimum(apart, 1 - apart) ** 2
    distances = np.sqrt(np.partition(squares, FAR, axis=1)[:, : FAR + 1])
    distances.sort(axis=1)
    limit = ratio_by_chance(distances[:, NEAR - 1], distances[:, FAR - 1], 0.02)
    assert 0.013 < np.mean(distances[:, 0] <= limit * distances[:, NEAR - 1]) < 0.027


def test_few_or_equal_training_rows_have_exact_copies_alone() -> None:
    _, train = _planted()
    few = find_copies(train[:10] + np.float32(0.01), train[:70])
    assert few.limit is None
    assert (few.mates == -1).all()
    same = find_copies(np.zeros((5, 4), np.float32), np.zeros((200, 4), np.float32))
    assert same.limit is None
    assert (same.mates == 0).all()


def _labelled() -> tuple[LabelledRows, LabelledRows, np.ndarray]:
    X, train = _planted()
    y, train_y = np.zeros(300, dtype=np.int64), np.zeros(3_000, dtype=np.int64)
    train_y[[101, 203]] = 1
    right = np.ones(300, dtype=bool)
    right[[0, 6, 50, 60, 70]] = False
    return LabelledRows(X, y, np.arange(300) + 5_000), LabelledRows(train, train_y, np.arange(3_000)), right


def test_accuracy_with_and_without_copies_is_that_of_a_direct_count() -> None:
    test, train, right = _labelled()
    found = copies_of_training_rows(test, train, right)
    assert (found["rows"], found["of"], found["exact"], found["near"], found["other_class"]) == (300, 300, 5, 7, 2)
    assert found["scores"]["all"]["accuracy"] == pytest.approx(295 / 300)
    assert found["scores"]["copies"]["accuracy"] == pytest.approx(10 / 12)
    others = found["scores"]["others"]
    assert others["rows"] == 288
    assert others["accuracy"] == pytest.approx(285 / 288)
    assert (others["low"], others["high"]) == exact_interval(285, 288)
    assert [(each["row"], each["copy_of"], each["same_class"]) for each in found["copies"][:5]] == [
        (5_000 + i, 100 + i, i != 1) for i in range(5)
    ]
    ratios = [each["ratio"] for each in found["copies"]]
    assert ratios == sorted(ratios)


def test_of_many_rows_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copied, "PAIRS", 100 * 3_000)
    found = copies_of_training_rows(*_labelled())
    assert (found["rows"], found["of"], found["scores"]["all"]["rows"]) == (100, 300, 100)
    assert "Of 100 test images, taken from the 300 at even distances, 2 equal" in copies_section(found)


def test_the_section_says_what_was_found() -> None:
    found = copies_of_training_rows(*_labelled())
    text = copies_section(found)
    assert text.startswith("### Copies of training images\n")
    assert "Of 300 test images, 5 equal an image that the network learnt from, pixel by pixel. 7 more are" in text
    assert "Of the 12, 2 have another class than the training image" in text
    assert "| without the copies         |    288 | 0.9896   |" in text
    assert "All are in `reports/analysis.json`" in text
    assert copies_section(None) == ""


def test_the_section_of_no_copies_has_no_table_and_one_of_copies_alone_no_row_without() -> None:
    test, train, right = _labelled()
    none = copies_of_training_rows(LabelledRows(test.X[20:40], test.y[20:40], test.rows[20:40]), train, right[20:40])
    assert "Of 20 test images, 0 equal" in copies_section(none)
    assert "|" not in copies_section(none)
    few = LabelledRows(train.X[:9], train.y[:9], train.rows[:9])
    alone = copies_of_training_rows(few, few, np.ones(9, dtype=bool))
    assert alone["scores"].keys() == {"all", "copies"}
    text = copies_section(alone)
    assert "Near copies were not looked for: there are too few training images" in text
    assert "without the copies" not in text
