"""Ensembles of the networks of k folds: trained, interrupted, judged, predicted with, served, and refused."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import mlflow
import numpy as np
import pandas as pd
import pytest

from glassnet.config import Settings, UserError
from glassnet.config.own_classes import named_in_conf
from glassnet.evaluation import apply_temperature, fit_temperature
from glassnet.runs import Layout
from glassnet.runs.plan import require_one_scale
from glassnet.stages import evaluate, gate, predict, report, train
from glassnet.stages.members import folds_of
from glassnet.tables import load_model, open_prepared
from glassnet.tracking.registry import logged_model
from glassnet.training import Callback, Ensemble, TrainingRun
from glassnet.training import load_model as load_of_library
from tests.settings import enter_project, settings_with

SHORT = ("tracking=none", "training.epochs=4", "training.baseline.epochs=2", "optimizer.learning_rate=0.03")
OF_THREE = "training.ensemble=3"
TABLE = ("data=csv", "data.path=a.csv", "data.target=y")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", lambda: (OF_THREE,))


def _settings(*overrides: str) -> Settings:
    return settings_with(*SHORT, *overrides)


def _finish(folder: str, *overrides: str) -> Layout:
    settings, layout = _settings(*overrides), Layout(Path(folder))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    return layout


def _write_table(target: str, rows: int = 240) -> None:
    """Write a table with a rare category, which some folds lack, and missing numbers, which each fold fills its way."""
    rng = np.random.default_rng(8)
    x, z = rng.standard_normal((2, rows))
    kind = np.where(np.arange(rows) % 60 == 7, "rare", rng.choice(["a", "b"], rows))
    signal = x + (kind == "a") + 0.5 * rng.standard_normal(rows)
    y = np.where(signal > 0.5, "high", "low") if target == "classes" else np.exp(signal)
    frame = pd.DataFrame({"x": x, "z": z, "kind": kind, "y": y})
    frame.loc[::11, "z"] = np.nan
    frame.to_csv("a.csv", index=False)


@pytest.mark.usefixtures("pictures")
def test_one_command_gives_one_model_that_is_evaluated_and_reported() -> None:
    """Its members are the networks of the experiment kfold, and the one beside them that without an ensemble."""
    layout = _finish("run", "experiment=ensemble")
    network = load_model(layout.model)
    assert isinstance(network, Ensemble)
    assert len(network.members) == 5
    for fold in (0, 3):
        train.main(_settings("data.folds=5", f"data.fold={fold}"), Layout(Path(f"fold{fold}")))
        alone, member = load_model(Path(f"fold{fold}/models/model.safetensors")), network.members[fold]
        assert alone.preprocessing.to_json() == member.preprocessing.to_json()
        for name, array in alone.model.state_dict().items():
            np.testing.assert_array_equal(member.model.state_dict()[name], array)
    train.main(_settings(), Layout(Path("single")))
    single = load_model(Path("single/models/model.safetensors"))
    for name, array in single.model.state_dict().items():
        np.testing.assert_array_equal(network.single.model.state_dict()[name], array)
    metrics = json.loads(layout.metrics.read_text())
    assert "null" not in layout.metrics.read_text()
    compared = metrics["comparisons"]["single_network"]
    assert compared["log_loss_difference"] == pytest.approx(
        metrics["log_loss"] - metrics["baselines"]["single_network"]["log_loss"], abs=1e-5
    )
    assert (
        compared["log_loss_difference_low"] <= compared["log_loss_difference"] <= compared["log_loss_difference_high"]
    )
    rows = json.loads(layout.manifest.read_text())["rows"]
    assert metrics["out_of_fold"]["examples"] == rows["train"] + rows["validation"]
    text = layout.report.read_text()
    assert "The model is the average of 5 networks with these settings." in text
    assert "What the average looks at, importance and effects of columns, is measured on the average itself:" in text
    assert "## What the network looks at" in text
    assert "| ensemble " in text
    assert "On the test rows its log-loss differs from the single network's by " in text
    assert "Out of fold, each of 142 rows" in text


def test_probabilities_are_the_mean_of_the_calibrated_members() -> None:
    """Each takes raw rows through its own preprocessing; the temperature is of rows that they have not learnt from."""
    _write_table("classes")
    settings, layout = (
        _settings(*TABLE, OF_THREE, "training.epochs=9", "training.label_smoothing=0.5"),
        Layout(Path("run")),
    )
    train.main(settings, layout)
    network = load_model(layout.model)
    assert isinstance(network, Ensemble)
    folds = folds_of(settings, layout, open_prepared(settings.data.choice(), Path(), by_dvc=False))
    logits = [m.outputs(f.split("validation").X) for m, f in zip(network.members, folds, strict=True)]
    y = np.concatenate([np.asarray(fold.split("validation").y) for fold in folds])
    assert sorted(np.concatenate([fold.rows("validation") for fold in folds])) == sorted(
        np.concatenate([folds[0].rows("train"), folds[0].rows("validation")])
    )
    assert network.temperature == fit_temperature(np.concatenate(logits), y)
    assert network.temperature < 1  # smoothed labels make a network unsure
    widths = {member.architecture.sizes[0] for member in network.members}
    frame = pd.read_csv("a.csv")
    expected = np.mean(
        [apply_temperature(m.outputs(m.preprocessing.transform(frame)), network.temperature) for m in network.members],
        axis=0,
    )
    np.testing.assert_array_equal(network.predict_frame(frame), expected)
    assert widths <= {4, 5}
    with pytest.raises(ValueError, match=r"predict_features: expected raw rows for an ensemble of 3, whose members"):
        network.predict_features(folds[0].split("test").X)
    with pytest.raises(ValueError, match=r"outputs: expected raw rows"):
        network.outputs(folds[0].split("test").X)


@pytest.mark.filterwarnings("ignore")  # MLflow's, about its own classes
@pytest.mark.parametrize("target", ["classes", "logarithm"])
def test_it_is_predicted_with_served_and_held_against_a_baseline_like_any_model(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`predict`, MLflow and predictions.csv have the same numbers; the gate takes the latter."""
    _write_table(target)
    log = () if target == "classes" else ("data.target_transform=log", "model.dropout=0.1")
    layout = _finish("run", *TABLE, *log, OF_THREE)
    monkeypatch.setattr(sys, "argv", ["predict", "input=a.csv", "output=p.csv", f"model={layout.model}"])
    predict.main()
    tested, predicted = pd.read_csv(layout.predictions), pd.read_csv("p.csv")
    column = "probability_high" if target == "classes" else "prediction"
    of_test = tested["probability_high" if target == "classes" else "predicted"].to_numpy()
    np.testing.assert_allclose(predicted[column].to_numpy()[tested["row"]], of_test, rtol=1e-4, atol=1e-5)
    logged = cast(Any, SimpleNamespace(artifact_location=str(tmp_path), model_id="m-0"))
    logged_model._save(layout.model, named_in_conf, tmp_path / "served", logged, "0" * 32)
    monkeypatch.setattr(sys, "path", list(sys.path))  # MLflow puts the model's code on it, for workers to inherit
    model = mlflow.pyfunc.load_model(str(tmp_path / "served"))
    served = model.predict(pd.read_csv("a.csv"))
    np.testing.assert_allclose(served[column], predicted[column], rtol=1e-9)
    explained = model.predict(pd.read_csv("a.csv"), params={"explain": True})
    assert list(explained)[: len(served.columns)] == list(served)
    output, start = ("logit", "logit_of_mean_row") if target == "classes" else ("prediction", "prediction_of_mean_row")
    change = explained[output] - explained[start]
    np.testing.assert_allclose(
        explained[["contribution_x", "contribution_z", "contribution_kind"]].sum(axis=1), change, rtol=2e-4, atol=2e-4
    )
    assert "95% interval" in layout.report.read_text()
    Path("reports").symlink_to(layout.metrics.parent)
    monkeypatch.setattr(sys, "argv", ["gate", f"baseline={layout.metrics.parent}"])
    assert gate.main() == 0
    capsys.readouterr()
    if target == "logarithm":
        network = load_model(layout.model)
        assert isinstance(network, Ensemble)
        frame = pd.read_csv("a.csv")
        of_members = [member.predict_frame(frame) for member in network.members]
        np.testing.assert_allclose(network.predict_frame(frame), np.mean(of_members, axis=0))
        assert len({json.dumps(member.target_scale) for member in network.members}) == 3


