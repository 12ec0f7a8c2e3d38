#!/usr/bin/env bash
# imbalanced-learn 0.14.2: a specificity of 4.38, once rows have weights, where repeating the rows gives 0.51.
#
# Specificity is the share of the negative rows that are called negative, so it lies between 0 and 1. A weight of 2 stands
# for two such rows, as in all scores of scikit-learn, whose parameter sample_weight is here too. A good engineer expects
# that all weights times a constant change nothing. The true negatives are taken as the number of rows less the weights
# of all that are not: right if the weights add up to the number of rows, as "balanced" ones do, otherwise any number.
# With it go geometric_mean_score (averaged), the index of balanced accuracy and classification_report_imbalanced. With
# small weights nothing looks wrong, and a model gets better by the scale of the weights alone: 0.95, of weights of 0.1 to
# 0.3. sensitivity_score is right. Reported: https://github.com/scikit-learn-contrib/imbalanced-learn/issues/1180
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 imbalanced-learn==0.14.2
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import imblearn
import numpy as np
from imblearn.metrics import (
    classification_report_imbalanced,
    geometric_mean_score,
    sensitivity_score,
    specificity_score,
)
from sklearn.metrics import recall_score

warnings.simplefilter("ignore", RuntimeWarning)  # the root of a number below 0
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 120)
answers = np.where(rng.random(120) < 0.7, labels, 1 - labels)
weights = rng.integers(1, 4, 120)
repeated = np.repeat(labels, weights), np.repeat(answers, weights)


def scores(labels, answers, weights=None):
    """Return specificity, sensitivity, the geometric mean of both, and the report's average specificity."""
    report = classification_report_imbalanced(labels, answers, sample_weight=weights, output_dict=True)
    return [
        float(specificity_score(labels, answers, average="binary", sample_weight=weights)),
        float(sensitivity_score(labels, answers, average="binary", sample_weight=weights)),
        float(geometric_mean_score(labels, answers, average="macro", sample_weight=weights)),
        float(report["avg_spe"]),
    ]


print(f"imbalanced-learn {imblearn.__version__}: specificity, sensitivity, geometric mean, specificity in the report")
right = scores(*repeated)
print("each row repeated:", np.round(right, 3))
assert np.isclose(right[0], recall_score(labels == 0, answers == 0, sample_weight=weights))
found = {}
for name, factor in {"as they are": 1, "by 10": 1 / 10, "by 0.7": 1 / 0.7, "by their mean": 1 / weights.mean()}.items():
    found[name] = scores(labels, answers, weights * factor)
    print(f"weights divided {name}:" if factor != 1 else "weights as they are:", np.round(found[name], 3))
    assert np.isclose(found[name][1], right[1])
assert np.allclose(found["by their mean"], right)
assert abs(found["as they are"][0] - right[0]) > 0.3, "expected another specificity: the behaviour has changed"
assert max(abs(values[0]) for values in found.values()) > 1, "expected one beyond 1: the behaviour has changed"
PYTHON
