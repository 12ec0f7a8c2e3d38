"""The diagnosis names the issue of trainings that were given one on purpose, and calls healthy ones healthy."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from glassnet import nn, optim
from glassnet.config import parse_settings, training_plan
from glassnet.data import ArrayDataset, DataLoader
from glassnet.diagnostics import (
    Change,
    Finding,
    Setup,
    Telemetry,
    Training,
    diagnose,
    examine_scores,
    next_improvements,
    read_telemetry,
    write_telemetry,
)
from glassnet.evaluation import ErrorAnalysis, ErrorGroup, Hypothesis, Metrics
from glassnet.reporting import override, setup_of
from glassnet.tables import PreparedData, load_raw, prepare, read_prepared
from glassnet.training import fit, train_network
from tests.settings import PROJECT, data_choice, params, read_choice

pytestmark = pytest.mark.filterwarnings("ignore:fit. for ")  # some trainings are lost, or learn nothing


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Prepares a data set once for each choice of settings."""

    @cache
    def by_name(name: str, *changes: tuple[str, Any]) -> PreparedData:
        choice, folder = data_choice(name, **dict(changes)), tmp_path_factory.mktemp(name)
        prepare(load_raw(choice), choice, folder)
        return read_prepared(folder)

    return by_name


def _choice(group: str, name: str) -> dict[str, Any]:
    return read_choice(group, name)


TRAINED: dict[str, Training] = {}


def _train(prepared: Any, data: str, changes: dict[str, Any]) -> Training:
    """Train on a data set with changes of the default settings: groups ("schedule"), keys ("data.noise"), the seed.

    Several tests look at the same training: it is made once.
    """
    key = f"{data} {changes}"
    if key not in TRAINED:
        TRAINED[key] = _train_anew(prepared, data, changes)
    return TRAINED[key]


def _train_anew(prepared: Any, data: str, changes: dict[str, Any]) -> Training:
    values = params()
    values["data"] = _choice("data", data)
    for name, value in changes.items():
        section, _, key = name.partition(".")
        if key:
            values[section][key] = value
        else:
            values[section] = value if section == "seed" else _choice(section, value)
    rows = prepared(data, *((name[5:], value) for name, value in changes.items() if name.startswith("data.")))
    settings = parse_settings(values, "test")
    telemetry = Telemetry(values["training"]["telemetry_every"])
    classes = len(rows.class_names) or None
    train = rows.split("train")
    plan = training_plan(settings, train.X.shape[1], classes)
    trained = train_network(plan, train, rows.split("validation"), [telemetry])
    random_baseline = math.log(classes) if classes else 1.0
    return Training(
        trained.history, telemetry.rows, trained.best_epoch, random_baseline, setup_of(settings.describing_the_result())
    )


def errors_of(*groups: ErrorGroup) -> ErrorAnalysis:
    """Return an error analysis with these groups."""
    return {"errors": 9, "analysed": 9, "groups": list(groups), "cases": [], "least_certain": []}


