#!/usr/bin/env bash
# skops 0.16.0: a deque in a model comes back empty, and without its maximum length; nothing is raised or said.
#
# skops stores models such that loading them runs no code, and refuses what it cannot store: a tuple as a key of a
# dictionary, say, is an error. A good engineer expects a type that is accepted, listed by get_untrusted_types, looked
# at and allowed, to come back as it was. A deque tells pickle its entries apart from its arguments and its state. skops
# takes such objects by their state alone, which a deque has none of: class and length are written, the entries are not.
# A scaler by the last rows, a moving average of the loss, early stopping by a window: all start anew after loading, and
# predict something else. A list, a set, an OrderedDict and a Counter come back whole, as does the deque from pickle.
# No report of it was found; the format's page: https://skops.readthedocs.io/en/stable/persistence.html
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scikit-learn==1.9.1 skops==0.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import pickle
from collections import Counter, OrderedDict, deque

import numpy as np
import skops
import skops.io
from sklearn.base import BaseEstimator, RegressorMixin


class MeanOfTheLast(RegressorMixin, BaseEstimator):
    """Predicts the mean of the last few targets that it has seen; 0 before the first."""

    def fit(self, X, y):
        self.window_ = deque(np.asarray(y, float).tolist(), maxlen=3)
        return self

    def predict(self, X):
        return np.full(len(X), sum(self.window_) / max(1, len(self.window_)))


def there_and_back(value):
    """Return what skops makes of a value, with every type in it allowed after a look at the list."""
    content = skops.io.dumps(value)
    return skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


X = np.zeros((5, 1))
model = MeanOfTheLast().fit(X, [1, 2, 3, 4, 5])
loaded = there_and_back(model)
print(f"skops {skops.__version__}")
print(f"saved  {model.window_}, predicts {model.predict(X[:1])[0]}")
print(f"loaded {loaded.window_}, predicts {loaded.predict(X[:1])[0]}")
print(f"pickle {pickle.loads(pickle.dumps(model.window_))}")
for value in ([1.0, 2.0], {1.0, 2.0}, OrderedDict(a=1), Counter("aab")):
    assert there_and_back(value) == value, f"expected {value} to come back whole"
assert pickle.loads(pickle.dumps(model.window_)) == model.window_
assert isinstance(loaded.window_, deque), "expected a deque: the behaviour has changed"
assert len(loaded.window_) == 0 and loaded.window_.maxlen is None, "expected it to be empty: the behaviour has changed"
assert model.predict(X[:1])[0] == 4.0 and loaded.predict(X[:1])[0] == 0.0
PYTHON
