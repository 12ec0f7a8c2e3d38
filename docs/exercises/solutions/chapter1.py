"""Solutions of chapter 1, the training mindset."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import data, nn, optim, training


def majority_accuracy(train_labels: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> float:
    """Return the accuracy on `labels` of always naming the most frequent class of `train_labels`."""
    return float(np.mean(labels == np.bincount(train_labels).argmax()))


def cross_entropy(P: npt.NDArray[np.floating[Any]], y: npt.NDArray[np.int64]) -> float:
    """Return `−(1/N) Σ_n ln p_{n,y_n}`: one entry is picked from each row."""
    return -float(np.mean(np.log(P[np.arange(len(y)), y])))


def linear_baseline(train: data.ArrayDataset, validation: data.ArrayDataset) -> float:
    """Train softmax regression, and return its accuracy on `validation`."""
    model = nn.mlp([train.X.shape[1], int(train.y.max()) + 1], rng=np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters(), 0.03)
    loaders = data.DataLoader(train, 20, shuffle=True), data.DataLoader(validation, 256)
    history = training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, epochs=30)
    return history[-1]["validation_accuracy"]
