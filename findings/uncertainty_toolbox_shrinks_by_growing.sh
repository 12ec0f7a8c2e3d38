#!/usr/bin/env bash
# uncertainty-toolbox 0.1.1: recalibration multiplies standard deviations by 100 that are 10 times too large.
#
# get_std_recalibrator looks for the factor that calibrates predicted standard deviations, between 0.01 and 100. A good
# engineer expects about 1/10 for those that are 10 times too large, the error of calibration having one minimum. The
# search by golden sections begins at a factor of 38 and goes on at 62. From some 8 times too large on, every true value
# lies in every interval at both, so that the error is the same; on a tie the search goes on to the right, to the end,
# and says that it succeeded. The result is compared with the first error in those cases alone where the search said
# that it failed. Up to 6 times, or where they are too small, all is right. The three criteria do the same. Bounds that
# end at 2 bring the factor back.
# Seen for 1,000 rows, 10, 20 and 50 times too large: a factor of 100.0 each; intervals of nominally 10%, which held 80%
# of the true values at 10 times, hold 100%. No report of it was found; this recalibration was added in
# https://github.com/uncertainty-toolbox/uncertainty-toolbox/pull/37
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 uncertainty-toolbox==0.1.1
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import uncertainty_toolbox as uct
from scipy.stats import norm

ROWS = 1000
rng = np.random.default_rng(0)
y, mean = rng.standard_normal(ROWS), np.zeros(ROWS)
expected = np.linspace(0, 1, 100)
halves = norm.ppf(0.5 + expected / 2)


def error(std):
    """Return the mean difference of nominal and actual coverage."""
    covered = (np.abs(y)[:, None] <= halves * std).mean(axis=0)
    return float(np.abs(expected - covered).mean())


def share_in(std, nominal=0.1):
    """Return the actual coverage of intervals of a nominal one."""
    return float((np.abs(y) <= norm.ppf(0.5 + nominal / 2) * std).mean())


print(f"uncertainty-toolbox {version('uncertainty-toolbox')}: factor and error for 3 criteria; 10% intervals")
for too_large in (0.1, 0.5, 1, 2, 4, 6, 10, 20, 50):
    std = np.full(ROWS, float(too_large))
    grid = np.geomspace(0.01, 100, 401)
    best = grid[np.argmin([error(factor * too_large) for factor in grid])]
    factors = []
    for criterion in ("ma_cal", "rms_cal", "miscal"):
        recalibrate = uct.recalibration.get_std_recalibrator(mean, std, y, criterion=criterion)
        factors.append(float(recalibrate(std)[0] / too_large))
    bounded = uct.recalibration.get_std_recalibrator(mean, std, y, optimizer_bounds=(0.01, 2))(std)[0] / too_large
    after = factors[0] * too_large
    print(
        f"{too_large} times: {', '.join(f'{factor:.3f}' for factor in factors)}; by a grid {best:.3f}; "
        f"error {error(too_large):.3f}, then {error(after):.3f}; 10% {share_in(too_large):.2f}, {share_in(after):.2f}"
    )
    assert abs(uct.metrics.mean_absolute_calibration_error(mean, std, y) - error(too_large)) < 0.003
    if too_large <= 6:
        assert max(abs(factor / best - 1) for factor in factors) < 0.2
    else:
        assert abs(bounded / best - 1) < 0.2
        assert min(factors) > 99, "expected a factor of 100: the behaviour has changed"
        assert error(after) > error(too_large), "expected it to become worse: the behaviour has changed"
PYTHON
