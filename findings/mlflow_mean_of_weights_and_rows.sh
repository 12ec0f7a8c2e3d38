#!/usr/bin/env bash
# mlflow 3.17.2: the mean of targets around 100 is 98332 with sample weights: divided by the rows, not by the weights.
#
# mlflow.models.evaluate of a regressor takes sample_weights, "weights for each sample to apply when computing model
# performance metrics", and logs sum_on_target and mean_on_target among them. The mean is the weighted sum over the
# number of rows. That is right where the weights happen to average 1. Those of a survey count how many people a row
# stands for, some thousand, and the mean is a thousand times too large; weights that add up to 1, as many scale them,
# make it 0.2, the true mean over the number of rows. The errors beside it and R2 are scikit-learn's, over the sum of
# the weights, and stay the same when all weights are multiplied by 7; mean_on_target takes the 7. An error of 0.84 is
# 0.84% of the mean and looks like 0.0009% or 420%. example_count counts rows, and max_error knows no weights, so that
# nothing logged tells what to divide by. No report was found. The change that brought the weights:
# https://github.com/mlflow/mlflow/pull/6806
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 matplotlib==3.11.2 \
    sqlalchemy==2.1.9 alembic==1.20.1 mlflow-skinny==3.17.2
cd "$folder"
export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_LOGGING_LEVEL=ERROR MPLBACKEND=agg
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error

ROWS = 500
mlflow.set_tracking_uri("sqlite:///runs.db")
rng = np.random.default_rng(0)
X = rng.standard_normal((ROWS, 3))
y = 100 + X @ [1.0, 2.0, 3.0] + rng.standard_normal(ROWS)
predicted = LinearRegression().fit(X, y).predict(X)
frame = pd.DataFrame({"y": y, "predicted": predicted})
people = rng.uniform(0, 2000, ROWS)  # that a row stands for
WEIGHTS = {
    "none": None,
    "people": people,
    "people, times 7": 7 * people,
    "people, of average 1": people / people.mean(),
    "people, of sum 1": people / people.sum(),
}
found = {}
print(f"mlflow {mlflow.__version__}: weights, sum_on_target, mean_on_target, np.average, mean_absolute_error, the same")
for name, weights in WEIGHTS.items():
    with mlflow.start_run():
        result = mlflow.models.evaluate(
            data=frame,
            targets="y",
            predictions="predicted",
            model_type="regressor",
            evaluator_config={"sample_weights": weights, "log_model_explainability": False},
        )
    scores = result.metrics
    true_mean = np.average(y, weights=weights)
    true_error = mean_absolute_error(y, predicted, sample_weight=weights)
    values = scores["sum_on_target"], scores["mean_on_target"], true_mean, scores["mean_absolute_error"], true_error
    print(f"{name}: {', '.join(f'{value:.5g}' for value in values)}")
    assert np.isclose(scores["mean_absolute_error"], true_error), "the error differs: the behaviour has changed"
    assert abs(true_mean - 100) < 1 and scores["example_count"] == ROWS
    found[name] = scores["mean_on_target"] / true_mean
assert np.isclose(found["none"], 1) and np.isclose(found["people, of average 1"], 1)
assert np.isclose(found["people"], people.mean()), "expected it divided by the rows: the behaviour has changed"
assert np.isclose(found["people, times 7"], 7 * people.mean()), "expected it times 7: the behaviour has changed"
assert np.isclose(found["people, of sum 1"], 1 / ROWS), "expected it far too small: the behaviour has changed"
PYTHON
