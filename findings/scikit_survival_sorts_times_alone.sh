#!/usr/bin/env bash
# scikit-survival 0.28.0: a Brier score of 0.169 becomes 0.281 when the same times are listed from last to first.
#
# brier_score takes times and one column of survival probabilities for each: estimate[:, i] belongs to times[i], says
# the docstring, and asks for no order. A good engineer expects a mean over times not to depend on how they are listed,
# or an error. The times are sorted, the columns are not: each column is scored at another time than its own.
# brier_score returns the sorted times with these scores, so that all looks in order; integrated_brier_score returns the
# number alone. The scorer as_integrated_brier_score_scorer, to which one gives times and nothing else, makes the
# columns itself, in the order given, and errs as well. So does cumulative_dynamic_auc with a column for each time.
# Times taken from a table of patients, such as those of the events, are in no order. (Times that occur twice end in an
# error, as the number of columns differs.) No report of it was found; that error of repeated times was one:
# https://github.com/sebp/scikit-survival/issues/317
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 scikit-survival==0.28.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import sksurv
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import (
    as_integrated_brier_score_scorer,
    brier_score,
    cumulative_dynamic_auc,
    integrated_brier_score,
)
from sksurv.util import Surv

rng = np.random.default_rng(0)
X = rng.standard_normal((400, 3))
event, censored = rng.exponential(np.exp(-X @ [1, 0.5, 0])), rng.exponential(2, 400)
y = Surv.from_arrays(event <= censored, np.minimum(event, censored))
known, new = slice(0, 200), slice(200, 400)
model = CoxPHSurvivalAnalysis().fit(X[known], y[known])
rising = np.array([0.1, 0.2, 0.4, 0.8, 1.2])
risk = np.stack([X[new] @ [1, 0.5, 0] + scale * rng.standard_normal(200) for scale in range(5)], axis=1)
print(f"scikit-survival {sksurv.__version__}: integrated Brier score, by the scorer too, Brier score and AUC at 0.1")
found = {}
for name, order in (("rising", [0, 1, 2, 3, 4]), ("falling", [4, 3, 2, 1, 0]), ("mixed", [2, 0, 4, 1, 3])):
    times = rising[order]
    estimate = np.array([survival(times) for survival in model.predict_survival_function(X[new])])
    scorer = as_integrated_brier_score_scorer(CoxPHSurvivalAnalysis(), times=times).fit(X[known], y[known])
    listed, scores = brier_score(y[known], y[new], estimate, times)
    assert (listed == rising).all()
    found[name] = (
        float(integrated_brier_score(y[known], y[new], estimate, times)),
        -float(scorer.score(X[new], y[new])),
        float(scores[0]),
        float(cumulative_dynamic_auc(y[known], y[new], risk[:, order], times)[0][0]),
    )
    alone = float(brier_score(y[known], y[new], estimate[:, order.index(0)], rising[0])[1][0])
    assert abs(alone - found["rising"][2]) < 1e-12  # one time by itself is right
    print(f"{name}: " + ", ".join(f"{value:.3f}" for value in found[name]))
for name in ("falling", "mixed"):
    off = np.abs(np.subtract(found[name], found["rising"]))
    assert (off > 0.03).all(), "expected all scores to depend on the order: the behaviour has changed"
    assert abs(found[name][0] - found[name][1]) < 1e-12
PYTHON
