#!/usr/bin/env bash
# ConfigSpace 1.2.2: Normal(1e-3, 1e-4) with log=True spreads over all of 1e-5 to 0.1, and Normal(1e-3, 1) not at all.
#
# Float("lr", (1e-5, 0.1), distribution=Normal(mu, sigma), log=True) says where a good learning rate is thought to lie.
# mu is one, 1e-3; sigma is "the standard deviation", and may be meant of learning rates or of their logarithms: the
# larger it is, the wider they should lie. What is taken is |ln(lower bound + sigma)|, the logarithm of a width as if it
# were a place. That is 9 for sigma = 1e-4, as wide as the range, 0.7 for 0.5, next to 0 for 1, and grows again: 0.1 and
# 10 are the same, and so are 0.5 and 2. One who is sure, and gives 1e-4, gets all the range almost evenly, and a search
# that takes the density for knowledge reads 1.04 at 1e-3 and 1.01 at 0.01; one who gives 1 gets 1e-3, to four digits,
# in each trial. Of whole numbers from 8 to 1024 Normal(128, 1) puts 9 in 10 between 12 and 803. Without log= it is
# right, as is the logarithm made a parameter of its own. No report was found; of an older fault, since mended, with
# the same setting: https://github.com/automl/ConfigSpace/pull/221
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 ConfigSpace==1.2.2
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from ConfigSpace import ConfigurationSpace, Float, Integer, Normal

TRIALS, LOWER, UPPER, MU = 2000, 1e-5, 1e-1, 1e-3


def drawn(parameter):
    """Return the values of a hyperparameter in so many trials."""
    space = ConfigurationSpace(seed=0)
    space.add(parameter)
    return np.array([each[parameter.name] for each in space.sample_configuration(TRIALS)])


def middle(values):
    """Return between which values 9 in 10 lie."""
    return tuple(float(bound) for bound in np.quantile(values, [0.05, 0.95]))


width, density = {}, {}
print(f"ConfigSpace {version('ConfigSpace')}: sigma, 9 in 10 rates, deviation of logarithms, density at 1e-3 and 0.01")
for sigma in (1e-6, 1e-4, 1e-2, 0.1, 0.5, 0.9, 1.0, 2.0, 10.0, 100.0):
    parameter = Float("lr", (LOWER, UPPER), distribution=Normal(MU, sigma), log=True)
    values = drawn(parameter)
    width[sigma], density[sigma] = float(np.log(values).std()), parameter.pdf_values(np.array([MU, 0.01]))
    low, high = middle(values)
    print(f"{sigma:g}: {low:.3g} to {high:.3g}, {width[sigma]:.3g}, {density[sigma][0]:.3g}, {density[sigma][1]:.3g}")
evenly = float(np.log(drawn(Float("lr", (LOWER, UPPER), log=True))).std())
print(f"no distribution: deviation of logarithms {evenly:.3g}")
by_scale = {}
for log in (True, False):
    by_scale[log] = middle(drawn(Integer("units", (8, 1024), distribution=Normal(128, 1), log=log)))
    print(f"Normal(128, 1) of 8 to 1024, log={log}: {by_scale[log][0]:g} to {by_scale[log][1]:g}")
logarithms = Float("logarithm", (np.log(LOWER), np.log(UPPER)), distribution=Normal(np.log(MU), 0.5))
by_hand = float(drawn(logarithms).std())
print(f"of the logarithm itself, sigma=0.5: {by_hand:.3g}")
narrower = [width[sigma] for sigma in (1e-6, 1e-4, 1e-2, 0.1, 0.5, 0.9, 1.0)]
assert narrower == sorted(narrower, reverse=True), "expected less for more: the behaviour has changed"
assert width[1e-4] > 0.95 * evenly, "expected almost no preference: the behaviour has changed"
assert density[1e-4][0] < 1.1 * density[1e-4][1], "expected almost no preference: the behaviour has changed"
assert width[1.0] < 1e-4, "expected one value: the behaviour has changed"
assert np.isclose(width[0.1], width[10.0], rtol=0.01) and np.isclose(width[0.5], width[2.0], rtol=0.01)
assert by_scale[True][0] < 20 and by_scale[True][1] > 700, "expected almost all of the range: the behaviour has changed"
assert by_scale[False][0] >= 126 and by_scale[False][1] <= 130 and abs(by_hand - 0.5) < 0.03
PYTHON
