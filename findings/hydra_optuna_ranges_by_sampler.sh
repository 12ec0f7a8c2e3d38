#!/usr/bin/env bash
# hydra-optuna-sweeper 1.3.0: range(1,6,2) is 1, 3, 5 to Hydra and 1, 3 to a grid; range(1,5) has a 5 for TPE.
#
# Hydra's range is Python's, the stop excluded: range(0,3) is 0, 1, 2, by its documentation. One expects that the same
# command line with hydra/sweeper=optuna chooses among the values that the sweep without it tries. The plug-in takes the
# stop for the highest value of a distribution of Optuna, where it is included: TPE and random search try a number
# outside of the range, such as one layer or one class too many, and may call it the best. For a grid it counts (stop -
# start) // step values: right where the steps end at the stop, and one too few elsewhere, as well as for
# range(0,1,0.1), since 1.0 // 0.1 is 9. The log says "Updating num of trials to 9" as for any grid, and the sweep ends
# well; the last value, the largest model of a series for example, was never tried. choice() is the same for all. No
# report was found. The documentation: https://hydra.cc/docs/advanced/override_grammar/extended Ranges for the grid:
# https://github.com/hydra-ecosystem/hydra/pull/2169
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 sqlalchemy==2.1.9 hydra-core==1.3.8 optuna==2.10.1 hydra-optuna-sweeper==1.3.0
cat > "$folder/app.py" <<'PYTHON'
import hydra


@hydra.main(version_base=None, config_path=None)
def main(config):
    print("tried", config.x)
    return float(config.x)


main()
PYTHON
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import subprocess
import sys
from importlib.metadata import version

TRIALS = 30
SWEEPERS = {"Hydra": None, "grid": "grid", "TPE": "tpe"}


def tried(values, sampler):
    """Return the numbers that a sweep over these values tries, each once."""
    command = [sys.executable, "-W", "ignore", "app.py", "--multirun", f"+x={values}"]
    if sampler:
        command += ["hydra/sweeper=optuna", f"hydra/sweeper/sampler={sampler}", f"hydra.sweeper.n_trials={TRIALS}"]
        command += ["hydra.sweeper.direction=maximize"] + ["hydra.sweeper.sampler.seed=1"] * (sampler != "grid")
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({round(float(line.split()[1]), 10) for line in lines if line.startswith("tried ")})


print(f"hydra-optuna-sweeper {version('hydra-optuna-sweeper')}, hydra-core {version('hydra-core')}: values tried")
found = {}
for values in ("range(1,5)", "range(1,6,2)", "range(0,1,0.1)", "choice(1,3,5)"):
    for name, sampler in SWEEPERS.items():
        found[values, name] = tried(values, sampler)
        print(f"{values}, {name}: " + ", ".join(f"{number:g}" for number in found[values, name]))
assert all(found["choice(1,3,5)", name] == [1, 3, 5] for name in SWEEPERS)
assert found["range(1,5)", "Hydra"] == found["range(1,5)", "grid"] == [1, 2, 3, 4]
assert found["range(1,6,2)", "Hydra"] == [1, 3, 5] and len(found["range(0,1,0.1)", "Hydra"]) == 10
for values in ("range(1,6,2)", "range(0,1,0.1)"):
    expected = found[values, "Hydra"][:-1]
    assert found[values, "grid"] == expected, "expected the last value to be left out: the behaviour has changed"
for values, stop in (("range(1,5)", 5), ("range(0,1,0.1)", 1)):
    assert stop in found[values, "TPE"], "expected the stop to be tried: the behaviour has changed"
PYTHON