@pytest.mark.parametrize("how", ["group", "time"])
def test_members_never_learn_from_a_test_row(how: str) -> None:
    """Nor from a row of a group that is for testing, nor from what is later: the test rows are those of the single."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"x": rng.standard_normal(240), "of": np.repeat(np.arange(30), 8), "y": np.tile(["a", "b"], 120)}
    )
    frame["of"] = [f"p{each}" for each in frame["of"]] if how == "group" else np.arange(240.0)
    frame.to_csv("a.csv", index=False)
    settings = _settings(*TABLE, f"data.{how}=of", OF_THREE)
    prepared = open_prepared(settings.data.choice(), Path(), by_dvc=False)
    for fold in folds_of(settings, Layout(Path("run")), prepared):
        np.testing.assert_array_equal(fold.rows("test"), prepared.rows("test"))
        learnt = set(frame["of"].iloc[fold.rows("train")])
        assert not learnt & set(frame["of"].iloc[prepared.rows("test")])
    _finish("run", *TABLE, f"data.{how}=of", OF_THREE)


class _KilledError(BaseException):
    """Stands for a kill."""


def test_an_interrupted_ensemble_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of its second member: the bytes are those of one that was not interrupted."""
    whole, parts = Layout(Path("whole")), Layout(Path("parts"))
    train.main(_settings(OF_THREE), whole)

    class Kill(Callback):
        def on_epoch_begin(self, run: TrainingRun) -> None:
            if run.epoch == 3 and (parts.checkpoints / "fold_1" / "checkpoint.safetensors").is_file():
                raise _KilledError

    with monkeypatch.context() as patched:
        patched.setattr("glassnet.stages.members.own_callbacks", lambda settings: [Kill()])
        with pytest.raises(_KilledError):
            train.main(_settings(OF_THREE), parts)
    assert not parts.model.exists()
    train.main(_settings(OF_THREE, "training.resume=true"), parts)
    assert parts.model.read_bytes() == whole.model.read_bytes()
    assert parts.manifest.read_bytes() == whole.manifest.read_bytes()
    train.main(_settings(OF_THREE, "schedule=constant"), whole)
    train.main(_settings(OF_THREE, "schedule=constant", "training.epochs=2"), parts)
    train.main(_settings(OF_THREE, "schedule=constant", "training.resume=true"), parts)
    assert parts.model.read_bytes() == whole.model.read_bytes()


