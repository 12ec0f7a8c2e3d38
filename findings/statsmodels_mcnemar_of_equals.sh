#!/usr/bin/env bash
# statsmodels 0.15.0: McNemar's test of a classifier against itself says p = 0: the two differ beyond all doubt.
#
# With exact=False the statistic is (|b - c| - 1)^2/(b + c), b and c being how often one classifier alone was right. The
# 1 is a correction for continuity: it is to draw the statistic towards 0. A good engineer expects equals to be called
# equal. But where b = c the 1 is taken from 0, and squared: the statistic grows instead. For b = c = 0 (the same
# answers everywhere) it is 1/0, hence p = 0, of which a RuntimeWarning about a division is all that can be seen; for
# b = c = 1 p is 0.48, for b = 1, c = 2, which do differ, 1. With correction=False b = c = 0 gives NaN. The exact test,
# the default, says 1 in all these cases; R's mcnemar.test leaves the 1 out where b = c. A sweep that compares many pairs
# and keeps p < 0.05 keeps the copies. No report of it was found; the docstring names neither case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 statsmodels==0.15.0
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import statsmodels
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 200)
answers = np.where(rng.random(200) < 0.8, labels, 1 - labels)
right = answers == labels
same = np.array([[(right & right).sum(), (right & ~right).sum()], [(~right & right).sum(), (~right & ~right).sum()]])
tables = {"a classifier and itself": same}
for b, c in ((1, 1), (4, 4), (1, 2)):
    tables[f"b = {b}, c = {c}"] = np.array([[80, b], [c, 20]])
print(f"statsmodels {statsmodels.__version__}: p-values")
p = {}
for name, table in tables.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the division
        p[name] = [
            float(mcnemar(table, exact=False).pvalue),
            float(mcnemar(table, exact=False, correction=False).pvalue),
            float(mcnemar(table, exact=True).pvalue),
        ]
    print(f"{name}: corrected {p[name][0]:.3f}, uncorrected {p[name][1]:.3f}, exact {p[name][2]:.3f}")
assert all(exact == 1 for _, _, exact in p.values())
assert p["a classifier and itself"][0] == 0, "expected p = 0 for two equals: the behaviour has changed"
assert np.isnan(p["a classifier and itself"][1])
assert p["b = 1, c = 1"][0] < 0.5 < p["b = 1, c = 2"][0], "expected equals to look less equal: the behaviour has changed"
PYTHON
