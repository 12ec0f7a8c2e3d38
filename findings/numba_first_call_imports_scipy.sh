#!/usr/bin/env bash
# numba 0.68.1: the first call of a function that adds two numbers imports scipy.linalg, where SciPy is installed.
#
# A function compiled with cache=True is read from disk in a later process, and has nothing to do with linear algebra. A
# good engineer expects its first call to cost what reading a file costs. `import numba` does not import SciPy; the first
# call does, compiled or read from the cache, because numba then loads every type rule it has, and that of matrix
# products looks for SciPy's BLAS. So installing SciPy, which the function never uses, makes the first call of every
# process slower. A training that is over in a second or two is better off without the compiler.
# Seen on an x86-64 processor: a first call from the cache took 0.18 s without SciPy, 0.36 with SciPy 1.17.1 installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/add.py" <<'PYTHON'
import sys
import time

import numba


@numba.njit(cache=True)
def add(a, b):
    return a + b


assert "scipy.linalg" not in sys.modules, "expected import numba alone to leave SciPy out: the behaviour has changed"
start = time.perf_counter()
assert add(1.0, 2.0) == 3.0
seconds = time.perf_counter() - start
hits = sum(add.stats.cache_hits.values())
print(numba.__version__, hits, "scipy.linalg" in sys.modules, f"{seconds:.3f}")
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 numba==0.68.1
cd "$folder"
first_call() {  # the fastest of three later processes: version, cache hits, whether SciPy was imported, seconds
    "$folder/venv/bin/python" add.py > /dev/null
    for _ in 1 2 3; do "$folder/venv/bin/python" add.py; done | sort -k4 -n | head -1
}
without=$(first_call)
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1
with=$(first_call)
echo "version, read from the cache, scipy.linalg imported, seconds of the first call"
echo "$without   without SciPy"
echo "$with   with SciPy"
[[ "$without" == "0.68.1 1 False "* ]] || { echo "expected no import without SciPy: the behaviour has changed"; exit 1; }
[[ "$with" == "0.68.1 1 True "* ]] || { echo "expected scipy.linalg to be imported: the behaviour has changed"; exit 1; }
