#!/usr/bin/env bash
# sdmetrics 0.32.0: dates that are the same have similarity 0 and lie out of bounds, where two columns count otherwise.
#
# A column of dates in pandas counts nanoseconds, microseconds or seconds since 1970, as its source has it: a Parquet
# file of microseconds gives datetime64[us], a CSV file in pandas 2 datetime64[ns]. The two compare, join and subtract
# by what they mean. SDMetrics turns each column of a pair into its own count, and compares the counts, of which one is
# 1,000 times the other. For the very same dates the Kolmogorov-Smirnov complement is 0 in place of 1, and so is the
# similarity of means, and the share within the bounds, for which the bounds alone are converted to the real unit. The
# range, which compares dates, is covered. The reports pass it on: a table with one such column of two has shapes like
# the real ones by 50%, and is valid by 50%. Nothing warns, and one would blame the generator. Dates are to be accepted
# and converted: https://github.com/sdv-dev/SDMetrics/issues/129 No report was found. (--no-deps: only what is needed)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 plotly==7.1.0 tqdm==4.70.1
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps copulas==0.14.1 sdmetrics==0.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pandas as pd
import sdmetrics
from sdmetrics.reports import DiagnosticReport, QualityReport
from sdmetrics.single_column import BoundaryAdherence, KSComplement, RangeCoverage, StatisticSimilarity

METRICS = (KSComplement, StatisticSimilarity, BoundaryAdherence, RangeCoverage)
ROWS = 1000
rng = np.random.default_rng(0)
dates = pd.Series(pd.to_datetime(rng.integers(946_684_800, 1_735_689_600, ROWS), unit="s"))
amounts = rng.standard_normal(ROWS)
columns = {"date": {"sdtype": "datetime"}, "amount": {"sdtype": "numerical"}}
metadata = {"tables": {"table": {"columns": columns}}}


def table(unit):
    """Return the same rows, their dates in a unit."""
    return pd.DataFrame({"date": dates.astype(f"datetime64[{unit}]"), "amount": amounts})


print(f"sdmetrics {sdmetrics.__version__}: units, {', '.join(metric.__name__ for metric in METRICS)}; reports")
for real_unit, other_unit in (("ns", "ns"), ("us", "us"), ("us", "ns"), ("ns", "us"), ("s", "ns")):
    real, other = table(real_unit), table(other_unit)
    assert (real == other).all(axis=None)
    scores = [float(metric.compute(real["date"], other["date"])) for metric in METRICS]
    reports = []
    for kind in (QualityReport, DiagnosticReport):
        report = kind()
        report.generate({"table": real}, {"table": other}, metadata, verbose=False)
        reports.append(report.get_properties().set_index("Property")["Score"].to_dict())
    shapes, validity = reports[0]["Column Shapes"], reports[1]["Data Validity"]
    print(f"{real_unit} {other_unit}: {', '.join(f'{score:.2f}' for score in scores)}; {shapes:.2f}, {validity:.2f}")
    if real_unit == other_unit:
        assert np.allclose(scores, 1) and shapes == validity == 1
    else:
        assert not any(scores[:3]), "expected 0 of the same dates: the behaviour has changed"
        assert scores[3] == 1
        assert shapes == validity == 0.5, "expected the reports to follow: the behaviour has changed"
PYTHON
