"""Exercises of chapter 1, the training mindset: write the three functions, then `pytest docs/exercises -k chapter1`."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import data


def majority_accuracy(train_labels: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> float:
    """Return the accuracy on `labels` of always naming the most frequent class of `train_labels`.

    Of classes that are equally frequent, take the one with the smallest number.
    """
    raise NotImplementedError("exercise 1 of chapter 1")


def cross_entropy(P: npt.NDArray[np.floating[Any]], y: npt.NDArray[np.int64]) -> float:
    """Return `−(1/N) Σ_n ln p_{n,y_n}` for probabilities `P (N, C)` and class ids `y (N,)`, without a loop."""
    raise NotImplementedError("exercise 2 of chapter 1")


def linear_baseline(train: data.ArrayDataset, validation: data.ArrayDataset) -> float:
    """Train a network without a hidden layer, and return its accuracy on `validation`.

    The features are standardized already. How many classes there are is for the labels to tell. Use glassnet's parts:
    `nn.mlp`, `nn.SoftmaxCrossEntropy`, an optimizer, `data.DataLoader`, `training.fit`. Draw the weights from a seeded
    generator, so that two calls return the same.
    """
    raise NotImplementedError("exercise 3 of chapter 1")
