"""The settings of the capstone, on small pictures of the same form: one epoch, killed and resumed, part by part."""

import gzip
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from docs.capstone.__main__ import main
from glassnet.config import CONF, Settings, flatten, register_resolvers, to_settings
from glassnet.config.ablation import part_of
from glassnet.config.compose import composed
from glassnet.config.precedence import let_ablation_win
from glassnet.runs import Layout, run_stage
from glassnet.sources import fashion_mnist
from glassnet.stages import evaluate, report, train, trained
from glassnet.tables import ImagePreprocessing, load_model, open_prepared
from glassnet.training import Callback, read_history
from tests.killing import KillAt, Killed
from tests.settings import PROJECT, enter_project

ROWS = {"train": 220, "t10k": 60}
SMALL = ("experiment=capstone", "data.mirrors=[pictures]", "tracking=none", "training.baseline.epochs=1")
# As many steps an epoch as tell one from another, and a short way to the end of the schedule.
SHORT = (*SMALL, "training.batch_size=64", "training.epochs=3", "model.hidden_sizes=[32,32,16]")
AVERAGED = "training.average_decay=0.9"
PARTS = sorted(path.stem for path in (PROJECT / "conf" / "ablation").glob("*.yaml") if path.stem != "nothing")
OFF = {"no_l2", "no_averaging"}  # weight decay is in place of the one; the other brought nothing


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the four files: a blurred picture of each class, with noise."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", lambda: SMALL)
    rng = np.random.default_rng(0)
    classes = np.kron(rng.integers(0, 200, (10, 7, 7)), np.ones((4, 4), dtype=int))
    (tmp_path / "pictures").mkdir()
    for part, rows in ROWS.items():
        labels = np.arange(rows) % 10
        images = classes[labels] + rng.integers(0, 56, (rows, 28, 28))
        for name, array in ((f"{part}-images-idx3-ubyte.gz", images), (f"{part}-labels-idx1-ubyte.gz", labels)):
            sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
            content = bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()
            (tmp_path / "pictures" / name).write_bytes(gzip.compress(content))
            monkeypatch.setitem(fashion_mnist.FILES, name, hashlib.sha256(content).hexdigest())


def _settings(*overrides: str) -> Settings:
    register_resolvers(CONF)
    return to_settings(composed(let_ablation_win(overrides)), "test")


@pytest.mark.usefixtures("pictures")
def test_one_epoch_of_the_capstone() -> None:
    """The network as it is, through all stages; the report has pictures."""
    settings, layout = _settings(*SMALL, "training.epochs=1"), Layout(Path("run"))
    assert (settings.data.name, settings.model.hidden_sizes) == ("fashion_mnist", [512, 512, 512])
    train.main(settings, layout)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    assert np.isfinite(read_history(layout.history)[0]["validation_loss"])
    assert len(layout.predictions.read_text().splitlines()) == 1 + ROWS["t10k"]
    assert (layout.figures / "cases.png").is_file() or (layout.figures / "least_certain.png").is_file()


def _train(folder: str, overrides: tuple[str, ...] = (), *watchers: Callback) -> Layout:
    layout = Layout(Path(folder))
    train.main(_settings(*SHORT, *overrides), layout, watchers)
    return layout


def _outcome(layout: Layout) -> list[object]:
    results = [[value for name, value in row.items() if "second" not in name] for row in read_history(layout.history)]
    return [layout.model.read_bytes(), layout.manifest.read_bytes(), results]


# Four steps an epoch: all in the second one.
@pytest.mark.parametrize(("hook", "step"), [("on_batch_end", 5), ("on_validation_begin", 5), ("on_epoch_begin", 4)])
def test_killed_and_resumed_it_ends_with_the_same_bytes(hook: str, step: int) -> None:
    """In the middle of an epoch, before the averaged weights take their place, between epochs."""
    whole = _outcome(_train("whole", (AVERAGED,)))
    with pytest.raises(Killed):
        _train("killed", (AVERAGED,), KillAt(hook, step))
    assert _outcome(_train("killed", (AVERAGED, "training.resume=true"))) == whole


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_it_can_be_taken_away(part: str) -> None:
    """`ablation=` changes something, and nothing but what its file says."""
    before, after = (flatten(_settings(*SMALL, *more).describing_the_result()) for more in ((), (f"ablation={part}",)))
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    taken = part_of(CONF, [part])
    assert bool(changed) == (part not in OFF)
    assert {name for name in changed if name.partition(".")[0] not in taken.choices} <= taken.values.keys()


def _over_views() -> float:
    """Return the mean accuracy of the five networks, each with its probabilities averaged over 18 views."""
    prepared = open_prepared(_settings(*SHORT).data.choice(), Path("prepared"), by_dvc=False)
    test, preprocessing = prepared.split("test"), prepared.preprocessing
    assert isinstance(preprocessing, ImagePreprocessing)
    images = np.pad(preprocessing.pixels(np.asarray(test.X)), ((0, 0), (1, 1), (1, 1)))
    views = [
        whole[:, down : down + 28, right : right + 28]
        for whole in (images, images[:, :, ::-1]) for down in range(3) for right in range(3)
    ]  # fmt: skip
    found = []
    for seed in range(5):
        network = load_model(Layout(Path("sweep", str(seed))).model)
        P = np.mean([network.predict_features(preprocessing.transform(view)) for view in views], axis=0)
        found.append(np.mean(P.argmax(axis=1) == np.asarray(test.y)))
    return float(np.mean(found))


def test_the_showpiece_from_the_sweep_to_its_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Five seeds as one sweep, each evaluated, the first with a report, and the page of them all."""
    swept = ["train", "-m", *SHORT, "seed=range(5)", "hydra.sweep.dir=sweep"]
    monkeypatch.setattr(sys, "argv", swept)
    run_stage("train", train.main, trained.finish_sweep)
    for seed in range(5):
        settings, layout = _settings(*SHORT, f"seed={seed}"), Layout(Path("sweep", str(seed)))
        evaluate.main(settings, layout)
        if seed == 0:
            report.main(settings, layout)
    main(["sweep", "--views"], tmp_path / "page")
    text = (tmp_path / "page" / "README.md").read_text(encoding="utf-8")
    of_seeds = [json.loads(Layout(Path("sweep", str(seed))).metrics.read_text())["accuracy"] for seed in range(5)]
    assert f"is **{np.mean(of_seeds):.4f} ± {np.std(of_seeds, ddof=1):.4f} (" in text
    assert "trains a network of dense layers, written in NumPy, on 198 pictures of clothes" in text
    assert "| softmax regression |" in text
    assert re.search(rf"\| one network, mean of 18 views +\| {_over_views():.4f} ± ", text)
    assert "![Learning curves of seed 0](figures/learning_curves.png)" in text
    assert 'href="look.html"' not in (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
