#!/usr/bin/env bash
# nannyml 0.13.1: with 10,000 rows of reference one outlier takes a Kolmogorov-Smirnov statistic from 0.20 to 0.0001.
#
# The statistic is made of ranks: an outlier moves it by 1/n, and a logarithm of all values by nothing. From 10,000 rows
# of reference on, nannyml keeps 10,000 bins in place of the rows, "quantile-based for Kolmogorov-Smirnov", by its
# documentation, for which the statistic "should be the same". The bins that it makes are equally wide, from the least
# value to the largest. One large value in a column, as amounts of money have them, puts all the others into one bin: of
# 5 chunks that have drifted none is alerted, where 9,999 rows of reference find all 5. The documented way out,
# {"kolmogorov_smirnov": {"calculation_method": "exact"}}, is read one level too high and changes nothing. Of logarithms
# of the same rows it is right. No report of either was found. How it should work:
# https://github.com/NannyML/nannyml/blob/main/docs/how_it_works/univariate_drift_detection.rst (--no-deps and pandas 2:
# the requirements have cloud storage in them, and lack statsmodels, which is imported)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 statsmodels==0.15.0 pyarrow==26.0.1 fsspec==2026.9.0 \
    matplotlib==3.11.2 seaborn==0.13.2 plotly==5.24.1 rich==15.0.0 lightgbm==4.5.0 flaml==2.8.0 \
    category-encoders==2.11.2 python-dotenv==1.2.4 segment-analytics-python==2.4.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps xgboost-cpu==2.1.4 nannyml==0.13.1
NML_DISABLE_USAGE_LOGGING=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import nannyml
import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

METHOD = "kolmogorov_smirnov"
ROWS, CHUNK = 5000, 1000
EXACT = {METHOD: {"calculation_method": "exact"}}
rng = np.random.default_rng(0)
before, after = np.exp(rng.standard_normal(10_000)), np.exp(0.5 + rng.standard_normal(ROWS))
outlier = before.copy()
outlier[0] = 1e6


def drift(reference, rows, params=None):
    """Return the mean statistic of the chunks by nannyml, the number of alerts, and the mean by SciPy."""
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=["amount"], continuous_methods=[METHOD], chunk_size=CHUNK, computation_params=params
    )
    calculator.fit(pd.DataFrame({"amount": reference}))
    result = calculator.calculate(pd.DataFrame({"amount": rows})).filter(period="analysis").to_df()["amount", METHOD]
    by_scipy = [ks_2samp(reference, rows[start : start + CHUNK]).statistic for start in range(0, ROWS, CHUNK)]
    return float(result["value"].mean()), int(result["alert"].sum()), float(np.mean(by_scipy))


print(f"nannyml {nannyml.__version__}: mean statistic of 5 chunks that have drifted, alerts; SciPy's statistic")
cases = {
    "10,000 rows of reference": (before, after),
    "9,999 and an outlier": (outlier[:-1], after),
    "10,000 and an outlier": (outlier, after),
    "10,000 and an outlier, asked for exact": (outlier, after, EXACT),
    "10,000 and an outlier, logarithms": (np.log(outlier), np.log(after)),
}
found = {name: drift(*case) for name, case in cases.items()}
for name, (value, alerts, by_scipy) in found.items():
    print(f"{name}: {value:.4f}, {alerts}; {by_scipy:.4f}")
    assert 0.19 < by_scipy < 0.24
for name in ("10,000 rows of reference", "9,999 and an outlier", "10,000 and an outlier, logarithms"):
    assert abs(found[name][0] - found[name][2]) < 0.01 and found[name][1] == ROWS // CHUNK
for name in ("10,000 and an outlier", "10,000 and an outlier, asked for exact"):
    assert found[name][0] < 0.01 and found[name][1] == 0, "expected no drift: the behaviour has changed"
PYTHON
