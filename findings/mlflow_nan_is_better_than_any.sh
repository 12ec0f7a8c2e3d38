#!/usr/bin/env bash
# mlflow 3.17.2: a candidate whose score is NaN passes min_relative_change=0.05 against a baseline of 0.97.
#
# mlflow.validate_evaluation_results is the gate before a model replaces another: a score has to be at least baseline +
# min_relative_change * |baseline|, says MetricThreshold, or ModelValidationFailedException is raised. The code asks
# the opposite, whether the change is smaller, and no comparison with NaN is true: nothing fails, for scores to maximize
# and to minimize. threshold= is asked the right way round, and stops NaN; min_absolute_change= ends in an error of
# decimal, which is no failed validation. NaN is what a network gives that has collapsed to one answer: its correlation
# with anything is undefined, as SciPy says, and mlflow.models.evaluate keeps it so. It is called better by 5% than a
# model with a correlation of 0.97. Once it is the baseline itself, each candidate passes, one of -0.97 too. No report
# was found. Where the validation was added: https://github.com/mlflow/mlflow/pull/6328
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
import math

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import MetricThreshold, make_metric
from scipy.stats import spearmanr

ROWS = 500
THRESHOLDS = {
    "threshold": {"threshold": 0.5},
    "relative": {"min_relative_change": 0.05},
    "absolute": {"min_absolute_change": 0.05},
    "threshold and relative": {"threshold": 0.5, "min_relative_change": 0.05},
}
rng = np.random.default_rng(0)
signal = rng.standard_normal(ROWS)
y = signal + 0.25 * rng.standard_normal(ROWS)
PREDICTED = {"good": signal, "collapsed": np.full(ROWS, y.mean()), "reversed": -signal}


def rank_correlation(predictions, targets):
    """Return Spearman's correlation."""
    return float(spearmanr(predictions, targets).statistic)


def evaluated(predicted):
    """Return what MLflow's evaluation says of predictions."""
    with mlflow.start_run():
        return mlflow.models.evaluate(
            data=pd.DataFrame({"y": y, "predicted": predicted}),
            targets="y",
            predictions="predicted",
            model_type="regressor",
            extra_metrics=[make_metric(eval_fn=rank_correlation, greater_is_better=True)],
            evaluator_config={"log_model_explainability": False},
        )


def verdict(threshold, candidate, baseline, greater=True):
    """Return "passed", or the name of the error."""
    gate = {"rank_correlation": MetricThreshold(greater_is_better=greater, **threshold)}
    try:
        mlflow.validate_evaluation_results(gate, results[candidate], results[baseline])
    except Exception as error:
        return type(error).__name__
    return "passed"


mlflow.set_tracking_uri("sqlite:///runs.db")
results = {name: evaluated(predicted) for name, predicted in PREDICTED.items()}
scores = {name: result.metrics["rank_correlation"] for name, result in results.items()}
print(f"mlflow {mlflow.__version__}: {', '.join(f'{name} {score:.3f}' for name, score in scores.items())}")
assert scores["good"] > 0.9 and math.isnan(scores["collapsed"]) and scores["reversed"] < -0.9
found = {}
pairs = ("good", "reversed"), ("reversed", "good"), ("collapsed", "good"), ("reversed", "collapsed")
for candidate, baseline in pairs:
    for name, threshold in THRESHOLDS.items():
        found[candidate, baseline, name] = verdict(threshold, candidate, baseline)
        print(f"{candidate} for {baseline}, {name}: {found[candidate, baseline, name]}")
FAILED = "ModelValidationFailedException"
for name in THRESHOLDS:
    assert found["good", "reversed", name] == "passed" and found["reversed", "good", name] == FAILED
assert found["collapsed", "good", "relative"] == "passed", "expected NaN to pass: the behaviour has changed"
assert found["reversed", "collapsed", "relative"] == "passed", "expected all to pass: the behaviour has changed"
assert verdict(THRESHOLDS["relative"], "collapsed", "reversed", False) == "passed", "the behaviour has changed"
assert found["collapsed", "good", "absolute"] == "InvalidOperation", "expected another error: the behaviour has changed"
assert found["collapsed", "good", "threshold"] == found["collapsed", "good", "threshold and relative"] == FAILED
PYTHON
