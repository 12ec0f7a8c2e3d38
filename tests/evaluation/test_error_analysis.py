"""Error analysis: groups, hypotheses drawn from the neighbourhood, and the cases that are shown."""

from typing import Any

import numpy as np
import pytest

from glassnet.evaluation import ErrorAnalysis, LabelledRows, analyse_errors, analyse_regression_errors
from glassnet.evaluation.neighbours import nearest_of_groups, nearest_rows, usual_distance

NAMES = ("left", "right", "rare")
RNG = np.random.default_rng(0)


def _training() -> LabelledRows:
    """Two clouds of 40 rows at x = −3 and x = 3, and 4 rows of a rare class between them, above."""
    left = np.column_stack([-3 + 0.5 * RNG.standard_normal(40), 0.5 * RNG.standard_normal(40)])
    right = np.column_stack([3 + 0.5 * RNG.standard_normal(40), 0.5 * RNG.standard_normal(40)])
    rare = np.array([[0.0, 3.0], [0.2, 3.1], [-0.2, 3.1], [0.0, 3.3]])
    return LabelledRows(np.vstack([left, right, rare]), np.repeat([0, 1, 2], (40, 40, 4)), np.arange(100, 184))


TRAINING = _training()


def _analyse(X: list[list[float]], y: list[int], P: list[list[float]], shown: int = 10) -> ErrorAnalysis:
    test = LabelledRows(np.array(X), np.array(y), np.arange(len(y)))
    return analyse_errors(test, np.array(P), TRAINING, NAMES, ["x", "height"], shown)


@pytest.mark.parametrize(
    ("x", "p", "hypothesis", "number"),
    [
        ([9.0, 9.0], [0.1, 0.8, 0.1], "outlier", "further from every training row"),
        ([3.0, 0.0], [0.05, 0.95, 0.0], "label noise suspected", "0.95"),
        ([3.0, 0.0], [0.3, 0.7, 0.0], "inside the other class", "0.70"),
        ([-3.0, 0.0], [0.4, 0.6, 0.0], "boundary misplaced", "100% of the nearest training rows are left"),
        ([-3.0, 0.0], [0.02, 0.98, 0.0], "overconfident", "0.98"),
    ],
)
def test_the_hypothesis_follows_from_the_neighbourhood(
    x: list[float], p: list[float], hypothesis: str, number: str
) -> None:
    """One row of the left class that is called right, wherever it lies and however sure the network is."""
    result = _analyse([x], [0], [p])
    assert [(g["true"], g["predicted"], g["count"]) for g in result["groups"]] == [("left", "right", 1)]
    assert result["groups"][0]["hypothesis"] == hypothesis
    assert number in result["groups"][0]["evidence"]


def test_an_error_that_the_decision_makes_is_not_blamed_on_the_network() -> None:
    """Two of three are left by their probabilities, and called right by a threshold of 0.2."""
    test = LabelledRows(np.array([[-3.0, 0.0], [-3.0, 0.1], [3.0, 0.0]]), np.zeros(3, np.int64), np.arange(3))
    P = np.array([[0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [0.05, 0.95, 0.0]])
    result = analyse_errors(test, P, TRAINING, NAMES, ["x", "height"], predicted=np.ones(3, np.int64))
    assert [group["hypothesis"] for group in result["groups"]] == ["called by the rule"]
    assert "2 of 3 are left by the highest probability" in result["groups"][0]["evidence"]
    assert "right (probability 0.35 on average)" in result["groups"][0]["evidence"]


def test_classes_meet_where_the_nearest_rows_are_of_more_than_one() -> None:
    """Of the two, one may be far away; where all the nearest are of a third class, neither is there, and none meet."""
    X = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [9.0], [9.1], [9.2], [9.3], [9.4]])
    train = LabelledRows(X, np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]), np.arange(10))
    names = ("here", "third", "far")

    def group(x: float) -> dict[str, Any]:
        test, P = LabelledRows(np.array([[x]]), np.array([0]), np.array([0])), np.array([[0.3, 0.3, 0.4]])
        return dict(analyse_errors(test, P, train, names, ["x"])["groups"][0])

    between = group(0.2)
    assert between["hypothesis"] == "near the boundary"
    assert "neither here nor far has 4 of 5 of the nearest training rows" in between["evidence"]
    assert "40% of the nearest training rows are here, 0% far" in between["evidence"]
    assert group(9.2)["hypothesis"] != "near the boundary"


