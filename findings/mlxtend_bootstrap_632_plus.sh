#!/usr/bin/env bash
# mlxtend 0.25.0: the .632+ bootstrap estimates accuracies of -24.7, 3.7 or NaN, where labels are hard to predict.
#
# .632+ weighs the error on rows left out against the one on the training rows by how much a model overfits, R: between 0
# and 1, so that the weight is between 0.632 and 1. Efron and Tibshirani, whose paper the docstring names, see to it that
# it does. A good engineer expects a weighted mean of two accuracies to lie between 0 and 1. mlxtend takes R as it
# comes, for each resample by itself. Near chance its denominator is close to 0, or 0: weights of any size and sign, and
# one resample with 0/0 makes the mean NaN. The docstring's example takes percentiles of these values for an interval.
# "oob" and ".632" stay between 0 and 1. On a data set that is learned well nothing of it is seen: R is small there.
# No report of it was found for mlxtend; mlr, of R, had one: https://github.com/mlr-org/mlr/issues/512
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 mlxtend==0.25.0
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import mlxtend
import numpy as np
from mlxtend.evaluate import bootstrap_point632_score
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

warnings.simplefilter("ignore", RuntimeWarning)  # the division by 0
models = {"logistic regression": LogisticRegression(), "15 nearest neighbours": KNeighborsClassifier(15)}
print(f"mlxtend {mlxtend.__version__}: labels by a coin, 60 rows, 200 resamples; accuracy: mean, least, largest")
every = {method: [] for method in ("oob", ".632", ".632+")}
for seed in range(2):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    for name, model in models.items():
        for method, values in every.items():
            found = bootstrap_point632_score(model, X, y, method=method, random_seed=1)
            values.append(found)
            if method == ".632+":
                others = f"oob {every['oob'][-1].mean():.3f}, .632 {every['.632'][-1].mean():.3f}"
                print(f"{seed}, {name}: {found.mean():.3f}, {np.nanmin(found):.3f}, {np.nanmax(found):.3f}; {others}")
for method in ("oob", ".632"):
    assert np.min(every[method]) >= 0 and np.max(every[method]) <= 1
plus = np.array(every[".632+"])
assert np.nanmin(plus) < -1 and np.nanmax(plus) > 2, "expected accuracies outside of 0 to 1: the behaviour has changed"
assert np.isnan(plus.mean(axis=1)).any(), "expected a mean of NaN: the behaviour has changed"
PYTHON
