"""How often the intervals of the report hold the truth: simulated test splits of networks' pools and of heavy errors.

With 300 splits a 95% interval holds in fewer than 270 once in 8,000; each bound is that, or what it says beside it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from glassnet import data, evaluation, nn, optim

pytestmark = pytest.mark.slow

SPLITS = 300
LEAST = 270
Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.integer[Any]]


def _clouds(rng: np.random.Generator, rows: int, distance: float) -> tuple[Floats, Labels]:
    """Three classes of two clouds each, in ten dimensions."""
    centres = np.random.default_rng(7).standard_normal((6, 10)) * distance
    cloud = rng.integers(0, 6, rows)
    X = centres[cloud] + rng.standard_normal((rows, 10))
    return X.astype(np.float32), cloud % 3


def _pool(distance: float, training_rows: int, epochs: int) -> tuple[Labels, Floats]:
    """Return the classes and a trained network's probabilities of 20,000 rows."""
    rng = np.random.default_rng(0)
    X, y = _clouds(rng, training_rows, distance)
    model = nn.mlp([10, 32, 3], activation="relu", dropout=0.0, normalization=None, init="he_normal", rng=rng)
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters(), learning_rate=1e-2)
    loader = data.DataLoader(data.ArrayDataset(X, y), batch_size=32, shuffle=True, drop_last=False, seed=0)
    for _ in range(epochs):
        for inputs, labels in loader:
            loss.forward(model.forward(inputs), labels)
            optimizer.zero_grad()
            model.backward(loss.backward())
            optimizer.step()
    pool, labels = _clouds(rng, 20_000, distance)
    logits = model.forward(pool).astype(np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rows", [20, 60, 300])
@pytest.mark.parametrize(
    ("distance", "training_rows", "epochs"),
    [(1.0, 150, 60), (1.0, 2_000, 5), (2.0, 500, 20)],
    ids=["overfit", "well fit", "easy"],
)
def test_every_interval_of_a_classification(distance: float, training_rows: int, epochs: int, rows: int) -> None:
    """Accuracy, balanced accuracy, macro F1, top k and log-loss, of 20 rows too, which often have no error."""
    labels, probabilities = _pool(distance, training_rows, epochs)
    truth = evaluation.classification_scores(labels, probabilities)
    rng = np.random.default_rng(1)
    held = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "top_2_accuracy"), 0)
    for _ in range(SPLITS):
        chosen = rng.integers(0, len(labels), rows)
        scores = evaluation.classification_scores(labels[chosen], probabilities[chosen])
        for name in held:
            held[name] += scores[f"{name}_low"] <= truth[name] <= scores[f"{name}_high"]
    assert min(held.values()) >= LEAST, held


@pytest.mark.parametrize("rows", [20, 100, 500])
@pytest.mark.parametrize("kind", ["normal", "t3", "skewed and heteroscedastic", "lognormal"])
def test_every_interval_of_a_regression(kind: str, rows: int) -> None:
    """RMSE, MAE, R² and the difference to a worse model."""
    rng = np.random.default_rng(2)

    def draw(size: int) -> tuple[Floats, Floats]:
        signal = rng.standard_normal(size)
        if kind == "normal":
            return signal, rng.standard_normal(size)
        if kind == "t3":
            return signal, rng.standard_t(3, size)
        if kind == "lognormal":
            return signal, np.exp(rng.standard_normal(size)) - np.exp(0.5)
        return signal, (rng.standard_exponential(size) - 1) * np.exp(signal / 4)

    signal, error = draw(4_000_000)
    expected = 3.0 if kind == "t3" else float((error**2).mean())
    spread = expected + 1.0
    truth = {
        "rmse": expected**0.5,
        "mae": float(np.abs(error).mean()),
        "r2": 1 - expected / spread,
        "difference": float((np.abs(error) - np.abs(error + 0.2 * signal)).mean()),
    }
    held = dict.fromkeys(truth, 0)
    for _ in range(SPLITS):
        signal, error = draw(rows)
        y = signal + error
        found: dict[str, Any] = {
            **evaluation.regression_scores(y, signal),
            **evaluation.compare_regressions(y, signal, 0.8 * signal),
        }
        for name in held:
            held[name] += found[f"{name}_low"] <= truth[name] <= found[f"{name}_high"]
    assert min(held.values()) >= LEAST, held
