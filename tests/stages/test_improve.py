"""Improvements are tried beside today's settings: what is tried, how a budget is spent, what is kept and said."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from glassnet.config import CONF, Settings, UserError, register_resolvers, to_settings
from glassnet.config.compose import composed
from glassnet.diagnostics import AnyOf, Change, Finding
from glassnet.reporting import Launch, write_report
from glassnet.reporting.tried import LUCK, change_of, tried_on
from glassnet.runs import Layout, read_jobs
from glassnet.runs.improvements import Improvements, Tried, read_improvements, write_improvements
from glassnet.stages import evaluate, improve, train
from glassnet.stages.candidates import (
    FEW,
    USUALLY_GOOD,
    Candidate,
    back_to_conf,
    further,
    of_findings,
    usual,
    usually_good,
)
from glassnet.stages.paired_trainings import TODAY, Outcome, PairedTrainings, processes
from glassnet.tables import open_prepared
from tests.settings import enter_project, params

ILL = (
    "data=wine",
    "tracking=none",
    "training.epochs=6",
    "optimizer.learning_rate=0.00001",
    "training.baseline.epochs=1",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, as working directory."""
    enter_project(tmp_path, monkeypatch)
    register_resolvers(CONF)
    return tmp_path


@pytest.fixture
def started(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Starts the command and returns what it printed; the status of a failure comes first."""

    def start(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["improve", *arguments])
        try:
            improve.main()
        except SystemExit as ended:
            return f"{ended.code}: {capsys.readouterr().err}"
        return capsys.readouterr().out

    return start


def _settings(*overrides: str) -> Settings:
    return to_settings(composed(list(overrides)), "test")


def _changes(candidates: list[Candidate]) -> list[dict[str, object]]:
    return [dict(candidate.settings) for candidate in candidates]


def test_a_finding_is_a_candidate_for_each_value() -> None:
    """What comes before the last change goes with each; other seeds are no improvement."""
    several = Finding("x", 0.5, "", "", (Change("model", "mlp"), Change("model.hidden_sizes", AnyOf([(8,), (16,)]))))
    luck = Finding("luck unknown", 0.2, "", "", (Change("seed", AnyOf(range(5))),))
    expected = [{"model": "mlp", "model.hidden_sizes": (8,)}, {"model": "mlp", "model.hidden_sizes": (16,)}]
    assert _changes(list(of_findings([several, luck]))) == expected


def test_unusual_settings_are_taken_back_together_and_alone(project: Path) -> None:
    """A group that another choice was made of goes whole; data and seed are no settings to improve."""
    settings = _settings("data=digits", "optimizer=sgd", "optimizer.learning_rate=0.5", "model.dropout=0.9", "seed=3")
    values = json.loads(json.dumps(settings.describing_the_result()))
    overrides = ["data=digits", "optimizer=sgd", "optimizer.learning_rate=0.5", "model.dropout=0.9", "seed=3"]
    dropout = json.loads(json.dumps(_settings("data=digits").model.dropout))
    both = {"optimizer": "adam", "model.dropout": dropout}
    assert _changes(back_to_conf(overrides, values)) == [both, {"optimizer": "adam"}, {"model.dropout": dropout}]


def test_the_score_that_compares_is_no_setting_to_take_back(project: Path) -> None:
    """A loss beside 1 less an accuracy would look like a change of both."""
    overrides = ["data=wine", "training.monitor=accuracy", "training.epochs=3"]
    values = json.loads(json.dumps(_settings(*overrides).describing_the_result()))
    assert [list(each) for each in _changes(back_to_conf(overrides, values))] == [["training.epochs"]]


def test_what_does_not_apply_is_not_tried() -> None:
    """Softmax regression has no width, a regression no label smoothing."""
    values = params()
    of_network = {name for each in usual(values, 3) for name in each.settings}
    assert {"model.hidden_sizes", "model.dropout", "training.label_smoothing"} <= of_network
    assert "training.label_smoothing" not in {name for each in usual(values, None) for name in each.settings}
    values["model"] |= {"name": "softmax", "hidden_sizes": []}
    linear = list(usual(values, 3))
    assert {"model": "mlp", "model.hidden_sizes": (32,)} in _changes(linear)
    assert "model.dropout" not in {name for each in linear for name in each.settings}


def test_settings_that_usually_train_well_are_tried_at_once() -> None:
    """Those that differ from today's; of few rows, as they were measured; the last is no number to go beyond."""
    values = params()
    values["model"] |= {"dropout": 0.9, "hidden_sizes": [2]}
    (good,) = usually_good(values, FEW)
    assert good.settings.items() >= {"model.dropout": 0.1, "model.hidden_sizes": (64,)}.items()
    assert "model.init" not in good.settings  # as it is
    assert further(good, values) is None
    assert list(usually_good(values, FEW + 1)) == []
    values["model"] |= {"name": "softmax", "hidden_sizes": []}
    values["optimizer"] = {"name": "sgd", "learning_rate": 0.02}
    (good,) = usually_good(values, FEW)
    assert [each.setting for each in good.changes[:2]] == ["model", "optimizer"]
    for name, value in USUALLY_GOOD.items():
        group, key = name.split(".")
        values[group][key] = list(value) if isinstance(value, tuple) else value
    values["model"]["name"], values["optimizer"]["name"], values["schedule"]["name"] = "mlp", "adam", "cosine"
    assert list(usually_good(values, FEW)) == []


@pytest.mark.parametrize(
    ("setting", "today", "value", "beyond"),
    [
        ("optimizer.learning_rate", 0.01, 0.03, 0.09),
        ("model.dropout", 0.2, 0.4, 0.6),
        ("model.hidden_sizes", [8, 4], (16, 8), (32, 16)),
        ("training.epochs", 20, 40, 80),
        ("model.normalization", None, "batch", None),
        ("training.l2", 0.0, 0.001, None),
        ("model.hidden_sizes", [8], (8, 8), None),
    ],
)
def test_a_step_that_helped_is_taken_again(setting: str, today: object, value: object, beyond: object) -> None:
    """As far as it went, where it is a step at all."""
    group, key = setting.split(".")
    found = further(Candidate((Change(setting, value),), "x"), {group: {key: today}})  # type: ignore[arg-type, dict-item]
    assert (None if found is None else found.settings[setting]) == beyond


def test_changes_together_have_the_later_value() -> None:
    """Also where the later one is of the whole group."""
    one = Candidate((Change("optimizer.learning_rate", 0.1), Change("model.dropout", 0.1)), "one")
    other = Candidate((Change("optimizer", "adam"), Change("model.dropout", 0.2)), "other")
    assert one.joined(other) == Candidate((Change("optimizer", "adam"), Change("model.dropout", 0.2)), "one; other")


def test_an_ill_training_is_improved_again_with_the_same_bytes(started: Callable[..., str]) -> None:
    """A rate that is far too small; trainings that are there are not repeated, those of a killed start are."""
    train.main(_settings(*ILL), Layout(Path("run")))
    command = (*ILL, "hydra.run.dir=run", "improve.trainings=8")
    printed = started(*command)
    known = read_improvements(Layout(Path("run")))
    first = known["tried"][0]
    assert first["helps"]
    assert first["change"] < -0.1
    assert any(each.startswith(("optimizer", "schedule")) for each in first["changes"])
    assert known["key"] == json.loads(Path("run/models/run.json").read_text())["key"]
    assert known["trainings"] == 8
    assert f"{change_of(first)}  {' '.join(first['changes'])}" in printed
    content = Path("run/reports/improvements.json").read_bytes()
    folder = next(Path("run/checkpoints/improve").iterdir())
    attempts = [job.attempts for job in read_jobs(folder)]
    (folder / "0" / "models" / "run.json").unlink()
    started(*command)
    assert Path("run/reports/improvements.json").read_bytes() == content
    assert [job.attempts for job in read_jobs(folder)] == attempts


def test_what_is_kept_for_fresh_pairs_is_spent_where_nothing_helped(started: Callable[..., str]) -> None:
    """Scores that cannot be better: no candidate is left to confirm, so others are tried."""
    perfect = ("data=blobs", "data.spread=0.1", "data.rows=90", "training.monitor=accuracy", "training.epochs=15")
    printed = started(*perfect, "tracking=none", "training.baseline.epochs=1", "improve.trainings=7")
    assert "improve: 5 trainings of" in printed  # with two left nothing more could be confirmed
    assert "1 pair of seed and split" in printed
    assert printed.count("(1 pair)") == 4
    assert LUCK in printed


def test_improvements_stay_away_from_the_test_split(started: Callable[..., str]) -> None:
    """Its files can be gone."""
    settings = _settings(*ILL)
    train.main(settings, Layout(Path("run")))
    for split in Path("data/cache").glob("*/test"):
        for path in split.iterdir():
            path.write_bytes(path.read_bytes()[:-1] + b"x")  # of the same length, and other values
    assert "improve: 3 trainings" in started(*ILL, "hydra.run.dir=run", "improve.trainings=3")


def test_a_training_whose_process_ends_is_no_failed_candidate() -> None:
    """The command stops and says how to go on: what the training would have come to is not known."""
    said = "the process of one was stopped or killed, as for want of memory; the same command goes on$"
    with pytest.raises(UserError, match=said), processes(1) as executor:
        executor.submit(os._exit, 1).result()


def test_a_training_that_failed_is_told_with_its_reason() -> None:
    """The record compares what came to its end; a change that cannot be made would else vanish without a word."""
    rate, layout = Candidate((Change("optimizer.learning_rate", 90.0),), "learning rate too low"), Layout(Path("run"))
    outcomes = {TODAY: {0: Outcome(0.5, layout)}, rate: {0: Outcome(None, layout, reason="the loss is inf in step 3")}}
    lines = improve.failures(cast(PairedTrainings, SimpleNamespace(outcomes=outcomes)))
    assert lines == ["improve: did not come to its end: optimizer.learning_rate=90: the loss is inf in step 3"]


def test_a_signal_ends_trainings_too_and_the_same_command_goes_on(started: Callable[..., str]) -> None:
    """Whatever the processes were at: one that waits for a task behind the lock of one that has ended, say."""
    command = (*ILL, "hydra.run.dir=run", "improve.trainings=2")
    train.main(_settings(*ILL), Layout(Path("run")))
    stage = [sys.executable, "-m", "glassnet.stages.improve", *command]
    with subprocess.Popen(stage, stderr=subprocess.PIPE, text=True) as process:
        while not list(Path("run").glob("checkpoints/improve/*/0/train.log")):
            time.sleep(0.05)
        process.terminate()
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert printed.endswith(
        "improve: SIGTERM: the trainings that came to their end are kept; the same command goes on\n"
    )
    assert "improve: 2 trainings" in started(*command)
    assert all(each["pairs"] for each in read_improvements(Layout(Path("run")))["tried"])


def test_no_training_begins_after_the_time_is_up(started: Callable[..., str]) -> None:
    """Those at work then come to their end; what is kept has all that was trained."""
    train.main(_settings(*ILL), Layout(Path("run")))
    command = (*ILL, "hydra.run.dir=run")
    printed = started(*command, "improve.seconds=3")
    assert " s in all, today's settings" in printed
    folder = next(Path("run/checkpoints/improve").iterdir())
    known = read_improvements(Layout(Path("run")))
    assert known["trainings"] == len(read_jobs(folder))
    run = Layout(Path("run"))
    settings = _settings(*ILL)
    prepared = open_prepared(settings.data.choice(), run.prepared, by_dvc=False)
    late = PairedTrainings(settings, settings.describing_the_result(), prepared, run, folder, "late")
    with processes(1) as executor:
        late.train([(Candidate((Change("seed", 77),), "x"), 0)], executor, until=time.monotonic())
    assert (late.trained, late.trained_now) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("improve.trainings=0",), "improve.trainings: expected a whole number of 1 or more, received '0'"),
        (("improve.seconds=soon",), "improve.seconds: expected a number above 0, received 'soon'"),
        (("improve.trials=3",), "expected improve.trainings or improve.seconds, received 'improve.trials=3'"),
        (("improve.trainings=3", "improve.seconds=9"), "received both; leave one of them out"),
        (("-m", "seed=0,1"), "expected one run, received -m, which makes several"),
        (("data=wine", "training.class_weights={class_9: 2}"), "received one of 'class_9', which is no class"),
        (("data=wine", "training.monitor=rmse"), "training.monitor: expected a score of a classification, one of"),
        (("modell=x",), "Unknown setting `modell`; did you mean `model`?"),
    ],
)
def test_what_cannot_be_tried_is_one_line(started: Callable[..., str], arguments: tuple[str, ...], part: str) -> None:
    """Before anything is trained."""
    said = started(*arguments)
    assert part in said
    assert said.count("\n") == 1