def test_a_rare_class_is_named_as_such() -> None:
    """Four rows of 84 are less than half an even share, however sure the network is."""
    for p in ([0.96, 0.0, 0.04], [0.4, 0.3, 0.3]):
        group = _analyse([[0.1, 3.1]], [2], [p])["groups"][0]
        assert group["hypothesis"] == "minority class"
        assert "rare has 4.8% of the training rows" in group["evidence"]


def test_cases_are_the_confident_errors_and_each_group_has_one() -> None:
    """Three errors of one kind and a milder one of another: with two places, one of each."""
    X = [[3.0, 0.0], [3.1, 0.0], [3.2, 0.0], [-3.0, 0.0], [-3.0, 0.1]]
    P = [[0.1, 0.9, 0.0], [0.05, 0.95, 0.0], [0.2, 0.8, 0.0], [0.4, 0.6, 0.0], [0.9, 0.1, 0.0]]
    result = _analyse(X, [0, 0, 0, 2, 0], P, shown=2)
    assert (result["errors"], result["analysed"]) == (4, 4)
    assert [(case["row"], case["true"]) for case in result["cases"]] == [(1, "left"), (3, "rare")]
    assert [group["count"] for group in result["groups"]] == [3, 1]
    assert result["groups"][0]["rows"] == [0, 1, 2]
    case = result["cases"][0]
    assert case["probabilities"] == {"right": 0.95, "left": 0.05, "rare": 0.0}
    assert [each["feature"] for each in case["unusual_features"]] == ["x", "height"]
    assert [each["class"] for each in case["nearest"]] == ["left", "right"]
    assert case["nearest"][0]["distance"] > 3 > case["nearest"][1]["distance"]
    assert 140 <= case["nearest"][1]["row"] < 180
    assert case["neighbours"] == ["right"] * 5
    assert [case["row"] for case in result["least_certain"]] == [4]


def test_an_explanation_needs_half_of_the_group_and_is_told_of_those_it_holds_for() -> None:
    """Confident errors among the other class; as more of the group lie elsewhere the averages stay, then it is none."""
    noise, misplaced = ([3.0, 0.0], [0.05, 0.95, 0.0]), ([-3.0, 0.0], [0.4, 0.6, 0.0])
    far = ([0.0, 0.0], [0.2, 0.8, 0.0])

    def group(*errors: tuple[list[float], list[float]]) -> dict[str, Any]:
        return dict(_analyse([x for x, _ in errors], [0] * len(errors), [p for _, p in errors])["groups"][0])

    half = group(noise, misplaced)
    assert half["hypothesis"] == "label noise suspected"
    assert half["evidence"].startswith("1 of 2 are called right with confidence (0.95 on average)")
    assert "0% of the nearest training rows are left, 100% right" in half["evidence"]
    fewer = group(noise, noise, misplaced, misplaced, far)
    assert fewer["hypothesis"] == "no single cause"
    assert fewer["evidence"].startswith("the mean confidence of all 5 is 0.78; ")
    assert "label noise suspected: 2 of 5" in fewer["evidence"]


def test_the_largest_groups_have_a_case_before_rare_ones() -> None:
    """Three single errors are surer than any of the many of one kind, whose surest is shown all the same."""
    X = [[3.0, 0.0]] * 5 + [[-3.0, 0.0]] * 2 + [[0.0, 3.0]] * 2 + [[-3.0, 0.0]]
    y = [0] * 5 + [1] * 2 + [2] * 2 + [0]
    P = [[0.4, 0.6, 0.0], [0.35, 0.65, 0.0], [0.3, 0.7, 0.0], [0.25, 0.75, 0.0], [0.2, 0.8, 0.0]]
    P += [[0.9, 0.1, 0.0], [0.92, 0.08, 0.0], [0.99, 0.0, 0.01], [0.0, 0.98, 0.02], [0.0, 0.03, 0.97]]

    def cases(shown: int) -> list[int]:
        return [case["row"] for case in _analyse(X, y, P, shown)["cases"]]

    assert cases(2) == [6, 4]
    assert cases(5) == [7, 8, 9, 6, 4]
    assert cases(7) == [7, 8, 9, 6, 5, 4, 3]
    assert cases(20) == [7, 8, 9, 6, 5, 4, 3, 2, 1, 0]


