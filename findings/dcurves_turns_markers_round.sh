#!/usr/bin/env bash
# dcurves 1.1.7: a marker that tells who is ill is called worse than none, of outcomes True and False, and of times.
#
# Decision curve analysis treats those whose risk is at or above a threshold. Columns that are no probabilities yet are
# named in models_to_prob, "columns that need to be converted to risk scores", by logistic or Cox regression. With times
# of events, what the Cox model gives is the probability to survive, where the risk is 1 less that; without them, and
# with outcomes that are True and False, as in the package's own example table, the formula of statsmodels takes False
# for the success: https://github.com/statsmodels/statsmodels/issues/2181. In both cases those in least danger are
# treated first. A net benefit of 0.295 is given as -0.299, below treating all and treating none, for which one would
# drop the marker. Nothing warns, and the curve looks like that of a model that learned nothing. With outcomes 0 and 1
# it is right, and with risks made by hand. The package's tests have 0 and 1, and for times compare with dcurves for R,
# which also has exp(-x) of a cumulative hazard x in this place. No report was found for either package. (pandas 2, as
# lifelines asks for it)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 statsmodels==0.15.0 lifelines==0.30.3 dcurves==1.1.7
"$folder/venv/bin/python" -W ignore::FutureWarning - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import pandas as pd
from dcurves import dca
from lifelines import CoxPHFitter

ROWS, YEARS, THRESHOLDS = 2000, 2.0, [0.1, 0.3, 0.5, 0.7]
rng = np.random.default_rng(0)
marker = rng.standard_normal(ROWS)
ill = rng.random(ROWS) < 1 / (1 + np.exp(-2 * marker))
falls_ill, leaves = rng.exponential(3 * np.exp(-1.5 * marker)), rng.uniform(1, 10, ROWS)
once = pd.DataFrame({"marker": marker, "ill": ill})
later = pd.DataFrame({"marker": marker, "time": np.minimum(falls_ill, leaves), "ill": falls_ill <= leaves})
survival = CoxPHFitter().fit(later, "time", "ill").predict_survival_function(later, times=[YEARS]).to_numpy()[0]
times = {"time": YEARS, "time_to_outcome_col": "time"}


def net_benefit(frame, **others):
    """Return the net benefit of the marker by threshold, and that of treating all."""
    table = dca(frame, "ill", ["marker"], thresholds=THRESHOLDS, **others)
    return [table.loc[table["model"] == model, "net_benefit"].to_numpy() for model in ("marker", "all")]


asked = {"models_to_prob": ["marker"]}
found = {
    "outcomes 0 and 1": net_benefit(once.astype({"ill": int}), **asked),
    "outcomes True and False": net_benefit(once, **asked),
    "times, risks by hand": net_benefit(later.assign(marker=1 - survival), **times),
    "times": net_benefit(later, **asked, **times),
    "times, survival by hand": net_benefit(later.assign(marker=survival), **times),
}
print(f"dcurves {version('dcurves')}: net benefit of the marker, and of treating all, at thresholds {THRESHOLDS}")
for name, values in found.items():
    print(f"{name}: " + "; ".join(", ".join(f"{number:.3f}" for number in row) for row in values))
for name in ("outcomes 0 and 1", "times, risks by hand"):
    benefit, of_all = found[name]
    assert np.all(benefit >= np.maximum(of_all, 0))
for name, right in (("outcomes True and False", "outcomes 0 and 1"), ("times", "times, risks by hand")):
    benefit, of_all = found[name]
    assert np.all(benefit < found[right][0] - 0.1), "expected the net benefit to be lost: the behaviour has changed"
    assert benefit[2] < min(of_all[2], 0), "expected the marker to be worse than none: the behaviour has changed"
assert np.allclose(found["times"][0], found["times, survival by hand"][0])
PYTHON