TRIED: Tried = {
    "changes": ["optimizer.learning_rate=0.03"],
    "reason": "three times the learning rate",
    "pairs": 4,
    "fresh": 3,
    "change": -0.312,
    "interval": [-0.4, -0.21],
    "cost": 1.0,
    "helps": True,
}


def test_a_report_has_what_was_tried_on_its_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the measured change, its interval and the command; else the advice is marked as not tried."""
    layout, settings = Layout(Path("run")), _settings(*ILL)
    train.main(settings, layout)
    evaluate.main(settings, layout)

    def written(improvements: Improvements | None) -> str:
        if improvements is not None:
            write_improvements(layout, improvements)
        write_report(layout, open_prepared(settings.data.choice(), layout.prepared, by_dvc=False), ILL)
        return layout.report.read_text(encoding="utf-8").partition("## The next three improvements")[2]

    untried = written(None)
    assert "None of this was tried yet." in untried
    assert f"`python -m glassnet.stages.improve {' '.join(ILL)} hydra.run.dir=outputs/again`" in untried
    key = json.loads(layout.manifest.read_text())["key"]
    lucky: Tried = {**TRIED, "changes": ["model.dropout=0.2"], "reason": "dropout", "helps": False, "interval": None}
    tried = written({"key": key, "trainings": 10, "losses": [0.5, 0.6], "tried": [TRIED, lucky]})
    assert "1 of them helped by more than luck" in tried
    assert "1. Three times the learning rate: validation loss -31.2% (-40% to -21%) on 3 pairs" in tried
    assert "optimizer.learning_rate=0.03" in tried.partition("```")[2]
    assert "2. Dropout: validation loss -31.2% (too few pairs for an interval) on 3 pairs that had no part" in tried
    assert "choosing it, which may be luck; a training costs as much" in tried
    assert LUCK in written({"key": key, "trainings": 10, "losses": [0.5, 0.6], "tried": [lucky]})
    capsys.readouterr()
    assert "None of this was tried yet." in written({"key": "other", "trainings": 1, "losses": [0.5], "tried": [TRIED]})
    assert "is of another run (other) than the one described" in capsys.readouterr().out


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    """And is not taken for nothing tried."""
    layout = Layout(tmp_path)
    layout.improvements.parent.mkdir()
    for text in ("{", '{"key": "a"}', '{"key": "a", "trainings": 1, "losses": [], "tried": [{}]}'):
        layout.improvements.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"expected what improve wrote, received .*; run improve again"):
            tried_on(layout, "a", Launch())


def test_the_pipeline_tries_nothing_unless_it_is_asked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps what was tried on the very run, and drops what was tried on another."""
    layout = Layout(Path())
    (project / "models").mkdir()
    layout.manifest.write_text(
        json.dumps(
            {
                "key": "k",
                "digests": {},
                "rows": {},
                "settings": {},
                "epochs": 1,
                "best_epoch": 1,
                "best_validation_loss": 1.0,
            }
        )
    )
    (project / "params.yaml").write_text("")
    monkeypatch.setenv("DVC_STAGE", "improve")
    monkeypatch.setattr("glassnet.runs.entry.read_params", lambda: _settings(*ILL))
    monkeypatch.setattr(sys, "argv", ["improve"])
    for key, kept in (("k", "k"), ("other", None)):
        write_improvements(layout, {"key": key, "trainings": 1, "losses": [0.5], "tried": [TRIED]})
        improve.main()
        assert read_improvements(layout)["key"] == kept
