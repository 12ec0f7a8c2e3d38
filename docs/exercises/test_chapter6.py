"""Whether the exercises of chapter 6 are solved."""

from types import ModuleType

import numpy as np

from glassnet import data, diagnostics, nn, optim, training


def test_prelu(chapter: ModuleType) -> None:
    """It bends at 0, its slopes are one parameter, and its gradient check passes."""
    layer = chapter.PReLU(2)
    np.testing.assert_allclose(layer.forward(np.array([[-4.0, 3.0]], np.float32)), [[-1.0, 3.0]])
    assert {name: parameter.shape for name, parameter in layer.named_parameters()} == {"s": (1, 2)}
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((5, 3)).astype(np.float32), np.array([0, 1, 1, 0, 1])
    layer = chapter.PReLU(4)
    layer.s.data = np.array([[0.5, -2.0, 0.0, 0.1]], np.float32)
    model = nn.Sequential(nn.Dense(3, 4, rng=rng), layer, nn.Dense(4, 2, rng=rng))
    assert diagnostics.gradient_check(model, nn.SoftmaxCrossEntropy(), X, y).max_relative_error < 1e-6


def test_heavy_ball(chapter: ModuleType) -> None:
    """It steps as its formula says, and its state is saved and brought back."""
    gradients = np.random.default_rng(1).standard_normal((6, 4))
    W, v = np.ones(4), np.zeros(4)
    parameter = nn.Parameter(np.ones(4), "W")
    optimizer = chapter.HeavyBall([parameter], 0.1, momentum=0.8)
    for g in gradients:
        v = 0.8 * v + g
        W = W - 0.1 * v
        parameter.grad = g
        optimizer.step()
        np.testing.assert_allclose(parameter.data, W, rtol=1e-12)
    other = chapter.HeavyBall([nn.Parameter(parameter.data.copy(), "W")], 0.1, momentum=0.8)
    other.load_state_dict(optimizer.state_dict())
    for each in (optimizer, other):
        each.flat.grad[:] = gradients[0]
        each.step()
    np.testing.assert_array_equal(optimizer.flat.data, other.flat.data)


def test_stop_at_accuracy(chapter: ModuleType) -> None:
    """The training ends with the first epoch that is good enough, and goes on if none is."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((200, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    rows = data.ArrayDataset(X, y)

    def train(goal: float) -> list[float]:
        model = nn.mlp([2, 8, 2], rng=np.random.default_rng(3))
        loaders = data.DataLoader(rows, 20, shuffle=True), data.DataLoader(rows, 200)
        optimizer = optim.Adam(model.parameters(), 0.01)
        callbacks = [chapter.StopAtAccuracy(goal)]
        history = training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, 10, callbacks)
        return [row["validation_accuracy"] for row in history]

    accuracies = train(0.9)
    assert len(accuracies) < 10
    assert accuracies[-1] >= 0.9
    assert all(accuracy < 0.9 for accuracy in accuracies[:-1])
    assert len(train(1.1)) == 10
