#!/usr/bin/env bash
# mlflow 3.17.2: the calibration plot of 3 or more classes has its axes exchanged: overconfident looks underconfident.
#
# mlflow.models.evaluate draws a calibration curve for each class. The axes say "Mean Predicted Probability" below and
# "Fraction of True Positives" at the side; scikit-learn's calibration_curve returns the fractions first, and they are
# drawn where the probabilities belong. Every curve is mirrored at the diagonal: of rows that a model gave 0.98, and of
# which 0.75 are of the class, the point stands above the line, as if it were too careful, and one would sharpen what
# ought to be softened. The rows of a class are those whose label equals the class's position, 0, 1, ...: of names, or
# of labels from 1 on, a line has none or another class's rows. With labels "a", "b", "c" each fraction is 0, and the
# curves are vertical lines at 0, "Class a" among them. Plots of two classes are left to scikit-learn, which names its
# axes by what they show. No report was found. The plot: https://github.com/mlflow/mlflow/pull/14790
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 matplotlib==3.11.2 \
    sqlalchemy==2.1.9 alembic==1.20.1 mlflow-skinny==3.17.2
cd "$folder"
export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_LOGGING_LEVEL=ERROR MPLBACKEND=agg
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import mlflow
import numpy as np
import pandas as pd
from matplotlib import pyplot
from sklearn.calibration import calibration_curve
from sklearn.naive_bayes import GaussianNB

ROWS, COPIES = 6000, 4
drawn, plot = {}, pyplot.plot


def watched(x, y, **others):
    """Note what is drawn, by its label, and draw it."""
    drawn[others["label"]] = np.array([x, y])
    return plot(x, y, **others)


pyplot.plot = watched
mlflow.set_tracking_uri("sqlite:///runs.db")
rng = np.random.default_rng(0)
classes = rng.integers(0, 3, ROWS)
column = classes + rng.standard_normal(ROWS)
X = pd.DataFrame({f"copy {number}": column for number in range(COPIES)})  # naive Bayes counts each: overconfident
train, test = slice(ROWS // 2), slice(ROWS // 2, ROWS)


def curves(labels):
    """Return, of each class, the points that MLflow draws and the right ones: probabilities, fractions."""
    drawn.clear()
    y = np.array(labels)[classes]
    model = GaussianNB().fit(X[train], y[train])
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model", pip_requirements=[], serialization_format="cloudpickle")
        mlflow.models.evaluate(
            logged.model_uri,
            X[test].assign(y=y[test]),
            targets="y",
            model_type="classifier",
            evaluator_config={"log_model_explainability": False},
        )
    probabilities = model.predict_proba(X[test])
    right = [calibration_curve(y[test] == label, probabilities[:, at], n_bins=10) for at, label in enumerate(labels)]
    return [(drawn[f"Class {label}"], np.array(points[::-1])) for label, points in zip(labels, right, strict=True)]


print(f"mlflow {mlflow.__version__}: class, its last point as drawn (x, y), the right one")
found = {}
for labels in ([0, 1, 2], [1, 2, 3], ["a", "b", "c"]):
    found[labels[0]] = curves(labels)
    for label, (points, right) in zip(labels, found[labels[0]], strict=True):
        print(f"{label}: ({points[0, -1]:.2f}, {points[1, -1]:.2f}), ({right[0, -1]:.2f}, {right[1, -1]:.2f})")
for points, right in found[0]:
    assert np.allclose(points, right[::-1]), "expected exchanged axes: the behaviour has changed"
    assert right[0, -1] > right[1, -1] + 0.2
for points, right in found["a"]:
    assert np.all(points[0] == 0), "expected no row of the class: the behaviour has changed"
    assert np.allclose(points[1], right[0])
assert np.all(found[1][0][0][0] == 0), "expected no row of class 1: the behaviour has changed"
assert not np.allclose(found[1][1][0][0], found[1][1][1][1]), "expected another class's rows: the behaviour has changed"
PYTHON