TWO_LAYERS = {"model.hidden_sizes": [32, 32]}
# Found for each of eight seeds: what such a training comes to hangs on the rounding of its sums.
TINY_BATCHES = {
    "training.batch_size": 2,
    "optimizer.learning_rate": 0.02,
    "schedule": "constant",
    "training.epochs": 30,
    "training.patience": None,
}
FEW_ROWS = {"model.hidden_sizes": [256], "data.validation_fraction": 0.5, "data.test_fraction": 0.48}
NOISE_BY_HEART = {
    "model.hidden_sizes": [128, 128],
    "training.patience": None,
    "training.epochs": 200,
    "schedule": "constant",
    "data.noise": 0.4,
}
SGD = {"optimizer": "sgd"}
SMALL = ("wine", "digits", "breast_cancer", "blobs", "spirals", "diabetes")
HEALTHY: list[tuple[str, dict[str, Any]]] = [
    ("wine", {}),
    ("breast_cancer", {}),
    ("blobs", {}),
    ("digits", {}),
    ("digits", {"model.hidden_sizes": [64, 64], "training.batch_size": 64}),
    ("digits", {**SGD, "optimizer.learning_rate": 0.05}),
    ("digits", {"model.hidden_sizes": [64, 32], "model.normalization": "batch", "training.epochs": 40}),
    ("spirals", TWO_LAYERS),
    ("spirals", {"model.hidden_sizes": [64], "model.activation": "tanh", "training.epochs": 150}),
    ("diabetes", {}),
    ("diabetes", {"seed": 2}),
    ("spirals", {}),
    *((data, {"seed": seed, "data.split_seed": seed}) for data in SMALL for seed in (1, 2)),
    ("digits", {"training.label_smoothing": 0.2}),
    ("wine", {"training.label_smoothing": 0.3}),
]
# The change, as a command line has it, that mends each issue: it goes the right way, and far enough.
REMEDIES: dict[str, Callable[[Training, Setup], str]] = {
    "learning rate too low": lambda t, s: f"optimizer.learning_rate={10 * t.learning_rate:g}",
    "learning rate too high": lambda t, s: f"optimizer.learning_rate={t.learning_rate / 10:g}",
    "noisy curve": lambda t, s: f"training.batch_size={4 * (s.batch_size or 0)}",
    "underfitting": lambda t, s: f"model.hidden_sizes={'[16]' if s.hidden_sizes == (2,) else '[32]'}",
    "overfitting": lambda t, s: "model.dropout=0.2",
    "vanishing gradients": lambda t, s: "model.activation=relu",
    "exploding gradients": lambda t, s: f"optimizer.learning_rate={t.learning_rate / 10:g}",
    "saturated units": lambda t, s: "model.normalization=batch",
    "dead units": lambda t, s: f"optimizer.learning_rate={t.learning_rate / 10:g}",
    "stopped too early": lambda t, s: f"training.epochs={max(10, 2 * t.epochs)}",
    "stopped too late": lambda t, s: f"training.patience={max(5, min(20, t.best_epoch // 2))}",
    "initialization at zero": lambda t, s: (
        "model.init=he_normal" if s.activation == "relu" else "model.init=xavier_normal"
    ),
    "penalty too strong": lambda t, s: (
        "training.l2=0.1" if s.l2 else "optimizer.l1_decay=0.2" if s.l1_decay else "optimizer.weight_decay=1"
    ),
}
ILL: list[tuple[str, str, dict[str, Any]]] = [
    ("learning rate too low", "digits", {"optimizer.learning_rate": 1e-5}),
    ("learning rate too low", "digits", {**SGD, "optimizer.learning_rate": 1e-5}),
    ("learning rate too low", "spirals", {**TWO_LAYERS, "optimizer.learning_rate": 1e-4}),
    ("learning rate too high", "digits", {"optimizer.learning_rate": 0.3}),
    *[("learning rate too high", "digits", {**SGD, "optimizer.learning_rate": 3.0, "seed": seed}) for seed in range(3)],
    ("learning rate too high", "spirals", {**TWO_LAYERS, "optimizer.learning_rate": 0.5, "schedule": "constant"}),
    ("noisy curve", "digits", TINY_BATCHES),
    ("underfitting", "spirals", {"model.hidden_sizes": [2]}),
    ("underfitting", "spirals", {"model": "softmax"}),
    ("overfitting", "digits", FEW_ROWS),
    ("overfitting", "spirals", NOISE_BY_HEART),
    ("vanishing gradients", "digits", {"model.hidden_sizes": [16] * 8, "model.activation": "sigmoid"}),
    ("vanishing gradients", "spirals", {"model.hidden_sizes": [16] * 6, "model.activation": "sigmoid"}),
    (
        "exploding gradients",
        "spirals",
        {"model.hidden_sizes": [128] * 8, "model.activation": "leaky_relu", "optimizer.learning_rate": 0.1},
    ),
    (
        "exploding gradients",
        "digits",
        {"model.hidden_sizes": [64] * 8, "model.activation": "silu", "optimizer.learning_rate": 0.1},
    ),
    ("saturated units", "digits", {"model.activation": "tanh", "optimizer.learning_rate": 0.3}),
    ("dead units", "digits", {**TWO_LAYERS, "optimizer.learning_rate": 0.2}),
    ("dead units", "spirals", {**TWO_LAYERS, "optimizer.learning_rate": 0.2}),
    ("stopped too early", "spirals", {"model.hidden_sizes": [32], "training.epochs": 8, "schedule": "constant"}),
    ("stopped too early", "digits", {"training.epochs": 1}),
    ("stopped too late", "spirals", NOISE_BY_HEART),
    ("initialization at zero", "digits", {"model.init": "zeros"}),
    ("initialization at zero", "wine", {"model.init": "zeros", "model.activation": "sigmoid"}),
    ("penalty too strong", "digits", {"training.l2": 1.0}),
    ("penalty too strong", "digits", {"optimizer": "adamw", "optimizer.weight_decay": 10.0}),
    ("penalty too strong", "digits", {"optimizer": "adamw", "optimizer.l1_decay": 2.0}),
    ("penalty too strong", "wine", {"optimizer": "adamw", "optimizer.l1_decay": 2.0}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "changes"), HEALTHY)
