"""The weights of the last epoch are kept where no validation score may choose: `training.keep=last`."""

import json
from pathlib import Path

import numpy as np
import pytest

from glassnet.config import Settings, UserError
from glassnet.diagnostics import Setup, Training, diagnose
from glassnet.runs import Layout
from glassnet.runs.plan import require_one_scale
from glassnet.stages import evaluate, report, train
from glassnet.training import read_history
from tests.settings import enter_project, settings_with

# So high a rate that the best epoch is none of the last.
OVERFITTING = ("data=spirals", "training.epochs=12", "schedule=constant", "optimizer.learning_rate=0.3")
LAST = ("training.keep=last", "training.patience=null")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", tuple)


def _settings(*overrides: str) -> Settings:
    short = ("tracking=none", "training.baseline.epochs=1", *OVERFITTING)
    return settings_with(*short, *overrides)


def test_the_last_epoch_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Returned, in the manifest, scored, and said; the epochs themselves are those of a training that chooses."""
    chosen, last = Layout(Path("chosen")), Layout(Path("last"))
    train.main(_settings("training.patience=null"), chosen)
    capsys.readouterr()
    returned = train.main(_settings(*LAST), last)
    printed = capsys.readouterr().out
    history = read_history(last.history)
    losses = [row["validation_loss"] for row in history]
    assert losses == [row["validation_loss"] for row in read_history(chosen.history)]
    assert int(np.argmin(losses)) + 1 == json.loads(chosen.manifest.read_text())["best_epoch"] < 12
    manifest = json.loads(last.manifest.read_text())
    assert (manifest["best_epoch"], manifest["best_validation_loss"]) == (12, losses[-1])
    assert returned == losses[-1]
    assert f"train: validation loss {losses[-1]!r} at epoch 12 of 12" in printed
    assert chosen.model.read_bytes() != last.model.read_bytes()
    evaluate.main(_settings(*LAST), last)
    report.main(_settings(*LAST), last)
    said = "12 epochs were run; the weights of the last, which validation had no part in choosing, were kept.\n\n"
    assert said in last.report.read_text()
    assert json.loads(last.metrics.read_text())["validation"]["epoch"] == 12


def test_a_final_model_has_as_many_epochs() -> None:
    """None was chosen, and the report claims no choice."""
    settings, layout = _settings(*LAST, "training.final=true"), Layout(Path("run"))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    text = layout.report.read_text()
    assert "12 epochs. What follows about curves and epochs is of the training before;" in text
    assert "had chosen" not in text


def test_patience_beside_it_is_refused() -> None:
    """It would choose the last epoch by validation rows."""
    with pytest.raises(UserError, match=r"training\.patience: expected null with training\.keep=last, .* received 20"):
        _settings("training.keep=last", "training.patience=20")


def test_best_and_last_are_not_compared() -> None:
    """The best of many epochs wins in any case."""
    with pytest.raises(UserError, match=r"training\.keep: expected one value for all trainings"):
        require_one_scale(["training.keep"])


def test_the_diagnosis_knows_the_best_epoch_from_the_one_that_was_kept() -> None:
    """A training whose lowest loss lies behind it was not stopped too early, though its last weights were kept."""
    before = [1.0 - 0.033 * epoch for epoch in range(16)]

    def found(losses: list[float]) -> list[str]:
        history = [
            {"epoch": number, "train_loss": loss, "validation_loss": loss, "train_accuracy": 0.5,
             "validation_accuracy": 0.5, "learning_rate": 0.01, "gradient_norm": 1.0, "penalty": 0.0}
            for number, loss in enumerate(losses, start=1)
        ]  # fmt: skip
        setup = Setup(hidden_sizes=(64,), epochs=len(losses), keeps_last=True)
        return [each.name for each in diagnose(Training(history, [], len(losses), 1.0, setup))]

    assert "stopped too early" in found([*before, 0.42, 0.39, 0.36, 0.33])
    assert "stopped too early" not in found([*before, 0.2, 0.3, 0.4, 0.45])  # lower than the four before, all the same