def test_of_many_errors_the_same_share_of_each_group_is_looked_at() -> None:
    """600 of one kind and 3 of another: about a third of each, at least one, from the surest to the least sure."""
    p = np.linspace(0.51, 0.95, 600)
    P = [[1 - q, q, 0.0] for q in p] + [[0.9, 0.0, 0.1]] * 3
    result = _analyse([[3.0, 0.0]] * 600 + [[0.0, 3.0]] * 3, [0] * 600 + [2] * 3, P)
    assert result["errors"] == 603
    assert [group["count"] for group in result["groups"]] == [600, 3]
    assert [len(group["rows"]) for group in result["groups"]] == [199, 1]
    assert {0, 599} <= set(result["groups"][0]["rows"])
    assert result["analysed"] == 200


def test_of_many_classes_the_five_most_probable_are_shown_and_the_true_one() -> None:
    """Wherever it ranks: a case without the probability of what was right could not be understood."""
    train = LabelledRows(np.arange(14.0)[:, np.newaxis], np.arange(14) % 7, np.arange(14))
    test = LabelledRows(np.zeros((2, 1)), np.array([6, 1]), np.arange(2))
    P = np.tile([0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05], (2, 1))
    cases = analyse_errors(test, P, train, tuple("abcdefg"), ["x"])["cases"]
    assert [list(case["probabilities"]) for case in cases] == [list("abcdeg"), list("abcde")]


