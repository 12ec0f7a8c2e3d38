#!/usr/bin/env bash
# utilsforecast 0.2.17: a forecast that is missing lies above every value in polars, below none in pandas: 0.64 or 0.37.
#
# The losses take a pandas or a polars frame, and for numbers without gaps give the same. A forecast may have gaps, as
# of a model that could not be fitted on some rows. A good engineer expects one convention for them: left out, NaN, or
# an error. calibration is the share of rows with y <= forecast, coverage that within two bounds. In pandas no
# comparison with NaN holds, so that gaps count as misses; in polars NaN is larger than any number, so that y <= NaN
# does hold; with null in place of NaN, as polars itself reads a gap, the row is left out. Three answers for one table,
# none with a warning; an upper bound that is missing everywhere gives a coverage of 0 or of 0.94. mae, quantile_loss
# and the like tell: they leave gaps out in pandas and are NaN in polars. That NaN is the largest stands in polars'
# guide; of what it does to these losses no report was found:
# https://docs.pola.rs/user-guide/concepts/data-types-and-structures/
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 pandas==2.3.3 polars==2.1.0 utilsforecast==0.2.17
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import pandas as pd
import polars as pl
from utilsforecast.losses import calibration, coverage, mae

N = 1000
rng = np.random.default_rng(0)
gap = rng.random(N) < 0.3
whole = {
    "unique_id": ["a"] * N,
    "y": rng.standard_normal(N),
    "model": np.zeros(N),
    "model-lo-90": np.full(N, -1.645),
    "model-hi-90": np.full(N, 1.645),
}
gaps = whole | {name: np.where(gap, np.nan, whole[name]) for name in ("model", "model-lo-90", "model-hi-90")}
no_upper = whole | {"model-hi-90": np.full(N, np.nan)}


def scores(frame):
    """Return calibration of the median, coverage of the 90% interval, and the mean absolute error."""
    tables = calibration(frame, {"model": "model"}), coverage(frame, ["model"], 90), mae(frame, ["model"])
    return [float(table["model"].to_numpy()[0]) for table in tables]


print(f"utilsforecast {version('utilsforecast')}, pandas {pd.__version__}, polars {pl.__version__}")
found = {}
for name, table in (("whole", whole), ("30% gaps", gaps), ("no upper bound", no_upper)):
    frames = {"pandas": pd.DataFrame(table), "polars, NaN": pl.DataFrame(table)}
    frames["polars, null"] = pl.from_pandas(frames["pandas"])
    for kind, frame in frames.items():
        found[name, kind] = scores(frame)
        print(f"{name}, {kind}: calibration, coverage, mae " + ", ".join(f"{s:.3f}" for s in found[name, kind]))
assert np.allclose(found["whole", "pandas"], found["whole", "polars, NaN"])
in_pandas, in_polars, with_null = (found["30% gaps", kind] for kind in ("pandas", "polars, NaN", "polars, null"))
assert abs(with_null[0] - 0.5) < 0.05 and abs(with_null[1] - 0.9) < 0.05
assert abs(in_polars[0] - in_pandas[0] - gap.mean()) < 1e-9, "expected gaps on both sides: the behaviour has changed"
assert abs(in_pandas[1] - with_null[1] * (1 - gap.mean())) < 1e-9 and np.isnan(in_polars[2])
below, above = (found["no upper bound", kind][1] for kind in ("pandas", "polars, NaN"))
assert below == 0 and above > 0.9, "expected no coverage and all but full coverage: the behaviour has changed"
PYTHON
