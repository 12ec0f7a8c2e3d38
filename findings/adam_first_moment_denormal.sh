#!/usr/bin/env bash
# scikit-learn 1.9.1: Adam's average of a gradient that has become 0 shrinks to the smallest float there is and stays.
#
# A feature that occurs in the first rows alone (a rare word, a pixel at the edge) gives its weights one gradient and
# then none. The average decays as 0.9^t. A good engineer expects that it reaches 0. In float32 it comes to 1e-45 after
# some 980 steps, where 0.9 x 1.4e-45 rounds to 1.4e-45 again: it is a denormal number for ever, and each step computes
# with it, at many times the cost on many processors. Training gets slower after some epochs for no visible reason.
# Seen with MLPClassifier(alpha=0) on 512 x 2000: after 1,128 steps 126,941 of 256,000 first moments are denormal (2,739
# after 708). With 0 in their place the weights stay the same to the bit, and an epoch took 0.47 and 0.69 of the time on
# one thread of an x86-64 processor. (With a penalty, alpha > 0, the gradient of a weight is never 0.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scikit-learn==1.9.1
OPENBLAS_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import copy
import time

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier


def denormals(model: MLPClassifier) -> int:
    """Count the first moments of the first layer that are neither 0 nor normal numbers."""
    moments = model._optimizer.ms[0]
    return int(((moments != 0) & (np.abs(moments) < np.finfo(moments.dtype).tiny)).sum())


def fastest_epoch(model: MLPClassifier) -> float:
    """Return the seconds of the fastest of ten passes."""
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        model.partial_fit(X[64:], y[64:])
        seconds.append(time.perf_counter() - start)
    return min(seconds)


rng = np.random.default_rng(0)
X, y = np.zeros((512, 2000), np.float32), rng.integers(0, 2, 512)
X[:, :20] = rng.standard_normal((512, 20))
X[rng.integers(0, 8, 1980), np.arange(20, 2000)] = 1  # each of these features in one of the first eight rows
model = MLPClassifier((128,), alpha=0, batch_size=64, shuffle=False, random_state=0)
model.partial_fit(X, y, classes=[0, 1])
for _ in range(100):
    model.partial_fit(X[64:], y[64:])
before = denormals(model)
for _ in range(60):
    model.partial_fit(X[64:], y[64:])
after = denormals(model)
zeroed = copy.deepcopy(model)
for moments in zeroed._optimizer.ms:
    moments[np.abs(moments) < np.finfo(moments.dtype).tiny] = 0
slow, fast = fastest_epoch(model), fastest_epoch(zeroed)
same = all(np.array_equal(a, b) for a, b in zip(model.coefs_, zeroed.coefs_))
print(f"scikit-learn {sklearn.__version__}, {model._optimizer.ms[0].dtype}")
print(f"denormal first moments, of {model._optimizer.ms[0].size}: {before} after 708 steps, {after} after 1,128")
print(f"with 0 in their place: the same weights: {same}; time of an epoch: {fast / slow:.2f} of what it was")
assert model._optimizer.ms[0].dtype == np.float32
assert after > 100_000, "expected the moments to stay denormal: the behaviour has changed"
assert same, "expected the same weights without them"
PYTHON