def test_without_errors_the_least_certain_are_described() -> None:
    """No group, no case, and the right answers by confidence."""
    result = _analyse([[-3.0, 0.0], [3.0, 0.0]], [0, 1], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    assert (result["errors"], result["groups"], result["cases"]) == (0, [], [])
    assert [case["row"] for case in result["least_certain"]] == [1, 0]
    assert [each["class"] for each in result["least_certain"][0]["nearest"]] == ["right", "left"]


def test_neighbours_agree_with_a_plain_search() -> None:
    """Distances and places as sorting all differences gives them, over several blocks."""
    X, train = RNG.standard_normal((7, 4)), RNG.standard_normal((25_000, 4))
    distances, places = nearest_rows(X, train, 3)
    plain = np.linalg.norm(X[:, np.newaxis] - train, axis=2)
    np.testing.assert_array_equal(places, np.argsort(plain, axis=1)[:, :3])
    np.testing.assert_allclose(distances, np.sort(plain, axis=1)[:, :3], rtol=1e-6)
    few, none = nearest_rows(X, train[:2], 3)
    assert (few[:, 2] == np.inf).all()
    assert (none[:, 2] == -1).all()
    copies = np.zeros((5, 2))
    assert usual_distance(copies) == 0


@pytest.mark.parametrize("rows", [500, 5_000, 12_345])
@pytest.mark.parametrize("kind", ["even", "every tenth alone", "heavy tails", "twice each", "equal"])
def test_the_usual_distance_is_the_percentile_of_all_distances(rows: int, kind: str) -> None:
    """Also where the nearest of every tenth row, or of a few, says nothing about those among all rows."""
    rng = np.random.default_rng(rows)
    train = rng.standard_normal((rows, 3))
    if kind == "every tenth alone":
        train[::10] += 100 * rng.standard_normal((len(train[::10]), 3))
    elif kind == "heavy tails":
        train = rng.standard_cauchy((rows, 3))
    elif kind == "twice each":
        train[rows // 2 :] = train[: rows - rows // 2]
    elif kind == "equal":
        train[:] = 1
    sample = train[np.linspace(0, rows - 1, 500).astype(int)]
    distances = [np.sort(np.linalg.norm(train - row, axis=1))[1] for row in sample]
    assert usual_distance(train) == pytest.approx(np.percentile(distances, 99), rel=1e-12)


def test_of_neighbours_at_one_distance_the_first_are_taken() -> None:
    """Whole numbers have many, within a block and over two."""
    X, train = RNG.integers(0, 3, (50, 3)).astype(float), RNG.integers(0, 3, (15_000, 3)).astype(float)
    plain = np.square(X[:, np.newaxis] - train).sum(axis=2)
    np.testing.assert_array_equal(nearest_rows(X, train, 5)[1], np.argsort(plain, axis=1, kind="stable")[:, :5])


def test_large_errors_of_a_regression_are_explained() -> None:
    """One row that lies far out, four whose target differs from that of rows just like them."""
    train = LabelledRows(np.linspace(-2, 2, 81)[:, np.newaxis], np.linspace(-2, 2, 81), np.arange(81))
    X = np.concatenate([np.linspace(-1, 1, 20), [9.0]])[:, np.newaxis]
    y = np.concatenate([np.linspace(-1, 1, 20), [2.0]])
    y[[3, 8, 12]] += 3.0
    predicted = np.concatenate([np.linspace(-1, 1, 20), [9.0]])
    test = LabelledRows(X, y, np.arange(21))
    result = analyse_regression_errors(test, predicted, train, {"mean": 10.0, "scale": 2.0}, ["x"], shown=4)
    hypotheses = {group["group"]: (group["count"], group["hypothesis"]) for group in result["groups"]}
    assert hypotheses["too high"] == (1, "outlier")
    assert hypotheses["too low"] == (3, "unlike its neighbours")
    case = result["cases"][0]
    assert (case["row"], case["actual"], case["predicted"]) == (20, 14.0, 28.0)
    assert case["nearest"] == {"row": 80, "distance": 7.0, "target": 14.0}
    assert case["unusual_features"] == [{"feature": "x", "share": 0.0, "deviations": 7.7}]  # of a deviation of 1.17
    assert [group["group"] for group in result["groups"]] == ["too low", "too high"]  # the larger first
    mirrored = LabelledRows(X, -y, np.arange(21))
    result = analyse_regression_errors(mirrored, -predicted, train, {"mean": 10.0, "scale": 2.0}, ["x"], shown=4)
    assert [(group["group"], group["count"]) for group in result["groups"]] == [("too high", 3), ("too low", 1)]
    # Neighbours of 1 on average, a target of −0.5: it is unlike them, but the prediction of −1 is no nearer to them.
    alone = LabelledRows(np.array([[1.0]]), np.array([-0.5]), np.arange(1))
    result = analyse_regression_errors(alone, np.array([-1.0]), train, {"mean": 10.0, "scale": 2.0}, ["x"])
    assert [(group["group"], group["hypothesis"]) for group in result["groups"]] == [("too low", "no single cause")]


def test_of_many_rows_of_a_regression_no_more_errors_are_explained_than_memory_holds() -> None:
    """A tenth of 2,500 rows would be more than 200; of 1,000 it is 100."""
    train = LabelledRows(np.zeros((50, 1)), np.arange(50.0), np.arange(50))
    for rows, explained in ((2_500, 200), (1_000, 100), (30, 10)):
        test = LabelledRows(np.zeros((rows, 1)), np.linspace(-1, 1, rows), np.arange(rows))
        result = analyse_regression_errors(test, np.zeros(rows), train, {"mean": 0.0, "scale": 1.0}, ["x"])
        assert result["analysed"] == sum(group["count"] for group in result["groups"]) == explained


def test_neighbours_of_each_group_are_those_among_its_rows_alone() -> None:
    rng = np.random.default_rng(0)
    X, train, groups = rng.normal(size=(4, 3)), rng.normal(size=(25_000, 3)), rng.integers(-1, 2, 25_000)
    groups[groups == 1] = np.where(np.arange(np.sum(groups == 1)) < 2, 1, -1)  # two rows are of group 1
    distances, places = nearest_of_groups(X, train, 3, groups, 3)
    for group in range(3):
        members = np.append(np.flatnonzero(groups == group), -1)  # the last one for "none", −1
        alone, found = nearest_rows(X, train[members[:-1]], 3)
        np.testing.assert_array_equal(places[:, group], members[found])
        np.testing.assert_array_equal(distances[:, group], alone)
    assert (places[:, 1, :2] >= 0).all()
    assert (places[:, 1, 2] == -1).all()
    assert np.isinf(distances[:, 2]).all()


def test_distances_of_rows_far_from_the_origin_are_exact() -> None:
    """Differences are taken, not |a|² + |b|² − 2ab, of which float32 would leave nothing here."""
    train = np.full((40, 2), 1e4, dtype=np.float32)
    train[:, 0] += np.arange(40)
    distances, places = nearest_rows(np.array([[10_003.25, 1e4]], dtype=np.float32), train, 2)
    np.testing.assert_array_equal(places, [[3, 4]])
    np.testing.assert_array_equal(distances, [[0.25, 0.75]])
