#!/usr/bin/env bash
# safetensors 0.8.0: a NumPy array that lies in memory by columns is saved without a word, and read back shuffled.
#
# safetensors.numpy.save of 0.7.0 wrote W.T, and what scikit-learn's PCA or LAPACK return, as they are indexed. 0.8.0
# hands over the address of the memory and the shape: the file says (3, 2) and holds the numbers in the order in which
# they lie. A good engineer who raises a version expects files to mean the same, or an error, as safetensors.torch has
# it for a transposed tensor. Shape, dtype and size are right, so loading, and a sum of the weights, find nothing. The
# docstring asks for arrays that are "contiguous and dense", which one by columns is in NumPy's own words.
# Reported on 2026-08-12: https://github.com/safetensors/safetensors/issues/825
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/there_and_back.py" <<'PYTHON'
import numpy as np
import safetensors
from safetensors.numpy import load, save

rng = np.random.default_rng(0)
W = rng.standard_normal((64, 10)).astype(np.float32)
by_columns = np.linalg.qr(rng.standard_normal((64, 10)))[0].T  # 10 directions, one a row
kept = {}
for name, array in {"W": W, "W.T": W.T, "np.asfortranarray": np.asfortranarray(W), "Q.T": by_columns}.items():
    read = load(save({"W": array}))["W"]
    assert read.shape == array.shape and read.dtype == array.dtype
    assert np.array_equal(np.sort(read, axis=None), np.sort(array, axis=None))
    kept[name] = np.array_equal(read, array)
assert np.array_equal(load(save({"W": np.ascontiguousarray(W.T)}))["W"], W.T)
print(safetensors.__version__, " ".join(name for name, same in kept.items() if not same))
PYTHON
python3 -m venv "$folder/venv"
read_back() {
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 "safetensors==$1"
    "$folder/venv/bin/python" "$folder/there_and_back.py"
}
before=$(read_back 0.7.0)
after=$(read_back 0.8.0)
echo "version, what came back shuffled"
echo "$before"
echo "$after"
[[ "$before" == "0.7.0 " ]] || { echo "expected 0.7.0 to keep all: the behaviour has changed"; exit 1; }
[[ "$after" == "0.8.0 W.T np.asfortranarray Q.T" ]] || { echo "expected a shuffle: the behaviour has changed"; exit 1; }