def test_a_healthy_training_is_called_healthy(prepared: Any, data: str, changes: dict[str, Any]) -> None:
    """Nothing is found."""
    assert diagnose(_train(prepared, data, changes)) == []


@pytest.mark.parametrize(("issue", "data", "changes"), ILL)
def test_an_issue_is_named(prepared: Any, issue: str, data: str, changes: dict[str, Any]) -> None:
    """It is among the findings, with numbers; it changes the setting at fault to a value that is allowed."""
    changes = {"training.epochs": 10, **changes} if issue == "exploding gradients" else changes
    training = _train(prepared, data, changes)
    finding = next((finding for finding in diagnose(training) if finding.name == issue), None)
    assert finding is not None, diagnose(training)
    assert any(digit in finding.evidence for digit in "0123456789")
    assert override(finding.changes[-1]) == REMEDIES[issue](training, training.setup)
    _assert_valid(finding)


def test_the_rate_comes_first_where_it_is_the_cause(prepared: Any) -> None:
    """A rate far too high kills units as well; what to change first is the rate."""
    training = _train(prepared, "digits", {"optimizer.learning_rate": 0.3})
    assert [finding.name for finding in diagnose(training)] == ["learning rate too high", "dead units"]
    assert diagnose(training)[0].changes == (Change("optimizer.learning_rate", 0.03),)


def _assert_valid(finding: Finding) -> None:
    """Each of its changes names a choice of conf/, or a setting of some choice and a value that this may have."""
    values: dict[str, Any] = params()
    if finding.changes[-1].setting in {"optimizer.weight_decay", "optimizer.l1_decay"}:
        values["optimizer"] = read_choice("optimizer", "adamw")
    for change in finding.changes:
        section, _, key = change.setting.partition(".")
        if key:
            assert key in values[section]
            values[section][key] = yaml.safe_load(override(change).partition("=")[2])
        else:
            assert (PROJECT / "conf" / section / f"{change.value}.yaml").is_file()
    parse_settings(values, "change")


@pytest.mark.parametrize(
    ("data", "changes", "name", "setting"),
    [
        ("digits", {"optimizer.learning_rate": 1e-5}, "learning rate too low", "optimizer.learning_rate"),
        ("digits", {"optimizer.learning_rate": 0.3}, "learning rate too high", "optimizer.learning_rate"),
        ("digits", FEW_ROWS, "overfitting", "model.dropout"),
        ("digits", TINY_BATCHES, "noisy curve", None),
        ("digits", {**TWO_LAYERS, "optimizer.learning_rate": 0.2}, "dead units", "optimizer.learning_rate"),
        ("wine", {}, None, None),
        ("diabetes", {}, None, None),
    ],
)
def test_history_and_telemetry_are_enough(
    prepared: Any, data: str, changes: dict[str, Any], name: str | None, setting: str | None
) -> None:
    """What was set is not known: the same issue is named, without a change where it would start from the unknown."""
    training = _train(prepared, data, changes)
    findings = {finding.name: finding for finding in diagnose(training.history, training.telemetry)}
    if name is None:
        assert findings == {}
    else:
        assert [change.setting for change in findings[name].changes] == ([] if setting is None else [setting])


