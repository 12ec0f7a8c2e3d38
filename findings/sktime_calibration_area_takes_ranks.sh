#!/usr/bin/env bash
# sktime 1.2.0: AUCalibration of a forecast ten times too wide is that of the true one; sorting the rows makes it 0.
#
# The area between the calibration curve and the diagonal compares the i-th smallest of the N values F_i(y_i) with i/N:
# so says the docstring, formula included. It is near 0 where the distributions are right and grows with how wrong they
# are, whatever the order of the rows. A good engineer takes it to check the spread of a forecast. sktime puts the ranks
# of the values in place of the values, and compares them with the number of the row. Ranks are 1 to N for any forecast,
# so nothing of its calibration is left; what is measured is how the values happen to be ordered in time. A random order
# gives 1/3, a falling series 1/2, a rising one 0: "perfect". skpro 2.16.0 has the same. No report of it was found; in
# review the index of the formula was asked about: https://github.com/sktime/sktime/pull/6460 (pandas 2, as sktime asks
# for it)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 skpro==2.16.0 sktime==1.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pandas as pd
import sktime
import skpro.metrics
from scipy.stats import norm
from sktime.performance_metrics.forecasting.probabilistic import AUCalibration
from skpro.distributions import Normal

N = 1000
drawn = np.random.default_rng(0).standard_normal(N)
orders = {"as drawn": drawn, "rising": np.sort(drawn), "falling": np.sort(drawn)[::-1]}


def by_sktime(y, sigma):
    """Return the area for forecasts N(0, sigma^2)."""
    frame = pd.DataFrame({"y": y})
    forecast = Normal(mu=np.zeros((N, 1)), sigma=np.full((N, 1), sigma), index=frame.index, columns=frame.columns)
    area = float(AUCalibration()(frame, forecast))
    of_skpro = float(skpro.metrics.AUCalibration()(frame, forecast))
    assert abs(of_skpro - area) < 1e-9, "skpro differs: the behaviour has changed"
    return area


def by_the_formula(y, sigma):
    """Return the mean of |c_(i) - i/N|, c_(i) being the i-th smallest of the values F_i(y_i)."""
    return float(np.mean(np.abs(np.sort(norm.cdf(y, scale=sigma)) - np.arange(1, N + 1) / N)))


print(f"sktime {sktime.__version__}: rows, standard deviation of the forecast (true: 1), AUCalibration, the formula")
found = {}
for name, y in orders.items():
    for sigma in (0.5, 1.0, 2.0, 10.0):
        found[name, sigma] = by_sktime(y, sigma), by_the_formula(y, sigma)
        print(f"{name}, {sigma}: {found[name, sigma][0]:.3f}, {found[name, sigma][1]:.3f}")
for name in orders:
    assert found[name, 1.0][1] < 0.03 and found[name, 2.0][1] > 0.08 and found[name, 10.0][1] > 0.2
    areas = [found[name, sigma][0] for sigma in (0.5, 1.0, 2.0, 10.0)]
    assert np.ptp(areas) < 0.001, "expected the same area for all forecasts: the behaviour has changed"
assert abs(found["as drawn", 1.0][0] - 1 / 3) < 0.03 and found["rising", 10.0][0] < 1e-9
assert abs(found["falling", 1.0][0] - 1 / 2) < 0.01, "expected the area to follow the order: the behaviour has changed"
PYTHON
