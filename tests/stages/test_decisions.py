"""Class weights, thresholds and monitored scores from the settings to what is predicted, reported and compared."""

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet.config import (
    CONF,
    Settings,
    UserError,
    changes_from_conf,
    edited,
    edits_to,
)
from glassnet.config.added_later import with_defaults, without_defaults
from glassnet.evaluation import ungrouped
from glassnet.runs import Layout
from glassnet.runs.plan import require_one_scale
from glassnet.stages import evaluate, gate, predict, report, train
from glassnet.tables import load_model
from glassnet.training import read_history
from tests.settings import enter_project, settings_with

SHORT = (
    "tracking=none", "training.epochs=6", "training.baseline.epochs=2", "training.label_smoothing=0.0", "data=csv",
    "data.path=a.csv",
)  # fmt: skip
RARE = ("data.target=y",)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of 600 rows, one in twelve of them of class yes."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", tuple)
    rng = np.random.default_rng(0)
    y = np.arange(600) % 12 == 0
    X = rng.normal(size=(600, 3))
    X[y, 0] += 1.7
    frame = pd.DataFrame(X.round(3), columns=["a", "b", "c"])
    frame["y"] = np.where(y, "yes", "no")
    frame["number"] = (X[:, 0] + X[:, 1]).round(3)
    frame.to_csv(tmp_path / "a.csv", index=False)
    return tmp_path


def _settings(*overrides: str) -> Settings:
    return settings_with(*SHORT, *overrides)


def _finish(*overrides: str, folder: str = "run") -> tuple[Layout, dict[str, Any]]:
    """Train, evaluate and report; return the scores too."""
    settings, layout = _settings(*RARE, *overrides), Layout(Path(folder))
    train.main(settings, layout)
    if not settings.training.final:
        evaluate.main(settings, layout)
        report.main(settings, layout)
    return layout, dict(ungrouped(json.loads(layout.metrics.read_text())))


def _predictions(layout: Layout) -> pd.DataFrame:
    return pd.read_csv(layout.predictions)


def _about(layout: Layout) -> dict[str, Any]:
    return dict(load_model(layout.model).about)


@pytest.mark.usefixtures("pictures")
def test_class_weights_find_rare_rows_and_leave_the_probabilities(project: Path) -> None:
    """The answers follow the weights; the mean probability is the fraction of rare rows, as without them."""
    _, plain = _finish(folder="plain")
    layout, weighted = _finish("training.class_weights=balanced")
    assert "decision" not in _about(Layout(Path("plain")))
    assert weighted["two_classes"]["recall"] > plain["two_classes"]["recall"]
    decision = _about(layout)["decision"]
    assert decision["rule"] == "class_weights"
    assert decision["threshold"] == pytest.approx(1 / 12, abs=1e-3)
    rows = _predictions(layout)
    assert rows["probability_yes"].mean() == pytest.approx(1 / 12, abs=0.04)
    assert ((rows["predicted"] == "yes") == (rows["probability_yes"] >= decision["threshold"])).all()
    text = layout.report.read_text()
    assert "A row is called **yes** from a probability of **0.08333** on" in text
    assert "rule; the majority class has none, and names the most probable class." in text
    assert (
        weighted["baselines"]["gradient_boosting"]["two_classes"]["recall"]
        > (plain["baselines"]["gradient_boosting"]["two_classes"]["recall"])
    )
    assert 'with class weights (`"balanced"`), which the losses below are measured without' in text
    assert "![Precision against recall" in text
    assert (layout.figures / "ranking.png").is_file()


