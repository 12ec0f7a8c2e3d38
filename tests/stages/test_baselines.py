"""The baselines of an evaluation: which are chosen, what boosting has learnt from, and what the report says of them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from glassnet.config import CONF, Settings, UserError, changes_from_conf
from glassnet.data import ArrayDataset
from glassnet.runs import Layout
from glassnet.stages import evaluate, report, train
from glassnet.stages.baselines import boosted_probabilities, boosted_values, chosen_baselines
from tests.settings import enter_project, settings_with

SHORT = ("tracking=none", "training.epochs=2", "training.baseline.epochs=1")


def _settings(*overrides: str) -> Settings:
    return settings_with(*overrides)


def _prepared(rows: int, features: int, classes: int, *, of_images: bool = False) -> Any:
    return SimpleNamespace(
        image_shape=(28, 28) if of_images else None,
        about={"rows": {"train": rows}},
        preprocessing=SimpleNamespace(feature_names=["x"] * features),
        class_names=("c",) * classes,
    )


def test_boosting_is_among_the_baselines_where_it_takes_seconds() -> None:
    """Not on images, nor where it has many trees with many features; whoever asks for it gets it."""
    assert chosen_baselines(None, _prepared(1_000, 20, 3)).names == ("majority", "linear", "boosting")
    images = chosen_baselines(None, _prepared(1_000, 64, 10, of_images=True))
    assert images.names == ("majority", "linear")
    assert "takes minutes" in (images.without_boosting or "")
    wide = chosen_baselines(None, _prepared(1_000, 1_000, 10))
    assert wide.without_boosting == "on 1000 rows, 1000 features and 10 classes it takes long"
    asked = chosen_baselines(["boosting"], _prepared(1_000, 1_000, 10))
    assert asked.names == ["boosting"]
    assert asked.without_boosting is None


def test_boosting_is_that_of_scikit_learn_and_knows_all_classes() -> None:
    """The class that the training rows lack has the probability 0; the same rows always give the same numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    y = np.where(X[:, 0] > 0, 2, 0)
    train_rows = ArrayDataset(X, y)
    p = boosted_probabilities(train_rows, X[:9], 3)
    values = boosted_values(ArrayDataset(X, X[:, :1]), X[:9])
    with threadpool_limits(1):  # more would wait in a loop for cores that are busy
        of_classes = HistGradientBoostingClassifier(random_state=0).fit(X, y).predict_proba(X[:9])
        of_numbers = HistGradientBoostingRegressor(random_state=0).fit(X, X[:, 0]).predict(X[:9])
    assert p.shape == (9, 3)
    assert not p[:, 1].any()
    np.testing.assert_array_equal(p[:, [0, 2]], of_classes)
    np.testing.assert_array_equal(values[:, 0], of_numbers)
    alone = boosted_probabilities(ArrayDataset(X, np.full(200, 1)), X[:9], 3)
    np.testing.assert_array_equal(alone, np.tile([0.0, 1.0, 0.0], (9, 1)))


def test_a_class_of_a_single_row_does_not_end_the_evaluation_of_many() -> None:
    """Of more than 10,000 rows scikit-learn sets some of each class aside, which of one alone it cannot."""
    X = np.linspace(-1, 1, 10_002, dtype=np.float32)[:, np.newaxis]
    y = (X[:, 0] > 0).astype(np.int64)
    y[0] = 2
    assert boosted_probabilities(ArrayDataset(X, y), X[:5], 3).shape == (5, 3)


def test_the_baselines_are_those_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the scores, the comparisons and the report, whose first paragraph says who is ahead; or none at all."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "_overrides", tuple)
    layout = Layout(Path("run"))
    train.main(_settings(*SHORT), layout)
    evaluate.main(_settings(*SHORT), layout)
    metrics = json.loads(layout.metrics.read_text())
    assert [*metrics["baselines"]] == ["majority_class", "softmax_regression", "gradient_boosting"]
    assert metrics["comparisons"].keys() == metrics["baselines"].keys()
    report.main(_settings(*SHORT), layout)
    text = layout.report.read_text()
    assert "Gradient boosting is ahead on the same rows, significantly (exact McNemar" in text.split("\n\n")[1]
    evaluate.main(_settings(*SHORT, "evaluation.baselines=[]"), layout)
    assert json.loads(layout.metrics.read_text())["baselines"] == {}
    report.main(_settings(*SHORT, "evaluation.baselines=[]"), layout)
    assert "ahead on the same rows" not in layout.report.read_text()


@pytest.mark.usefixtures("pictures")
def test_boosting_answers_in_the_units_of_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone among the baselines it is the only one scored; each prediction still stands beside the linear one."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "_overrides", tuple)
    settings = _settings(*SHORT, "data=diabetes", "evaluation.baselines=[boosting]")
    layout = Layout(Path("run"))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    metrics = json.loads(layout.metrics.read_text())
    assert [*metrics["baselines"]] == ["gradient_boosting"]
    assert metrics["baselines"]["gradient_boosting"]["mae"] < 70
    assert layout.predictions.read_text().startswith("row,actual,predicted,baseline_predicted\n")
    report.main(settings, layout)
    assert "HistGradientBoostingRegressor" in layout.report.read_text()


def test_what_is_no_baseline_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name, one that stands there twice, and one without brackets."""
    enter_project(tmp_path, monkeypatch)
    with pytest.raises(UserError, match=r"evaluation\.baselines\.0: expected 'majority', 'linear' or 'boosting', rec"):
        _settings("evaluation.baselines=[forest]")
    with pytest.raises(UserError, match=r"evaluation\.baselines: expected each baseline once, received \['linear', 'l"):
        _settings("evaluation.baselines=[linear,linear]")
    with pytest.raises(
        UserError, match=r"evaluation\.baselines: expected a list, received 'boosting'; in brackets it "
    ):
        _settings("evaluation.baselines=boosting")


def test_the_way_back_to_the_report_has_the_baselines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are no part of what a training is known by, but of what `dvc exp run` must be given again."""
    enter_project(tmp_path, monkeypatch)
    settings = _settings("evaluation.baselines=[linear]")
    assert "evaluation" not in settings.describing_the_result()
    values = {**settings.describing_the_result(), "evaluation": settings.evaluation.model_dump()}
    assert changes_from_conf(CONF, values) == ("evaluation.baselines=[linear]",)