def test_without_an_ensemble_a_file_is_what_it_was() -> None:
    """Its settings do not mention one; and readers that know none refuse the other in one line."""
    layout = Layout(Path("run"))
    train.main(_settings(), layout)
    assert b"ensemble" not in layout.model.read_bytes()
    assert b"ensemble" not in layout.manifest.read_bytes()
    train.main(_settings(OF_THREE), layout)
    assert b"glassnet ensemble 1" in layout.model.read_bytes()
    with pytest.raises(ValueError, match="expected a model with preprocessing of kind 'standardizing' or"):
        load_of_library(layout.model)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["training.final=true"],
            r"training\.final: expected false with training\.ensemble=3, whose members have l",
        ),
        (["data.folds=4"], r"data\.folds: expected null with training\.ensemble=3, which makes the folds, received 4"),
        (["training.ensemble=1"], r"training\.ensemble: expected a number greater than or equal to 2, received 1"),
    ],
)
def test_what_goes_with_no_ensemble_is_refused(overrides: list[str], line: str) -> None:
    """In one line, before anything is trained."""
    with pytest.raises(UserError, match=line):
        _settings(OF_THREE, *overrides)


def test_more_folds_than_rows_of_a_class_are_refused_before_anything_is_trained() -> None:
    """The line names the class."""
    with pytest.raises(ValueError, match=r"received \d+ of class '.*', too few for folds=60"):
        train.main(_settings("training.ensemble=60"), Layout(Path("run")))
    assert not Path("run/models").exists()
    with pytest.raises(UserError, match=r"training\.ensemble: expected one value for all trainings, received several"):
        require_one_scale(["seed", "training.ensemble"])


