"""The largest confusions: every number is that of a direct computation, and each guess stands beside its number."""

import re

import numpy as np
import pytest

from glassnet.evaluation import LabelledRows
from glassnet.evaluation import confusions as of_pairs
from glassnet.evaluation.confusions import largest_confusions
from glassnet.reporting.confusions_section import confusions_section

NAMES = ("ant", "bee", "cat", "dog")


def _case() -> tuple[LabelledRows, np.ndarray, np.ndarray, LabelledRows]:
    rng = np.random.default_rng(3)
    y, train_y = rng.integers(0, 4, 300), rng.integers(0, 4, 500)
    centres = 0.8 * rng.standard_normal((4, 6))
    X, train = ((centres[of] + rng.standard_normal((len(of), 6))).astype(np.float32) for of in (y, train_y))
    logits = -np.square(X[:, None] - centres).sum(axis=2) / 4 + rng.standard_normal((300, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return LabelledRows(X, y, np.arange(300)), p, p.argmax(axis=1), LabelledRows(train, train_y, np.arange(500))


def test_every_number_is_that_of_a_direct_computation() -> None:
    test, p, predicted, train = _case()
    found = largest_confusions(test, p, predicted, train, NAMES)
    sizes = {
        (a, b): sum({int(t), int(g)} == {a, b} for t, g in zip(test.y, predicted, strict=True))
        for a in range(4)
        for b in range(a + 1, 4)
    }
    assert [sum(each["errors"]) for each in found] == sorted(sizes.values(), reverse=True)[:3]
    means = [train.X[train.y == c].astype(float).mean(axis=0) for c in range(4)]
    for each in found:
        a, b = (NAMES.index(name) for name in each["classes"])
        errors = [i for i in range(300) if {int(test.y[i]), int(predicted[i])} == {a, b} and test.y[i] != predicted[i]]
        assert sum(each["errors"]) == len(errors) == each["examined"] == sizes[a, b]
        assert each["errors"][0] == sum(test.y[i] == a for i in errors)
        assert each["rows"] == [np.count_nonzero(test.y == a), np.count_nonzero(test.y == b)]
        assert each["confidence"] == pytest.approx(np.mean([p[i].max() for i in errors]))
        assert each["second_right"] == pytest.approx(np.mean([np.argsort(p[i])[-2] == test.y[i] for i in errors]))

        def away(i: int, label: int) -> float:
            rows = train.X[train.y == label].astype(float)
            return float(np.sqrt(np.square(rows - test.X[i]).sum(axis=1)).min())

        actual, guess = [away(i, test.y[i]) for i in errors], [away(i, predicted[i]) for i in errors]
        assert each["to_actual"] == pytest.approx(np.mean(actual))
        assert each["to_predicted"] == pytest.approx(np.mean(guess))
        assert each["nearest_is_predicted"] == pytest.approx(np.mean(np.array(guess) < actual))
        to_means = [
            np.linalg.norm(test.X[i] - means[predicted[i]]) < np.linalg.norm(test.X[i] - means[test.y[i]])
            for i in errors
        ]
        assert each["mean_is_predicted"] == pytest.approx(np.mean(to_means))


def test_of_many_errors_some_are_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_pairs, "EXAMINED", 2)
    for each in largest_confusions(*_case(), NAMES):
        assert each["examined"] == sum(min(2, count) for count in each["errors"])
        assert sum(each["errors"]) >= 5


def test_without_errors_or_with_few_nothing_is_said() -> None:
    test, p, _, train = _case()
    assert largest_confusions(test, p, test.y, train, NAMES) == []
    few = test.y.copy()
    few[:4] = (few[:4] + 1) % 4
    assert largest_confusions(test, p, few, train, NAMES) == []
    assert confusions_section([]) == ""


def test_errors_of_one_direction_alone_are_a_confusion() -> None:
    test, p, _, train = _case()
    guess = test.y.copy()
    guess[np.flatnonzero(test.y == 0)[:8]] = 2
    (only,) = largest_confusions(test, p, guess, train, NAMES)
    assert (only["classes"], only["errors"], only["examined"]) == (["ant", "cat"], [8, 0], 8)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.9, ("between these two classes", "most lie with the other class", "rather like the other class")),
        (0.5, ("a third class comes before", "where the two classes meet", "neither class as a whole")),
        (0.1, ("third or later", "the network is at fault", "rather like their own class")),
    ],
)
def test_each_guess_stands_beside_its_number(share: float, expected: tuple[str, str, str]) -> None:
    (first, *_) = largest_confusions(*_case(), NAMES)
    first["second_right"] = first["nearest_is_predicted"] = first["mean_is_predicted"] = share
    text = confusions_section([first])
    for guess in expected:
        assert re.search(rf"{share:.0%}[^%]*{re.escape(guess)}", text)
    there, back = first["errors"]
    a, b = first["classes"]
    assert f"**{a} and {b}**: {there} of {first['rows'][0]} {a} taken for {b}, {back} of" in text
