"""The libraries that people would pick instead, each used as its documentation shows, with the same work to do."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from tests.benchmarks.speed.ours import Epoch, Predict
from tests.benchmarks.speed.workload import BETAS, EPS, LEARNING_RATE, AnyArray, initial_weights

Contestant = Callable[[list[int], int, AnyArray, AnyArray], tuple[Epoch, Predict]]


def jax_scan(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """JAX at its fastest: an epoch is one compiled `scan` over its batches, the last short one compiled by itself."""
    import jax
    import jax.numpy as jnp

    features, labels = jnp.asarray(X), jnp.asarray(y)
    whole = len(X) // batch_size
    rng = np.random.default_rng(0)

    def forward(parameters: Any, rows: Any) -> Any:
        for W, b in parameters[:-1]:
            rows = jax.nn.relu(rows @ W + b)
        W, b = parameters[-1]
        return rows @ W + b

    def loss(parameters: Any, rows: Any, targets: Any) -> Any:
        log_probabilities = jax.nn.log_softmax(forward(parameters, rows))
        return -jnp.mean(jnp.take_along_axis(log_probabilities, targets[:, None], axis=1))

    def step(state: Any, index: Any) -> Any:
        parameters, first, second, steps = state
        value, gradient = jax.value_and_grad(loss)(parameters, features[index], labels[index])
        steps = steps + 1
        first = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, first, gradient)
        second = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, second, gradient)
        correction = jnp.sqrt(1 - BETAS[1] ** steps)
        rate = LEARNING_RATE * correction / (1 - BETAS[0] ** steps)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPS * correction), parameters, first, second
        )
        return (parameters, first, second, steps), value

    scan = jax.jit(lambda state, order: jax.lax.scan(step, state, order), donate_argnums=0)
    one = jax.jit(step, donate_argnums=0)
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in initial_weights(sizes)]
    zeros = [jax.tree.map(jnp.zeros_like, start) for _ in range(2)]
    state = (start, *zeros, jnp.zeros((), jnp.float32))

    def epoch() -> None:
        nonlocal state
        order = jnp.asarray(rng.permutation(len(X)))
        state, _ = scan(state, order[: whole * batch_size].reshape(whole, batch_size))
        if len(X) % batch_size:
            state, _ = one(state, order[whole * batch_size :])
        jax.block_until_ready(state)

    compiled = jax.jit(lambda parameters, rows: jax.nn.softmax(forward(parameters, rows)))
    return epoch, lambda rows: np.asarray(compiled(state[0], rows))


def _torch(sizes: list[int], X: AnyArray, y: AnyArray, **options: Any) -> Any:
    import torch

    torch.manual_seed(0)
    layers: list[Any] = []
    for (fan_in, fan_out), (W, b) in zip(pairwise(sizes), initial_weights(sizes), strict=True):
        layer = torch.nn.Linear(fan_in, fan_out)
        layer.load_state_dict({"weight": torch.from_numpy(W.T.copy()), "bias": torch.from_numpy(b)})
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, BETAS, EPS, **options)

    def step(rows: Any, targets: Any) -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(rows), targets).backward()
        optimizer.step()

    def predict(rows: AnyArray) -> AnyArray:
        with torch.inference_mode():
            probabilities: AnyArray = torch.softmax(model(torch.from_numpy(rows)), dim=1).numpy()
        return probabilities

    return torch.from_numpy(X), torch.from_numpy(y), step, predict


def _torch_indexed(**options: Any) -> Contestant:
    def contestant(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
        """PyTorch without its DataLoader: a permutation, and an index for each batch."""
        import torch

        features, labels, step, predict = _torch(sizes, X, y, **options)

        def epoch() -> None:
            for index in torch.randperm(len(features)).split(batch_size):
                step(features[index], labels[index])

        return epoch, predict

    return contestant


def torch_loader(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """PyTorch as its tutorials have it."""
    import torch

    features, labels, step, predict = _torch(sizes, X, y, fused=True)
    rows = torch.utils.data.TensorDataset(features, labels)
    loader = torch.utils.data.DataLoader(rows, batch_size, shuffle=True)

    def epoch() -> None:
        for batch, targets in loader:
            step(batch, targets)

    return epoch, predict


def scikit_learn(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """`MLPClassifier`; `partial_fit` is one epoch."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        sizes[1:-1], alpha=0.0, batch_size=batch_size, learning_rate_init=LEARNING_RATE, random_state=0
    )
    classes = np.arange(sizes[-1])
    return lambda: model.partial_fit(X, y, classes=classes), lambda rows: model.predict_proba(rows)


torch_adam, torch_fused = _torch_indexed(), _torch_indexed(fused=True)
