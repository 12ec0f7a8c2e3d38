"""Importing: it changes nothing in the process, and the library does without the packages of the application."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"

IMPORT_ALL = """
import importlib, os, pathlib, signal, sys
import numpy  # loads the BLAS
from threadpoolctl import threadpool_info

def state():
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    blas = [(each["filepath"], each["num_threads"]) for each in threadpool_info() if each["user_api"] == "blas"]
    return dict(os.environ), sys.excepthook, sys.unraisablehook, handlers, blas[:1], numpy.geterr(), os.getcwd()

before = state()
source = pathlib.Path(sys.argv[1])
names = []
for path in sorted(source.joinpath("glassnet").rglob("*.py")):
    parts = path.relative_to(source).with_suffix("").parts
    if parts[-1] != "__main__":  # which is a program
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
for name in names:
    importlib.import_module(name)
    now = state()
    assert now == before, (name, [pair for pair in zip(before, now) if pair[0] != pair[1]])
print(len(names))
"""

LIBRARY = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in set(sys.argv[2:]):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refused())
from pathlib import Path
import numpy as np
from glassnet import data, diagnostics, evaluation, nn, optim, training

rng = np.random.default_rng(0)
raw = rng.normal(3.0, 2.0, (120, 4))
y = (raw[:, 0] > raw[:, 1]).astype(np.int64)
split = data.stratified_split(y, 0.2, 0.2, seed=0)
preprocessing = data.Standardizing.fit(raw[split == 0])
X = preprocessing.transform(raw)
learn, choose, test = (data.ArrayDataset(X[split == part], y[split == part]) for part in range(3))
architecture = training.Architecture((4, 8, 2))
model, loss = architecture.build(rng, rng), nn.SoftmaxCrossEntropy()
optimizer = optim.Adam(model.parameters(), learning_rate=0.02)
loaders = data.DataLoader(learn, 16, shuffle=True), data.DataLoader(choose, 64)
callbacks = [training.Progress("fit"), training.EarlyStopping(10), diagnostics.Telemetry()]
training.fit(model, loss, optimizer, *loaders, epochs=20, callbacks=callbacks)
assert diagnostics.gradient_check(model, loss, X[:8], y[:8]).max_relative_error < 1e-5
probabilities = training.predict(model, test.X)
counts = evaluation.confusion_matrix(test.y, probabilities.argmax(axis=1), n_classes=2)
scores = evaluation.classification_scores(test.y, probabilities)
assert np.trace(counts) / counts.sum() == scores["accuracy"] > 0.8
path = Path(sys.argv[1], "model.safetensors")
training.save_model(path, training.ModelFile(model, architecture, preprocessing, ("no", "yes"), {}))
assert training.load_model(path).predict_frame(raw).tobytes() == training.predict(model, X).tobytes()
"""
APPLICATION = (
    "dvc", "filelock", "hydra", "jinja2", "matplotlib", "mlflow", "omegaconf", "pandas", "pydantic", "scipy", "sklearn",
    "tqdm", "yaml",
)  # fmt: skip


def _python(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_any_module_changes_nothing() -> None:
    """No environment variable, hook, signal handler, BLAS setting or folder; and no process ends."""
    assert int(_python(IMPORT_ALL, str(SOURCE))) > 100


def test_the_library_needs_none_of_the_application_s_packages(tmp_path: Path) -> None:
    """Fit, gradient check, scores, and a model file that comes back: as in an environment that lacks them."""
    assert "epoch 20/20" in _python(LIBRARY, str(tmp_path), *APPLICATION)