def test_a_member_that_diverges_says_which_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is over; what stopped it is in its manifest."""
    from glassnet.training import TrainingDivergedError, train_network

    calls = []

    def second(*arguments: Any, **others: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise TrainingDivergedError("expected a finite loss", "divide it")
        return train_network(*arguments, **others)

    monkeypatch.setattr("glassnet.stages.members.train_network", second)
    with pytest.raises(TrainingDivergedError, match=r"fold 2 of 3: expected a finite loss; divide optimizer"):
        train.main(_settings(OF_THREE), Layout(Path("run")))
    assert "fold 2 of 3" in json.loads(Path("run/models/run.json").read_text())["stopped"]


def test_folds_of_the_pipeline_are_made_of_the_fetched_table() -> None:
    """Its source is not read again; they are those of a run by hand."""
    from glassnet.stages import fetch

    settings = _settings(OF_THREE)
    fetch.main(settings, Layout(Path("fetched")))
    of_single = open_prepared(settings.data.choice(), Path(), by_dvc=False)
    by_hand = folds_of(settings, Layout(Path("run")), of_single)
    kept = [np.array(fold.split("train").X) for fold in by_hand]
    for fold in by_hand:
        (fold.folder / "preprocessing.json").unlink()
    from glassnet.tables import open_folds

    again = open_folds(settings.data.choice(), 3, Path("fetched/data/raw"))
    for fold, X in zip(again, kept, strict=True):
        np.testing.assert_array_equal(fold.split("train").X, X)
    assert open_prepared(settings.data.choice(), Path(), by_dvc=False).about["rows"]["test"] == len(
        again[0].rows("test")
    )


@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_importance_and_effects_are_those_of_the_average(target: str) -> None:
    """A raw column dealt to other rows does to `predict_frame` what is reported; an unseen category is none."""
    _write_table(target)
    settings, layout = _settings(*TABLE, OF_THREE, "training.epochs=8"), Layout(Path("run"))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    looks_at = json.loads(layout.analysis.read_text())["looks_at"]
    network, frame = load_model(layout.model), pd.read_csv("a.csv")
    prepared = open_prepared(settings.data.choice(), Path(), by_dvc=False)
    rows = prepared.rows("test")
    test = frame.iloc[rows]
    found = {each["column"]: each["increase"] for each in looks_at["importance"]["test"]}
    assert list(looks_at["importance"]) == ["test"]
    for name in ("x", "z", "kind"):

        def loss(table: pd.DataFrame) -> Any:
            predicted = network.predict_frame(table)
            if target == "numbers":
                return np.square(predicted[:, 0] - test["y"].to_numpy())
            return -np.log(predicted[np.arange(len(rows)), np.asarray(prepared.split("test").y)])

        dealt = []
        for places in range(1, len(rows)):
            moved = test.copy()
            moved[name] = np.roll(test[name].to_numpy(), places)
            dealt.append(loss(moved).mean())
        if target == "numbers":
            expected = np.sqrt(np.mean(dealt)) - np.sqrt(loss(test).mean())
        else:
            expected = np.mean(dealt) - loss(test).mean()
        assert found[name] == pytest.approx(expected, rel=1e-3, abs=1e-5), name
    effects = {each["column"]: each for each in looks_at["effects"]}
    (curve,) = effects["kind"]["effects"].values()
    means = []
    for category in effects["kind"]["at"]:
        of_all = frame.drop(index=rows.tolist()).assign(kind=category)
        means.append(network.predict_frame(of_all)[:, -1 if target == "numbers" else 1].mean())
    np.testing.assert_allclose(np.diff(curve), np.diff(means), rtol=1e-3, atol=1e-4)
    at, (curve,) = effects["x"]["at"], effects["x"]["effects"].values()
    assert at[0] == pytest.approx(frame.drop(index=rows.tolist())["x"].min(), rel=1e-4)
    assert at[-1] == pytest.approx(frame.drop(index=rows.tolist())["x"].max(), rel=1e-4)
    assert abs(curve[-1] - curve[0]) > 0.05