def test_the_callback_is_telemetry_too() -> None:
    """As one has it at hand in a script of one's own: its rows need not be taken out."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4)).astype(np.float32)
    loader = DataLoader(ArrayDataset(X, (X[:, 0] > 0).astype(np.int64)), 20)
    model, telemetry = nn.mlp([4, 8, 2], init="zeros", rng=rng), Telemetry(1)
    history = fit(
        model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 0.1), loader, loader, 4, callbacks=[telemetry]
    )
    found = diagnose(history, telemetry)
    assert [finding.name for finding in found] == ["dead units"]
    assert found == diagnose(history, telemetry.rows)


def test_classes_and_setup_make_the_diagnosis_exact(prepared: Any) -> None:
    """It is then that of the whole training."""
    training = _train(prepared, "digits", {"optimizer.learning_rate": 1e-5})
    assert diagnose(training.history, training.telemetry, setup=training.setup, classes=10) == diagnose(training)
    with pytest.raises(ValueError, match="expected a history of one epoch or more"):
        diagnose([])


def test_without_telemetry_the_curves_alone_speak(prepared: Any, tmp_path: Path) -> None:
    """What needs measurements is not looked for; and measurements survive their file."""
    training = _train(prepared, "spirals", {"model.hidden_sizes": [2]})
    write_telemetry(tmp_path / "telemetry.csv", training.telemetry)
    assert read_telemetry(tmp_path / "telemetry.csv") == training.telemetry
    bare = replace(training, telemetry=[])
    assert [finding.name for finding in diagnose(bare)] == ["underfitting"]


def _metrics(low: float, high: float, error: float, by_chance: float, temperature: float) -> Metrics:
    return {
        "accuracy": 0.9,
        "log_loss": 0.3,
        "examples": 100,
        "baselines": {"majority_class": {"accuracy": 0.4, "log_loss": 1.0}},
        "comparisons": {
            "majority_class": {
                "difference": 0.5, "difference_low": 0.4, "difference_high": 0.6, "newly_right": 50, "newly_wrong": 0,
                "mcnemar_p": 1e-6,
            },
            "softmax_regression": {
                "difference": (low + high) / 2, "difference_low": low, "difference_high": high,
                "mcnemar_p": 0.5 if low <= 0 <= high else 0.01,
            },
        },
        "calibration": {
            "error": error, "error_by_chance": by_chance, "temperature": temperature,
            "confidence": 0.9 + 0.1 * (temperature - 1), "accuracy": 0.9,
            "log_loss": 0.5, "log_loss_after": 0.4,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (_metrics(0.01, 0.1, 0.01, 0.05, 1.0), []),
        (_metrics(-0.02, 0.1, 0.01, 0.05, 1.0), ["split too small to tell"]),
        (_metrics(0.01, 0.1, 0.12, 0.05, 2.0), ["miscalibrated"]),
        (_metrics(0.01, 0.1, 0.12, 0.15, 2.0), []),
        (_metrics(-0.1, -0.01, 0.01, 0.05, 1.0), ["worse than the linear baseline"]),
        (_metrics(-0.01, 0.1, 0.12, 0.05, 0.5), ["split too small to tell", "miscalibrated"]),
    ],
)
def test_scores_are_examined(prepared: Any, metrics: Metrics, expected: list[str]) -> None:
    """An interval that holds 0; a calibration error beyond what chance explains, with the remedy for its direction."""
    training = _train(prepared, "wine", {})
    findings = examine_scores(metrics, training)
    assert [finding.name for finding in findings] == expected
    for finding in findings:
        if finding.name == "miscalibrated":
            smoothing = finding.changes == (Change("training.label_smoothing", 0.05),)
            assert smoothing == ((metrics["calibration"]["temperature"] or 0) > 1)


@pytest.mark.parametrize(
    ("choice", "network", "majority", "advice"),
    [
        ({}, (0.9, 0.43), 0.38, "the simplest model"),
        ({}, (0.9, 0.43), 1e-6, "a larger network"),
        ({"model.hidden_sizes": []}, (0.9, 0.43), 0.38, "a stronger penalty"),
        ({}, (0.9, 0.3), 0.38, None),
        ({}, (0.95, 0.43), 0.38, None),
        ({"optimizer.learning_rate": 1e-6}, (0.9, 0.43), 0.38, None),
    ],
)
def test_a_network_that_tells_no_more_than_the_shares_of_the_classes(
    prepared: Any, choice: dict[str, Any], network: tuple[float, float], majority: float, advice: str | None
) -> None:
    """With rare classes that is far below ln C. Both scores must say so; a cause that the training shows has a name."""
    training = _train(prepared, "wine", choice)
    metrics = _metrics(0.01, 0.1, 0.01, 0.05, 1.0)
    gain = network[0] - 0.9
    metrics["comparisons"]["majority_class"] |= {"difference_low": gain - 0.02, "difference_high": gain + 0.02}
    metrics["baselines"] = {"majority_class": {"accuracy": 0.9, "log_loss": majority}}
    metrics |= {"accuracy": network[0], "log_loss": network[1]}
    findings = examine_scores(metrics, training)
    assert [finding.name for finding in findings] == (["no better than the majority class"] if advice else [])
    assert all(advice and finding.advice.startswith(advice) for finding in findings)


@pytest.mark.parametrize(("newly_right", "log_loss", "is_found"), [(0, 0.3, True), (2, 0.3, False), (0, 0.5, False)])
def test_a_network_that_recognizes_one_class_alone(
    prepared: Any, newly_right: int, log_loss: float, is_found: bool
) -> None:
    """Its probabilities may tell more than the shares of the classes, its answers do not."""
    metrics = _metrics(0.01, 0.1, 0.01, 0.05, 1.0)
    against = metrics["comparisons"]["majority_class"]
    against |= {"difference_low": -0.02, "newly_right": newly_right, "newly_wrong": 0, "mcnemar_p": 0.5}
    metrics["baselines"] = {"majority_class": {"accuracy": 0.9, "log_loss": 0.38}}
    metrics |= {"accuracy": 0.9, "balanced_accuracy": 0.5, "log_loss": log_loss}
    findings = examine_scores(metrics, _train(prepared, "wine", {}))
    found = [finding for finding in findings if finding.name == "one class alone is recognized"]
    assert bool(found) == is_found
    weights = (Change("training.class_weights", "balanced"),)
    assert all(finding.changes == weights and finding.advice.startswith("class weights") for finding in found)


def test_a_network_that_finds_few_rows_of_a_rare_class(prepared: Any) -> None:
    """Three of 46, where McNemar's test tells it from the majority class by nothing: no batch size is advised."""
    metrics = _metrics(0.01, 0.1, 0.01, 0.05, 1.0)
    against = metrics["comparisons"]["majority_class"]
    against |= {"difference_low": -0.01, "newly_right": 3, "newly_wrong": 2, "mcnemar_p": 1.0}
    metrics["baselines"] = {"majority_class": {"accuracy": 0.9233, "log_loss": 0.27}}
    metrics |= {"accuracy": 0.925, "balanced_accuracy": 0.53, "log_loss": 0.2, "examples": 600}
    training = _train(prepared, "wine", {})
    (finding,) = examine_scores(metrics, training)
    assert finding.name == "no better than the majority class"
    assert "of the 46 rows of other classes 3 are found" in finding.evidence
    improvements = next_improvements([finding], errors_of(), training)
    assert improvements[0] == finding
    of_two = replace(training, random_baseline=math.log(2))
    (finding,) = [each for each in examine_scores(metrics, of_two) if "majority" in each.name]
    assert finding.changes == (Change("evaluation.threshold", "f1"),)
    assert "training.class_weights=balanced" in finding.advice
    assert examine_scores(metrics, replace(of_two, setup=replace(training.setup, decides=True))) == []
    against |= {"newly_right": 30, "mcnemar_p": 1e-4}
    assert examine_scores(metrics, training) == []


