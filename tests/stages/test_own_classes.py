"""Classes of one's own, named by `_target_` in conf/: trained with as ours are, and what is wrong is one line."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from glassnet.config import (
    UserError,
    changes_from_conf,
    edited,
    edits_to,
    parse_settings,
    read_params,
    taken_back,
    write_files,
    write_params,
)
from glassnet.runs import Layout, read_jobs, run_stage
from glassnet.stages import check, evaluate, report, train, trained
from glassnet.tables import load_model
from tests.settings import PROJECT

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("tracking=none", "training.epochs=3", "training.baseline.epochs=1", "hydra/job_logging=none")
MODULE = """
import os, pathlib, signal
import numpy as np
from glassnet import nn, optim, training
from glassnet.nn.elementwise import Elementwise

class Lion(optim.Optimizer):
    slot_names = ("momentum",)

    def __init__(self, parameters, learning_rate: float, betas: tuple[float, float] = (0.9, 0.99)):
        super().__init__(parameters, learning_rate)
        self.betas = betas

    def update(self, W, g, *slots):
        (m,), (beta1, beta2) = slots, self.betas
        W -= self.learning_rate * np.sign(beta1 * m + (1 - beta1) * g)
        m[:] = beta2 * m + (1 - beta2) * g

class Swish(Elementwise):
    def __init__(self, slope: float = 1.0):
        self.slope = slope

    def function(self, Z):
        S = 1 / (1 + np.exp(-self.slope * Z))
        return Z * S, (Z, S)

    def derivative(self, Z, S):
        return S + self.slope * Z * S * (1 - S)

def halving(learning_rate: float, steps_per_epoch: int, every: int = 1):
    return lambda step: learning_rate * 0.5 ** (step // (every * steps_per_epoch))

class Smoothed(nn.SoftmaxCrossEntropy):
    def __init__(self, smoothing: float):
        super().__init__(smoothing)

class Tenth(optim.SGD):
    def __init__(self, parameters, learning_rate: float, **options):
        super().__init__(parameters, learning_rate / 10, **options)

class Counting(training.Callback):
    def __init__(self, word: str):
        self.word, self.epochs = word, 0

    def on_epoch_end(self, run):
        self.epochs += len(self.word)
        print(self.word, self.epochs)
        run.model.parameters()[0].data *= 1 - 1e-3 * self.epochs

    def state_dict(self):
        return {"epochs": self.epochs}

    def load_state_dict(self, state):
        self.epochs = state["epochs"]

class Ending(training.Callback):
    def __init__(self, epoch: int):
        self.epoch = epoch

    def on_epoch_end(self, run):
        flag = pathlib.Path("was_ended")
        if run.epoch == self.epoch and os.environ.get("END") and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGTERM)
"""
FILES = {
    "optimizer/lion": "_target_: {m}.Lion\nlearning_rate: 0.003\nbetas: [0.9, 0.99]",
    "activation/swish": "_target_: {m}.Swish\nslope: 1.5",
    "schedule/halving": "_target_: {m}.halving\nevery: 2",
    "loss/smoothed": "_target_: {m}.Smoothed\nsmoothing: 0.1",
    "optimizer/tenth": "_target_: {m}.Tenth\nlearning_rate: 0.2\nmomentum: 0.5",
    "callback/ending": "_target_: {m}.Ending\nepoch: 2",
    "callback/ema": "_target_: {m}.Counting\nword: average",
    "callback/many": "defaults:\n  - ema@ema\n  - ending@ending\nlog:\n  _target_: {m}.Counting\n  word: log",
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with classes of one's own, in a project whose conf/ has a file for each."""
    name = f"own_{abs(hash(tmp_path)):x}"  # another one for each test, as Python imports a name once
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / f"{name}.py").write_text(MODULE)
    for path, text in FILES.items():
        file = tmp_path / "conf" / f"{path}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(m=name) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    return name


def _train(monkeypatch: pytest.MonkeyPatch, folder: str, *arguments: str) -> Layout:
    monkeypatch.setattr(sys, "argv", ["train", *SHORT, f"hydra.run.dir={folder}", *arguments])
    run_stage("train", train.main, trained.finish_sweep)
    return Layout(Path(folder))


