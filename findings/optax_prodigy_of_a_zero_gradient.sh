#!/usr/bin/env bash
# optax 0.2.8: one first gradient of zeros turns all weights that Prodigy or D-Adaptation move into NaN, for good.
#
# Both estimate the learning rate as they go, and so are the ones to take where none is known. An output layer that
# starts at zeros is common: the first gradient of every layer before it is exactly 0. A good engineer expects a step of
# 0, and the estimate to begin with the next gradient, as DoWG and COCOB have it, and Adam. Where such an optimizer has
# those layers for itself (multi_transform, with another one for the output layer, or masked), its first estimate is 0/0.
# Prodigy's weights are NaN after that step, those of D-Adaptation after the next; nothing is raised. The original of
# D-Adaptation got a guard against it in 2023 (https://github.com/facebookresearch/dadaptation/pull/13). Of optax no
# report was found. With all layers in one of the two, the output layer's gradient is there, and nothing happens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 jax==0.10.2 optax==0.2.8
"$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
X = jnp.array(rng.standard_normal((64, 4)), jnp.float32)
first = jnp.array(0.5 * rng.standard_normal((4, 8)), jnp.float32)


def loss(weights):
    """Return the mean squared error of a network with one hidden layer."""
    return jnp.mean((jnp.tanh(X @ weights["hidden"]) @ weights["output"] - jnp.sin(X[:, :1])) ** 2)


def trained(optimizer, alone):
    """Return how many of the 32 hidden weights are NaN, and the loss, after three steps."""
    if alone:
        optimizer = optax.multi_transform({"a": optimizer, "b": optax.sgd(0.1)}, {"hidden": "a", "output": "b"})
    weights = {"hidden": first, "output": jnp.zeros((8, 1))}
    state = optimizer.init(weights)
    for _ in range(3):
        updates, state = optimizer.update(jax.grad(loss)(weights), state, weights)
        weights = optax.apply_updates(weights, updates)
    return int(jnp.isnan(weights["hidden"]).sum()), float(loss(weights))


contrib = optax.contrib
makers = {"prodigy": contrib.prodigy, "dadapt_adamw": contrib.dadapt_adamw, "dowg": contrib.dowg, "cocob": contrib.cocob}
print(f"optax {optax.__version__}, jax {jax.__version__}: hidden weights that are NaN after three steps, and the loss")
found = {}
for name, make in {**makers, "adam": lambda: optax.adam(0.01)}.items():
    for alone in (True, False):
        found[name, alone], value = trained(make(), alone)
        print(f"{name}, {'the hidden layer alone' if alone else 'all layers'}: {found[name, alone]}, {value:.4f}")
assert all(found[name, alone] == 0 for name in ("dowg", "cocob", "adam") for alone in (True, False))
assert found["prodigy", False] == found["dadapt_adamw", False] == 0
assert found["prodigy", True] == found["dadapt_adamw", True] == 32, "expected NaN: the behaviour has changed"
PYTHON
