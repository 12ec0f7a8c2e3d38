"""Whether the exercises of chapter 1 are solved."""

from types import ModuleType

import numpy as np
import pytest

from glassnet import data


def test_majority_accuracy(chapter: ModuleType) -> None:
    """The class is chosen by the training rows, whatever is frequent elsewhere."""
    train, labels = np.array([2, 2, 0, 1]), np.array([0, 0, 0, 2])
    assert chapter.majority_accuracy(train, labels) == 0.25
    assert chapter.majority_accuracy(np.array([1, 0, 0, 1]), np.array([0, 1, 1, 1])) == 0.25


def test_cross_entropy(chapter: ModuleType) -> None:
    """Knowing nothing costs ln C; certainty is free where it is right."""
    assert chapter.cross_entropy(np.full((5, 4), 0.25), np.array([0, 1, 2, 3, 0])) == pytest.approx(np.log(4))
    P = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert chapter.cross_entropy(P, np.array([0, 1])) == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2)
    assert chapter.cross_entropy(P, np.array([1, 1])) == pytest.approx(-(np.log(0.1) + np.log(0.8)) / 2)


def test_linear_baseline(chapter: ModuleType) -> None:
    """It tells three clouds apart, cannot tell a ring from a disc, and says the same twice."""
    rng = np.random.default_rng(5)
    y = np.arange(240) % 3
    X = (np.array([[0, 2], [-2, -1], [2, -1]])[y] + 0.7 * rng.standard_normal((240, 2))).astype(np.float32)
    clouds = data.ArrayDataset(X[:180], y[:180]), data.ArrayDataset(X[180:], y[180:])
    assert chapter.linear_baseline(*clouds) > 0.9
    angle, radius = rng.uniform(0, 2 * np.pi, 240), 1.0 + np.arange(240) % 2
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)
    y = np.arange(240) % 2
    rings = data.ArrayDataset(X[:180], y[:180]), data.ArrayDataset(X[180:], y[180:])
    score = chapter.linear_baseline(*rings)
    assert score < 0.75
    assert chapter.linear_baseline(*rings) == score
