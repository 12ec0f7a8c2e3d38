"""A finished training goes on for more epochs; what may change on the way, what is refused, and what is said of it."""

import json
import sys
from pathlib import Path

import pytest

from glassnet.config import Settings, UserError
from glassnet.runs import Layout, Sweep
from glassnet.stages import evaluate, going_on, look, report, train
from glassnet.training import Callback, TrainingRun, read_history
from tests.settings import enter_project, settings_with

SHORT = ("tracking=none", "training.baseline.epochs=1", "training.patience=null", "optimizer.learning_rate=0.003")
MORE = "training.resume=true"


class _KilledError(BaseException):
    """Stands for a kill."""


class _KillAfter(Callback):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_begin(self, run: TrainingRun) -> None:
        if run.epoch > self.epoch:
            raise _KilledError


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", lambda: ("training.epochs=9",))


def _settings(*overrides: str) -> Settings:
    return settings_with(*overrides)


def _train(folder: str, *overrides: str, watchers: tuple[Callback, ...] = (), sweep: bool = False) -> Layout:
    path = Path(folder)
    layout = Layout(path, Sweep(path.parent, ())) if sweep else Layout(path)
    train.main(_settings(*SHORT, *overrides), layout, watchers)
    return layout


def _outcome(layout: Layout) -> tuple[bytes, bytes, list[list[float]]]:
    results = [[value for name, value in row.items() if "second" not in name] for row in read_history(layout.history)]
    return layout.model.read_bytes(), layout.manifest.read_bytes(), results