def _manifest(layout: Layout) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(layout.manifest.read_text())
    return manifest


ALL = ("optimizer=lion", "activation=swish", "schedule=halving", "loss=smoothed", "callback=ending")


def test_a_killed_training_with_ones_own_classes_resumes_to_the_same_bytes(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optimizer, activation, schedule, loss and callback at once; their settings are those of the run."""
    whole = _train(monkeypatch, "whole", *ALL)
    settings = _manifest(whole)["settings"]
    assert settings["optimizer"]["_target_"] == f"{module}.Lion"
    assert settings["model"]["activation"] == {"name": "swish", "_target_": f"{module}.Swish", "slope": 1.5}
    rates = [line.split(",") for line in whole.history.read_text().splitlines()]
    column = rates[0].index("learning_rate")
    assert [float(row[column]) for row in rates[1:]] == [0.003, 0.003, 0.0015]
    monkeypatch.setenv("END", "1")
    with pytest.raises(SystemExit) as ended:
        _train(monkeypatch, "parts", *ALL)
    assert ended.value.code == 143
    assert not Path("parts/models/model.safetensors").exists()
    resumed = _train(monkeypatch, "parts", *ALL, "training.resume=true")
    assert resumed.model.read_bytes() == whole.model.read_bytes()


def test_a_killed_training_with_several_callbacks_resumes_to_the_same_bytes(
    module: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two of one class each get their own state back; they are called in the order of their names."""
    whole = _train(monkeypatch, "whole", "callback=many")
    assert [line for line in capfd.readouterr().out.splitlines() if line.startswith(("log ", "average "))] == [
        "average 7", "log 3", "average 14", "log 6", "average 21", "log 9",
    ]  # fmt: skip
    sections = _manifest(whole)["settings"]["callback"]
    assert {name: section["_target_"].partition(".")[2] for name, section in sections.items()} == {
        "ema": "Counting", "ending": "Ending", "log": "Counting",
    }  # fmt: skip
    monkeypatch.setenv("END", "1")
    with pytest.raises(SystemExit):
        _train(monkeypatch, "parts", "callback=many")
    counting = f"_target_:{module}.Counting"
    others = (f"+callback.log={{{counting},word:log}}", f"+callback.ema={{{counting},word:average}}")
    resumed = _train(monkeypatch, "parts", *others, "+callback@callback.ending=ending", "training.resume=true")
    assert _manifest(resumed)["key"] == _manifest(whole)["key"]  # another order is the same run
    assert resumed.model.read_bytes() == whole.model.read_bytes()


def test_the_schedule_obeys_an_optimizer_that_changes_its_rate(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The learning rate has one owner; keywords that the constructor passes on arrive."""
    layout = _train(monkeypatch, "run", "optimizer=tenth", "schedule=constant")
    rows = [line.split(",") for line in layout.history.read_text().splitlines()]
    assert {float(row[rows[0].index("learning_rate")]) for row in rows[1:]} == {0.02}
    plain = _train(monkeypatch, "plain", "optimizer=tenth", "schedule=constant", "optimizer.momentum=0.0")
    assert plain.model.read_bytes() != layout.model.read_bytes()


def test_a_change_of_the_module_is_another_run(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are code; those of a class that is not chosen are not."""
    keys = [_manifest(_train(monkeypatch, "a", "optimizer=lion"))["key"], _manifest(_train(monkeypatch, "b"))["key"]]
    Path(f"{module}.py").write_text(MODULE + "# another line\n")
    assert _manifest(_train(monkeypatch, "c", "optimizer=lion"))["key"] not in keys
    assert _manifest(_train(monkeypatch, "d"))["key"] == keys[1]


def test_a_model_with_a_class_of_ones_own_is_loaded_where_conf_names_it(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file holds its name, no code; elsewhere it is refused in a line, and nothing is imported."""
    layout = _train(monkeypatch, "run", "activation=swish")
    monkeypatch.setattr(sys, "argv", ["evaluate", *SHORT, "hydra.run.dir=run", "activation=swish"])
    run_stage("evaluate", evaluate.main)
    assert layout.metrics.is_file()
    with pytest.raises(ValueError, match=rf"model\.safetensors: expected a network of .*'{module}\.Swish'"):
        load_model(layout.model)


def test_a_class_given_on_the_command_line_is_that_of_all_stages(
    module: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No file of conf/ names it: the report, the record and a restarted sweep know it by the same override."""
    own = f"model.activation={{_target_:{module}.Swish,slope:2.0}}"
    shutil.rmtree("conf/activation")
    arguments = [*SHORT[1:], "tracking.uri=sqlite:///runs.db", "model.init=zeros", own]
    for name, stage in (("train", train.main), ("evaluate", evaluate.main), ("report", report.main)):
        monkeypatch.setattr(sys, "argv", [name, *arguments, "hydra.run.dir=run"])
        run_stage(name, stage)
    assert "initialization at zero" in Layout(Path("run")).report.read_text()
    assert "warning" not in capfd.readouterr().err
    for _ in range(2):
        _train(monkeypatch, "x", "-m", own, "seed=0,1", "hydra.sweep.dir=s")
    assert capfd.readouterr().out.count("finished before, not trained again") == 2


def test_a_promotion_writes_the_choices(module: str) -> None:
    """Of activation, loss and callback too, which nothing need be chosen of; and taken back, nothing is."""
    before = {path: path.read_text() for path in Path("conf").rglob("*.yaml")}
    write_params()
    values = {**read_params().model_dump(), "callback": {"_target_": f"{module}.Ending", "epoch": 3}}
    values["optimizer"] = {"_target_": f"{module}.Lion", "learning_rate": 0.01, "betas": [0.5, 0.99]}
    values["activation"] = {"_target_": f"{module}.Swish", "slope": 2.0}
    values["loss"] = {"_target_": f"{module}.Smoothed", "smoothing": 0.2}
    chosen = parse_settings(values, "test")
    edits = edits_to(Path("conf"), chosen)
    write_files(edited(edits))
    write_params()
    assert read_params().describing_the_result() == chosen.describing_the_result()
    write_files(taken_back(edits))
    assert {path: path.read_text() for path in Path("conf").rglob("*.yaml")} == before


def test_a_promotion_writes_several_callbacks(module: str) -> None:
    """Each value goes to the file that has it: that of the choice, or of its defaults list."""
    before = {path: path.read_text() for path in Path("conf").rglob("*.yaml")}
    write_params()
    values = read_params().model_dump()
    values["callback"] = {
        "ema": {"_target_": f"{module}.Counting", "word": "mean"},
        "ending": {"_target_": f"{module}.Ending", "epoch": 3},
        "log": {"_target_": f"{module}.Counting", "word": "row"},
    }
    chosen = parse_settings(values, "test")
    settings = chosen.describing_the_result()
    assert changes_from_conf(Path("conf"), settings) == (
        "callback=many", "callback.ema.word=mean", "callback.ending.epoch=3", "callback.log.word=row",
    )  # fmt: skip
    edits = edits_to(Path("conf"), chosen)
    write_files(edited(edits))
    write_params()
    assert read_params().describing_the_result() == settings
    assert "word: mean" in Path("conf/callback/ema.yaml").read_text()
    write_files(taken_back(edits))
    assert {path: path.read_text() for path in Path("conf").rglob("*.yaml")} == before
    settings = {**settings, "callback": {"other": values["callback"]["log"]}}
    assert changes_from_conf(Path("conf"), settings) == (f"+callback.other={{_target_:{module}.Counting,word:row}}",)
    with pytest.raises(UserError, match=r"conf/callback: expected a choice of other together there, found none"):
        edits_to(Path("conf"), parse_settings({**values, "callback": settings["callback"]}, "test"))


def test_a_sweep_goes_over_the_arguments(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over those of ours."""
    _train(monkeypatch, "x", "-m", "optimizer=lion", "optimizer.betas=[0.9,0.99],[0.5,0.9]", "hydra.sweep.dir=s")
    assert [job.status for job in read_jobs(Path("s"))] == ["finished", "finished"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["optimizer._target_=no_such_module.Lion"], "optimizer._target_: expected a module in the project's folder"),
        (["optimizer._target_={m}.Lyon"], "optimizer._target_: expected a class of {m}, received 'Lyon'; it has"),
        (["optimizer._target_=Lion"], "optimizer._target_: expected the path of a class, such as my_package.Lion"),
        (["optimizer._target_={m}.Swish"], "optimizer._target_: expected a subclass of Optimizer, received {m}.Swish"),
        (["optimizer._target_=os.system"], "optimizer._target_: expected a subclass of Optimizer, received os.system"),
        (["+optimizer.momentum=1"], "optimizer.momentum: expected an argument of Lion, received 1; it takes learning_"),
        (["optimizer.betas=3"], "optimizer.betas: expected a valid tuple, received 3"),
        (["optimizer.learning_rate=-1"], "optimizer.learning_rate: expected a number greater than 0, received -1"),
        (["schedule=halving", "schedule.every=a"], "schedule.every: expected a valid integer, received 'a'"),
        (
            ["loss=smoothed", "+loss.learning_rate=3"],
            "loss.learning_rate: expected an argument of Smoothed",
        ),
        (["+optimizer.warmup_epochs=3"], "optimizer.warmup_epochs: expected an argument of Lion, received 3"),
        (
            ["schedule=halving", "+schedule.learning_rate=3"],
            "schedule: expected no learning_rate of its own, received 3; set optimizer.learning_rate",
        ),
        (["loss=smoothed", "~loss.smoothing"], "loss.smoothing: expected a value for Smoothed, received none"),
        (
            ["schedule=cosine", "+schedule.learning_rate=3"],
            "schedule: expected no learning_rate of its own, received 3; set optimizer.learning_rate",
        ),
        (
            ["callback=many", "callback.log._target_={m}.Lyon"],
            "callback.log._target_: expected a class of {m}, received",
        ),
        (["callback=many", "callback.log._target_={m}.Lion"], "callback.log._target_: expected a subclass of Callback"),
        (
            ["callback=many", "+callback.ema.eopch=3"],
            "callback.ema.eopch: expected an argument of Counting, received 3",
        ),
        (["callback=many", "callback.log.word=[1]"], "callback.log.word: expected a valid string, received [1]"),
        (["callback=many", "+callback.third=3"], "callback.third: expected a class of your own with its _target_, rec"),
        (["loss=mean_absolute_error"], "loss: expected one for classification, received MeanAbsoluteError()"),
    ],
)
def test_a_mistake_is_one_line(
    module: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    line: str,
) -> None:
    """It says where, what was expected and what came."""
    with pytest.raises(SystemExit) as ended:
        _train(monkeypatch, "run", "optimizer=lion", *(argument.format(m=module) for argument in arguments))
    assert ended.value.code == 1
    printed = capfd.readouterr().err
    assert printed.count("\n") == 1, printed
    assert line.format(m=module) in printed


def test_dvc_is_to_know_the_module(module: str) -> None:
    """Or it would not train again when the class changes."""
    config = Path("conf/config.yaml")
    text = config.read_text()
    assert "${glassnet.choice:optimizer,${data},adam}" in text
    config.write_text(text.replace("${glassnet.choice:optimizer,${data},adam}", "lion"))
    write_params()
    with pytest.raises(UserError, match=rf"dvc\.yaml: expected {module}\.py among the deps of train"):
        check.main(read_params(), Layout(Path()))
    pipeline = Path("dvc.yaml")
    pipeline.write_text(
        pipeline.read_text().replace("- src/glassnet/training", f"- src/glassnet/training\n      - {module}.py")
    )
    check.main(read_params(), Layout(Path()))
    assert (Path("data") / "settings_checked").is_file()


def test_a_run_is_repeated_by_overrides(module: str) -> None:
    """A class of one's own is the choice of its file, whatever that is called; an activation is given whole."""
    os.rename("conf/optimizer/lion.yaml", "conf/optimizer/mine.yaml")
    write_params()
    values = read_params().model_dump()
    values["optimizer"] = {"_target_": f"{module}.Lion", "learning_rate": 0.01, "betas": [0.9, 0.99]}
    values["model"]["activation"] = {"_target_": f"{module}.Swish", "slope": 2.0}
    settings = parse_settings(values, "test").describing_the_result()
    assert changes_from_conf(Path("conf"), settings) == (
        "optimizer=mine",
        f"model.activation={{name:swish,_target_:{module}.Swish,slope:2.0}}",
        "optimizer.learning_rate=0.01",
    )
