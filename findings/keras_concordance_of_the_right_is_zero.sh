#!/usr/bin/env bash
# keras 3.15.1: the concordance of a regression that is always right is 0; with axis=0 it follows the size of batches.
#
# ConcordanceCorrelation is 1 for perfect agreement, by its docstring, which shows how to name it in compile(). It is
# computed along the last axis, row by row, and a model with one output has one number there: no covariance, so that 0 /
# (0 + epsilon) = 0 comes of each row, whatever is predicted. PearsonCorrelation, beside it, is 0 / 0 there, and at
# least NaN. With axis=0 both compare rows, but only those of a batch, and are averaged over batches: of rows that are
# sorted, as those of a time are, 0.877 becomes 0.042 with the default batch of 32. A good engineer expects a metric of
# this kind to gather sums over batches, as R2Score does, since Keras did away with averages of batches long ago. Early
# stopping by it ends as soon as its patience does, or goes by how rows lie. No report was found. The docstring:
# https://github.com/keras-team/keras/blob/master/keras/src/metrics/correlation_metrics.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 jax==0.10.2 keras==3.15.1
KERAS_BACKEND=jax "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

ROWS = 1000
rng = np.random.default_rng(0)
x = np.sort(rng.standard_normal((ROWS, 1)), axis=0).astype("float32")
y = x + 0.5 * rng.standard_normal((ROWS, 1)).astype("float32")
mixed = rng.permutation(ROWS)
inputs = keras.Input((1,))
model = keras.Model(inputs, keras.layers.Identity()(inputs))  # predicts x


def evaluate(targets, order=slice(None), batch_size=32, **options):
    """Return concordance, correlation and R2 by Keras."""
    correlations = keras.metrics.ConcordanceCorrelation(**options), keras.metrics.PearsonCorrelation(**options)
    model.compile(loss="mse", metrics=[*correlations, keras.metrics.R2Score()])
    scores = model.evaluate(x[order], targets[order], batch_size=batch_size, verbose=0, return_dict=True)
    return [float(scores[name]) for name in ("concordance_correlation", "pearson_correlation", "r2_score")]


covariance = np.cov(x[:, 0], y[:, 0], ddof=0)
concordance = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (x.mean() - y.mean()) ** 2)
correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
found = {
    "always right": evaluate(x),
    "with noise": evaluate(y),
    "with noise, axis=0, batches of 8": evaluate(y, batch_size=8, axis=0),
    "with noise, axis=0, batches of 32": evaluate(y, axis=0),
    "with noise, axis=0, batches of 250": evaluate(y, batch_size=250, axis=0),
    "with noise, axis=0, one batch": evaluate(y, batch_size=ROWS, axis=0),
    "with noise, axis=0, batches of 32, rows mixed": evaluate(y, mixed, axis=0),
}
print(f"keras {keras.__version__}: concordance, correlation, R2; by hand: {concordance:.3f}, {correlation:.3f}")
for name, scores in found.items():
    print(f"{name}: " + ", ".join(f"{score:.3f}" for score in scores))
assert found["always right"][0] == found["with noise"][0] == 0, "expected a concordance of 0: the behaviour has changed"
assert np.isnan(found["always right"][1]) and found["always right"][2] > 0.999
assert np.allclose(found["with noise, axis=0, one batch"][:2], [concordance, correlation], atol=1e-3)
sorted_rows = [found[f"with noise, axis=0, batches of {size}"] for size in (8, 32, 250)]
assert np.ptp([scores[2] for scores in sorted_rows]) < 1e-3
assert sorted_rows[0][0] < sorted_rows[1][0] < 0.1 < sorted_rows[2][0] < 0.6, "the behaviour has changed"
assert sorted_rows[1][1] < 0.2, "expected a correlation within batches: the behaviour has changed"
PYTHON
