#!/usr/bin/env bash
# scoringrules 0.10.0: the weighted interval score falls without end as the median is put lower; with numba it is right.
#
# The score adds up |y - median| and the scores of some intervals, all of them 0 or more. It is smallest, in expectation,
# for one's true belief, and close to the CRPS: so says the docstring, formula included. A good engineer expects a back
# end to change the speed. Where numba is not installed, NumPy is taken, and the median stands where |y - median| should:
# the lower the median, the better the score, below 0 too, and one forecast gets two scores in kelvin and in degrees
# Celsius. JAX and PyTorch run the same lines. With numba the number is that of the formula, so that one script ranks
# forecasts one way on a machine that has it and another way on the next. interval_score itself is right with each.
# Seen for standard normal rows and 9 intervals: 0.592 with numba, 0.549 with NumPy (CRPS 0.564); with the median moved
# to -4: 0.759 and 0.339; with rows and forecast moved by -1000: 0.592 and -52.1. No report of it was found; that only
# numba's was tested was one in 2024: https://github.com/frazane/scoringrules/issues/81
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/score.py" <<'PYTHON'
from importlib.metadata import version

import numpy as np
import scoringrules as sr
from scipy.stats import norm

rng = np.random.default_rng(0)
y = rng.standard_normal(2000)
alpha = np.linspace(0.1, 0.9, 9)


def score(median: float, shift: float) -> float:
    """Return the mean score of standard normal intervals, all but the median right, at another zero of the scale."""
    lower, upper = norm.ppf(alpha / 2) + shift, norm.ppf(1 - alpha / 2) + shift
    rows = np.ones((len(y), 1))
    scores = sr.weighted_interval_score(y + shift, median + shift + 0 * y, lower * rows, upper * rows, alpha)
    return float(np.mean(scores))


def by_the_formula(median: float) -> float:
    """Return the same mean, (|y - median|/2 + sum of alpha/2 x interval scores)/(K + 1/2)."""
    lower, upper = norm.ppf(alpha / 2), norm.ppf(1 - alpha / 2)
    each = y[:, None]
    scores = upper - lower + 2 / alpha * (np.maximum(lower - each, 0) + np.maximum(each - upper, 0))
    return float(np.mean((abs(y - median) / 2 + (scores * alpha / 2).sum(axis=1)) / (len(alpha) + 0.5)))


print(f"scoringrules {version('scoringrules')}, back end {sr.backend.backends.active.name}; ", end="")
print(f"CRPS {np.mean(sr.crps_normal(y, 0.0, 1.0)):.3f}")
print(f"by the formula: {by_the_formula(0):.3f}, with the median at -4: {by_the_formula(-4):.3f}")
print(f"scored {score(0, 0):.3f}, with the median at -4: {score(-4, 0):.3f}, ", end="")
print(f"with all moved by -1000: {score(0, -1000):.3f}")
if sr.backend.backends.active.name == "numba":
    assert abs(score(0, 0) - by_the_formula(0)) < 1e-9 and abs(score(-4, 0) - by_the_formula(-4)) < 1e-9
    assert abs(score(0, -1000) - by_the_formula(0)) < 1e-6
else:
    assert score(-4, 0) < score(0, 0) < by_the_formula(0) - 0.03, "expected a lower median to help: it has changed"
    assert score(0, -1000) < 0, "expected a score below 0: the behaviour has changed"
PYTHON
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" --disable-pip-version-check "$@"; }
pip install --quiet numpy==2.4.6 scipy==1.17.1 scoringrules==0.10.0
"$folder/venv/bin/python" "$folder/score.py"
pip install --quiet numpy==2.4.6 numba==0.68.1
"$folder/venv/bin/python" "$folder/score.py"