@pytest.mark.parametrize("rule", ["f1", "balanced", "0.05", "{cost: [[0,1],[8,0]]}"])
def test_one_threshold_for_all_who_decide(project: Path, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """predictions.csv, the scores, `predict`, and the report."""
    layout, metrics = _finish(f"evaluation.threshold={rule}")
    decision = _about(layout)["decision"]
    rows = _predictions(layout)
    called = rows["probability_yes"] >= decision["threshold"]
    assert ((rows["predicted"] == "yes") == called).all()
    assert metrics["errors"] == (rows["predicted"] != rows["actual"]).sum()
    assert metrics["two_classes"]["called_positive"] == called.sum()
    assert ("mean_cost" in metrics) == rule.startswith("{")
    assert "mean_cost" not in metrics or decision["threshold"] == pytest.approx(1 / 9)
    monkeypatch.setattr(sys, "argv", ["predict", "input=a.csv", "output=out.csv", f"model={layout.model}"])
    predict.main()
    predicted = pd.read_csv("out.csv")
    assert ((predicted["class"] == "yes") == (predicted["probability_yes"] >= decision["threshold"])).all()
    assert f"**{decision['threshold']:.4g}**" in layout.report.read_text()


def test_the_gate_compares_what_was_decided(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A lower threshold calls more rows positive, which is another model: better for it, and worse by accuracy."""
    _finish(folder="one")
    _finish("evaluation.threshold=0.05", folder="other")
    capsys.readouterr()
    monkeypatch.chdir(project / "other")
    monkeypatch.setattr(sys, "argv", ["gate", "baseline=../one"])
    assert gate.main() == 0
    said = capsys.readouterr().out
    assert re.search(
        r"mean cost, with 0\.05 for a false alarm and 0\.95 for a missed row, 0\.\d+ -> 0\.\d+, which", said
    )
    assert "newly wrong" in said
    monkeypatch.chdir(project / "one")
    monkeypatch.setattr(sys, "argv", ["gate", "baseline=../other"])
    assert gate.main() == 0
    assert "\naccuracy 0." in capsys.readouterr().out


def test_the_threshold_of_a_final_model_is_that_of_the_network_before(project: Path) -> None:
    """The final one has learnt from the validation rows: on them any threshold would look good."""
    layout, _ = _finish("evaluation.threshold=f1")
    final, _ = _finish("evaluation.threshold=f1", "training.final=true", folder="final")
    assert _about(final)["decision"] == _about(layout)["decision"]
    assert "from before it was trained anew" in final.report.read_text()


def test_the_positive_class(project: Path) -> None:
    """The rarer one in every fold; or the chosen one."""
    for fold in range(2):
        settings = _settings(*RARE, "evaluation.threshold=0.3", "data.folds=2", f"data.fold={fold}")
        train.main(settings, Layout(Path(f"fold{fold}")))
        assert _about(Layout(Path(f"fold{fold}")))["decision"]["positive"] == 1
    layout, metrics = _finish("evaluation.threshold=0.99", "evaluation.positive=no")
    assert _about(layout)["decision"]["positive"] == 0
    assert metrics["two_classes"]["positives"] > 100
    assert "as `evaluation.positive` says" in layout.report.read_text()
    layout, _ = _finish("evaluation.threshold=0.5", folder="unnamed")
    assert "the rarer one, or of two as frequent the second" in layout.report.read_text()


def test_the_report_says_why_a_threshold_of_costs_is_not_theirs_alone(project: Path, capsys: Any) -> None:
    """Label smoothing moves probabilities, and the threshold with them: 0.9/6 + 0.1/2 = 0.2."""
    costs = "evaluation.threshold={cost: [[0,1],[5,0]]}"
    layout, _ = _finish(costs, "training.label_smoothing=0.1")
    text = layout.report.read_text()
    assert re.search(
        r"\nTest accuracy .* to 0\.\d+\), mean cost 0\.\d+, which the decision is made for, on 1\d\d rows", text
    )
    assert re.search(
        r"evaluate: test accuracy .*\), mean cost 0\.\d+, which .* made for, log-loss", capsys.readouterr().out
    )
    assert "from a probability of **0.2** on, where both answers cost the same" in text
    assert "0.1667, moved as label smoothing has moved the network's probabilities" in text
    layout, _ = _finish(costs, folder="plain")
    assert "label smoothing has moved" not in layout.report.read_text()


def test_the_monitored_score_chooses(project: Path) -> None:
    """It is in the history, the manifest, the report, and what the entry point returns, where less is better."""
    layout = Layout(Path("run"))
    settings = _settings(*RARE, "training.monitor=average_precision")
    returned = train.main(settings, layout)
    scores = [row["validation_average_precision"] for row in read_history(layout.history)]
    assert returned == 1 - max(scores)
    assert json.loads(layout.manifest.read_text())["best_validation_average_precision"] == max(scores)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    assert json.loads(layout.metrics.read_text())["validation"]["average_precision"] == max(scores)
    assert "with the highest validation average precision, were kept" in layout.report.read_text()


REFUSED = [
    (
        "training.class_weights={no: 1, maybe: 2}",
        "each class, no, yes, received one of 'maybe', which is no class",
    ),
    ("training.class_weights={yes: 2}", "expected a weight for each class, no, yes, received none of 'no'"),
    ("training.class_weights={no: 1, yes: -2}", "expected a finite number above 0 as the weight of yes, received -2"),
    ("training.class_weights={no: 1, yes: 0}", "expected a finite number above 0 as the weight of yes, received 0"),
    ("training.class_weights=even", "expected null, balanced or a weight for each class"),
    ("evaluation.threshold=1.5", "expected null, a number from 0 to 1, f1, balanced or"),
    ("evaluation.threshold=f2", "expected null, a number from 0 to 1, f1, balanced or"),
    ("evaluation.threshold={cost: [[0,1]]}", "expected cost as a square of numbers of 0 or more"),
    ("evaluation.threshold={cost: [[0,-1],[1,0]]}", "expected cost as a square of numbers of 0 or more"),
    ("evaluation.threshold={cost: [[0,0],[1,0]]}", "expected each row of cost to have its least number"),
    ("evaluation.threshold={cost: [[0,1,1],[1,0,1],[1,1,0]]}", "expected cost of 2 rows and columns"),
    ("evaluation.positive=maybe", "evaluation.positive: expected no or yes, received 'maybe'"),
    ("training.monitor=f2", "training.monitor: expected 'loss', 'accuracy'"),
    ("training.monitor=mae", "training.monitor: expected a score of a classification, one of loss, accuracy"),
]


@pytest.mark.parametrize(("override", "said"), REFUSED)
def test_nonsense_is_one_line_before_the_training(project: Path, override: str, said: str) -> None:
    """What was expected, and what came."""
    with pytest.raises((UserError, ValueError)) as caught:
        train.main(_settings(*RARE, override), Layout(Path("run")))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("run", "models").exists()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "training.class_weights=balanced",
            "class_weights: expected null for a regression, received balanced",
        ),
        ("evaluation.threshold=f1", "evaluation.threshold: expected null for a regression, received f1"),
        ("evaluation.positive=yes", "evaluation.positive: expected null for a regression, received 'yes'"),
        ("training.monitor=macro_f1", "expected a score of a regression, one of loss, mae, rmse, received macro_f1"),
    ],
)
def test_a_regression_has_no_classes(project: Path, override: str, said: str) -> None:
    """Nor what is said of them."""
    with pytest.raises((UserError, ValueError)) as caught:
        train.main(_settings("data.target=number", override), Layout(Path("run")))
    assert said in str(caught.value)


def test_more_classes_than_two_have_costs(project: Path, capsys: Any) -> None:
    """A threshold is for two; class weights are for any number."""
    wine = [each for each in SHORT if not each.startswith("data")]

    def settings(*overrides: str) -> Settings:
        return settings_with(*wine, *overrides)

    for rule in ("f1", "0.3"):
        with pytest.raises(UserError, match="expected null or cost, a row of costs for each of the 3 classes"):
            train.main(settings(f"evaluation.threshold={rule}"), Layout(Path("run")))
    chosen = settings("evaluation.threshold={cost: [[0,1,1],[1,0,1],[50,50,0]]}", "training.class_weights=balanced")
    layout = Layout(Path("run"))
    for stage in (train, evaluate, report):
        stage.main(chosen, layout)
    with layout.predictions.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["predicted"] == "class_2" for row in rows) >= sum(row["actual"] == "class_2" for row in rows)
    assert "The class whose answer costs least in expectation is called" in layout.report.read_text()
    capsys.readouterr()
    train.main(settings("training.class_weights=balanced"), Layout(Path("weighted")))
    assert "decision: the class of the largest probability times weight" in "".join(capsys.readouterr())


def test_a_custom_loss_takes_no_class_weights() -> None:
    """It would not know of them."""
    with pytest.raises(UserError, match=r"training\.class_weights: expected null with loss=mean_squared_error"):
        _settings("data.target=number", "loss=mean_squared_error", "training.class_weights=balanced")


def test_settings_at_their_default_are_left_out_and_come_back(project: Path) -> None:
    """What tells of a run has none of them, so that models keep their bytes; the way from conf/ to it is whole."""
    values = _settings(*RARE).describing_the_result()
    assert "evaluation" not in values
    assert not {"class_weights", "monitor"} & set(values["training"])  # type: ignore[arg-type]
    assert without_defaults(with_defaults(values)) == values
    assert "l1_decay" not in with_defaults(values)["optimizer"]  # type: ignore[operator]  # which is Adam
    adamw = _settings(*RARE, "optimizer=adamw").describing_the_result()
    assert "l1_decay" not in adamw["optimizer"]  # type: ignore[operator]
    assert with_defaults(adamw)["optimizer"]["l1_decay"] == 0.0  # type: ignore[index, call-overload]
    chosen = _settings(
        *RARE, "training.class_weights={no: 1, yes: 5}", "evaluation.threshold={cost: [[0,1],[5,0]]}",
        "training.monitor=macro_f1", "evaluation.positive=no",
    )  # fmt: skip
    overrides = changes_from_conf(CONF, chosen.describing_the_result())
    again = _settings(*(each for each in overrides if not each.startswith("tracking")))
    assert again.describing_the_result() == chosen.describing_the_result()


def test_promotion_writes_them_into_conf_and_takes_them_back(project: Path) -> None:
    """A mapping where there was null, and null where there was a mapping."""
    conf = project / "own"
    conf.mkdir()
    for path in CONF.rglob("*.yaml"):
        copy = conf / path.relative_to(CONF)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    chosen = _settings(*RARE, "training.class_weights={no: 1, yes: 5}", "evaluation.threshold=f1")
    for path, text in edited(edits_to(conf, chosen)).items():
        path.write_text(text)
    assert "class_weights: {'no': 1.0, 'yes': 5.0}" in (conf / "training" / "default.yaml").read_text()
    assert "threshold: f1" in (conf / "config.yaml").read_text()
    for path, text in edited(edits_to(conf, _settings(*RARE))).items():
        path.write_text(text)
    assert "class_weights: null" in (conf / "training" / "default.yaml").read_text()


def test_a_run_is_not_finished_with_another_threshold(project: Path) -> None:
    """Not even one whose own was the default, which its manifest leaves out."""
    layout = Layout(Path("run"))
    train.main(_settings(*RARE), layout)
    with pytest.raises(UserError, match=r"received evaluation\.threshold='f1', not None"):
        evaluate.main(_settings(*RARE, "evaluation.threshold=f1"), layout)


def test_trainings_with_other_monitored_scores_are_not_compared() -> None:
    """Their scores are different things."""
    with pytest.raises(UserError, match=r"training\.monitor: expected one score for all trainings"):
        require_one_scale(["training.monitor"])