SCHEDULES = {
    "constant": ("schedule=constant", "training.average_decay=0.9", "model.dropout=0.2"),
    "step": ("schedule=step", "schedule.every_epochs=3"),
    "exponential": ("schedule=exponential", "schedule.every_epochs=3", "+schedule.warmup_epochs=2"),
    "plateau": ("schedule=plateau", "schedule.patience=1", "model.normalization=batch"),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_by_the_step_alone_it_ends_as_a_training_from_the_start(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same bytes, of the model and of all that is known of it."""
    parts = [each.lstrip("+") for each in SCHEDULES[name]]
    whole = _train("whole", *parts, "training.epochs=9")
    _train("parts", *parts, "training.epochs=4")
    capsys.readouterr()
    assert _outcome(_train("parts", *parts, MORE, "training.epochs=9")) == _outcome(whole)
    printed = capsys.readouterr().out
    assert "train: goes on after epoch 4: training.epochs was 4 and is 9\n" in printed
    assert f"train: schedule={name} goes on as it was: the result is that of a training from the start" in printed
    assert "epoch 5/9" in printed
    assert "epoch 3/9" not in printed


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_a_schedule_of_the_whole_is_entered_where_the_training_is(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line has both rates; manifest and report keep that it is no training from the start; so does a second time."""
    whole = _train("whole", f"schedule={name}", "training.epochs=9")
    parts = _train("parts", f"schedule={name}", "training.epochs=4")
    last = read_history(parts.history)[-1]["learning_rate"]
    capsys.readouterr()
    _train("parts", f"schedule={name}", MORE, "training.epochs=9")
    printed = capsys.readouterr().out
    assert f"schedule={name} depends on the number of epochs: that of 9 epochs is entered at step 28" in printed
    manifest, from_start = (json.loads(layout.manifest.read_text()) for layout in (parts, whole))
    (went_on,) = manifest["went_on"]
    assert (went_on["after_epoch"], went_on["changed"]) == (4, {"training.epochs": [4, 9]})
    assert went_on["rates"][0] == last
    assert f"where the rate jumps from {last:.3g} to {went_on['rates'][1]:.3g}" in printed
    assert manifest["key"] != from_start["key"]
    assert "went_on" not in from_start
    assert len(read_history(parts.history)) == 9
    assert read_history(parts.history)[-1]["learning_rate"] == read_history(whole.history)[-1]["learning_rate"]
    before = _outcome(parts)
    _train("parts", f"schedule={name}", MORE, "training.epochs=9")  # there is nothing left to do
    assert _outcome(parts) == before
    settings = _settings(*SHORT, f"schedule={name}", "training.epochs=9")
    for stage in (evaluate, report):
        stage.main(settings, parts)
    with pytest.raises(UserError, match="received one that went on with other settings after epoch 4, which cannot be"):
        look.main(settings, parts)
    text = parts.report.read_text()
    assert "**This is no training from the start**" in text
    assert "After epoch 4 it went on with `training.epochs` from `4` to `9` and the learning rate from" in text


def test_patience_counts_on_or_a_longer_one_lets_it_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a schedule of the step alone the outcome is that of a training from the start, whichever it is."""
    common = ("schedule=constant", "optimizer.learning_rate=0.3", "training.epochs=30")
    whole = _train("whole", *common, "training.patience=7")
    parts = _train("parts", *common, "training.patience=3")
    ended, longer = len(read_history(parts.history)), len(read_history(whole.history))
    assert ended < longer < 30
    capsys.readouterr()
    more = (*common[:2], "training.epochs=40", MORE)
    _train("parts", *more, "training.patience=3")
    printed = capsys.readouterr().out
    assert "it had ended there, since the validation loss did not improve for 3 epochs; more epochs change" in printed
    assert len(read_history(parts.history)) == ended
    _train("parts", *common[:2], "training.epochs=30", MORE, "training.patience=7")
    printed = capsys.readouterr().out
    assert "early stopping had ended it after 3 epochs without improvement; patience counts on, to 7" in printed
    assert "training.patience was 3 and is 7" in printed
    assert _outcome(parts) == _outcome(whole)


def test_early_stopping_and_a_schedule_of_the_whole_want_a_longer_patience() -> None:
    """The weights would be neither those of the old settings nor those of the new ones."""
    common = ("schedule=cosine", "optimizer.learning_rate=0.3", "training.patience=2")
    layout = _train("run", *common, "training.epochs=30")
    before = _outcome(layout)
    with pytest.raises(UserError, match=r"received one that ended after epoch \d+, since the validation loss did not"):
        _train("run", *common, "training.epochs=60", MORE)
    assert _outcome(layout) == before
    _train("run", *common[:2], "training.patience=null", "training.epochs=60", MORE)
    assert len(read_history(layout.history)) == 60


@pytest.mark.parametrize("is_finished", [True, False])
def test_any_other_setting_is_refused_by_name(is_finished: bool) -> None:
    """With the value before and now; nothing of what is there is touched."""
    if is_finished:
        _train("run", "training.epochs=3")
    else:
        with pytest.raises(_KilledError):
            _train("run", "training.epochs=3", watchers=(_KillAfter(1),))
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    kind = "finished" if is_finished else "interrupted"
    with pytest.raises(
        UserError,
        match=rf"settings of the {kind} training there, of which training\.epochs, training\.patience and training\."
        r"processes may change, received others: model\.dropout was 0\.0 and is 0\.1; seed was 0 and is 1; set them ba",
    ):
        _train("run", "training.epochs=9", "model.dropout=0.1", "seed=1", MORE)
    fewer = (
        r"^training\.epochs: expected 3 or more, which the finished training in run/checkpoints has begun, received 2;"
    )
    if is_finished:
        with pytest.raises(UserError, match=fewer):
            _train("run", "training.epochs=2", MORE)
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before


def test_a_setting_that_was_at_its_default_is_named_with_it() -> None:
    """It is left out of what is saved; None would be a value that cannot be set back."""
    _train("run", "training.epochs=2")
    with pytest.raises(UserError, match=r"others: training\.monitor was 'loss' and is 'macro_f1'; set"):
        _train("run", "training.epochs=3", "training.monitor=macro_f1", "training.resume=true")


def test_an_interrupted_training_may_change_how_it_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Epochs, a shorter patience, telemetry and checkpoints; what makes it another result is kept."""
    with pytest.raises(_KilledError):
        _train("run", "schedule=constant", "training.epochs=5", watchers=(_KillAfter(3),))
    changed = ("training.epochs=8", "training.telemetry_every=null", "training.checkpoint_every=2")
    layout = _train("run", "schedule=constant", *changed, MORE)
    assert "went_on" not in json.loads(layout.manifest.read_text())
    assert layout.model.read_bytes() == _train("whole", "schedule=constant", "training.epochs=8").model.read_bytes()
    with pytest.raises(_KilledError):
        _train("other", "training.epochs=5", watchers=(_KillAfter(3),))
    other = _train("other", "training.epochs=5", "training.patience=2", MORE)
    (went_on,) = json.loads(other.manifest.read_text())["went_on"]
    assert went_on == {"after_epoch": 3, "changed": {"training.patience": [None, 2]}}


def test_a_job_of_a_sweep_goes_on_only_to_what_compares(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the step alone it goes on; else it is trained anew, as is what has ended with other settings."""
    monkeypatch.setattr(going_on, "SWEEP_PAUSE", 0.0)
    for schedule, line in (
        ("constant", "goes on after epoch 3: training.epochs was 3 and is 6"),
        ("cosine", "jobs of a sweep are to be compared, and it would end otherwise than one from the start; starts"),
    ):
        _train(f"{schedule}/0", f"schedule={schedule}", "training.epochs=3", sweep=True)
        layout = _train(f"{schedule}/0", f"schedule={schedule}", "training.epochs=6", MORE, sweep=True)
        assert line in capsys.readouterr().out
        assert _outcome(layout) == _outcome(_train(f"{schedule}/1", f"schedule={schedule}", "training.epochs=6"))
    _train("constant/0", "schedule=constant", "training.epochs=6", "seed=1", MORE, sweep=True)
    assert "another training, which has ended (seed was 0 and is 1); starts with the first" in capsys.readouterr().out


def test_the_final_network_is_trained_anew_when_the_choice_of_its_epoch_went_on() -> None:
    """Its epochs are then others."""
    parts = _train("parts", "schedule=constant", "training.final=true", "training.epochs=4")
    _train("parts", "schedule=constant", "training.final=true", "training.epochs=12", MORE)
    whole = _train("whole", "schedule=constant", "training.final=true", "training.epochs=12")
    assert parts.model.read_bytes() == whole.model.read_bytes()


def test_from_the_command_line_a_refusal_leaves_the_run_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr, and the configuration of the finished run is back in its place."""

    def command(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["train", *SHORT, "hydra.run.dir=run", "hydra.job.chdir=false", *arguments])
        from glassnet.runs import run_stage

        run_stage("train", train.main)

    command("training.epochs=2", "schedule=constant")
    kept = {path: path.read_bytes() for path in Path("run").rglob("*.*") if path.is_file()}
    capsys.readouterr()
    with pytest.raises(SystemExit):
        command("training.epochs=4", "schedule=constant", "seed=3", MORE)
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert "seed was 0 and is 3" in errors[0]
    assert {path: path.read_bytes() for path in kept} == kept