@pytest.mark.parametrize("data", ["digits", "diabetes"])
def test_dropout_that_silences_nearly_all_units_comes_first(prepared: Any, data: str) -> None:
    """Dead units, a high loss and a restless one are what it leads to."""
    found = diagnose(_train(prepared, data, {"model.hidden_sizes": [32], "model.dropout": 0.9}))
    assert found[0].name == "dropout too strong"
    assert found[0].changes == (Change("model.dropout", 0.7),)


def test_the_rate_comes_before_clipping_where_updates_are_as_long_for_any_gradient(prepared: Any) -> None:
    """Adam divides a gradient by its size: clipping took 0.904 to 1.589 here, a tenth of the rate to 0.562."""
    training = _train(prepared, "diabetes", {"optimizer.learning_rate": 1.0, "schedule": "constant", "seed": 1})
    found = diagnose(training)
    assert found[0].changes == (Change("optimizer.learning_rate", 0.1),)
    assert not any(change.setting == "training.max_gradient_norm" for each in found for change in each.changes)
    plain = replace(training, setup=replace(training.setup, optimizer="sgd"))
    assert any(change.setting == "training.max_gradient_norm" for each in diagnose(plain) for change in each.changes)


def test_there_are_always_three_next_improvements(prepared: Any) -> None:
    """Findings first, by severity; then what the errors suggest; then what any training lacks; none twice."""
    healthy = _train(prepared, "wine", {})
    group: ErrorGroup = {
        "true": "a", "predicted": "b", "count": 4, "hypothesis": Hypothesis.OVERCONFIDENT, "evidence": "4 of 4 …",
    }  # fmt: skip
    alone = next_improvements([], errors_of(), healthy)
    assert [each.name for each in alone] == ["luck unknown", "learning rate untested", "size untested"]
    assert [override(each.changes[-1]) for each in alone] == [
        "seed=range(5)", "optimizer.learning_rate=0.0033,0.01,0.03", "model.hidden_sizes=[8],[16],[32]"
    ]  # fmt: skip
    with_errors = next_improvements([], errors_of(group), healthy)
    assert [each.name for each in with_errors][:2] == ["errors: overconfident", "luck unknown"]
    assert "4 rows, a taken for b" in with_errors[0].evidence
    ill = _train(prepared, "digits", {"optimizer.learning_rate": 0.3})
    findings = diagnose(ill) + examine_scores(_metrics(-0.02, 0.1, 0.12, 0.05, 2.0), ill)
    chosen = [each.name for each in next_improvements(findings, errors_of(group), ill)]
    assert chosen == ["learning rate too high", "split too small to tell", "miscalibrated"]
