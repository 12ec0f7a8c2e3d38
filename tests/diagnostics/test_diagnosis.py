"""The diagnosis names the illness of trainings that were made ill on purpose, and calls healthy ones healthy."""

import math
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from glassnet.config import parse_settings
from glassnet.diagnostics import (
    Finding,
    Telemetry,
    Training,
    diagnose,
    examine_scores,
    next_improvements,
    read_telemetry,
    write_telemetry,
)
from glassnet.sources import SOURCES
from glassnet.tables import PreparedData, prepare, read_prepared
from glassnet.training import train_network

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Prepares a data set once for each choice of settings."""

    @cache
    def by_name(name: str, *changes: tuple[str, Any]) -> PreparedData:
        values = {**_choice("data", name), **dict(changes)}
        folder = tmp_path_factory.mktemp(name)
        prepare(SOURCES[name](values), values, folder)
        return read_prepared(folder)

    return by_name


def _choice(group: str, name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "conf" / group / f"{name}.yaml").read_text()))


def _train(prepared: Any, data: str, changes: dict[str, Any]) -> Training:
    """Train on a data set with changes of the default settings: groups ("schedule"), keys ("data.noise"), the seed."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["data"] = _choice("data", data)
    for name, value in changes.items():
        section, _, key = name.partition(".")
        if key:
            values[section][key] = value
        else:
            values[section] = value if section == "seed" else _choice(section, value)
    rows = prepared(data, *((name[5:], value) for name, value in changes.items() if name.startswith("data.")))
    settings = parse_settings(values, "test").describing_the_result()
    telemetry = Telemetry(values["training"]["telemetry_every"])
    classes = len(rows.class_names) or None
    trained = train_network(settings, rows.split("train"), rows.split("validation"), classes, [telemetry])
    chance = math.log(classes) if classes else 1.0
    return Training(trained.history, telemetry.rows, trained.best_epoch, chance, settings)


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
# The last word of the command that is to mend each illness: it goes the right way, and far enough.
REMEDIES: dict[str, Callable[[Training, dict[str, Any]], str]] = {
    "learning rate too low": lambda t, s: f"optimizer.learning_rate={10 * s['optimizer']['learning_rate']:g}",
    "learning rate too high": lambda t, s: f"optimizer.learning_rate={s['optimizer']['learning_rate'] / 10:g}",
    "noisy curve": lambda t, s: f"training.batch_size={4 * s['training']['batch_size']}",
    "underfitting": lambda t, s: f"model.hidden_sizes={'[16]' if s['model']['hidden_sizes'] == [2] else '[32]'}",
    "overfitting": lambda t, s: "model.dropout=0.2",
    "vanishing gradients": lambda t, s: "model.activation=relu",
    "exploding gradients": lambda t, s: "training.max_gradient_norm=1",
    "saturated units": lambda t, s: "model.normalization=batch",
    "dead units": lambda t, s: f"optimizer.learning_rate={s['optimizer']['learning_rate'] / 10:g}",
    "stopped too early": lambda t, s: f"training.epochs={max(10, 2 * s['training']['epochs'])}",
    "stopped too late": lambda t, s: f"training.patience={max(5, min(20, t.best_epoch // 2))}",
    "initialization at zero": lambda t, s: (
        "model.init=he_normal" if s["model"]["activation"] == "relu" else "model.init=xavier_normal"
    ),
    "penalty too strong": lambda t, s: "training.l2=0.1" if s["training"]["l2"] else "optimizer.weight_decay=1",
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
]  # fmt: skip


@pytest.mark.parametrize(("data", "changes"), HEALTHY)
def test_a_healthy_training_is_called_healthy(prepared: Any, data: str, changes: dict[str, Any]) -> None:
    """Nothing is found."""
    assert diagnose(_train(prepared, data, changes)) == []


@pytest.mark.parametrize(("illness", "data", "changes"), ILL)
def test_an_illness_is_named(prepared: Any, illness: str, data: str, changes: dict[str, Any]) -> None:
    """It is among the findings, with numbers; its command changes the setting at fault to a value that is allowed."""
    changes = {"training.epochs": 10, **changes} if illness == "exploding gradients" else changes
    training = _train(prepared, data, changes)
    finding = next((finding for finding in diagnose(training) if finding.name == illness), None)
    assert finding is not None, diagnose(training)
    assert any(digit in finding.evidence for digit in "0123456789")
    assert shlex.split(finding.command)[-1] == REMEDIES[illness](training, training.settings)
    _assert_runs(finding, training)


def test_the_rate_comes_first_where_it_is_the_cause(prepared: Any) -> None:
    """A rate far too high kills units as well; what to change first is the rate."""
    training = _train(prepared, "digits", {"optimizer.learning_rate": 0.3})
    assert [finding.name for finding in diagnose(training)] == ["learning rate too high", "dead units"]
    assert diagnose(training)[0].command == "dvc exp run -S optimizer.learning_rate=0.03"


def _assert_runs(finding: Finding, training: Training) -> None:
    """The command is `dvc exp run`, and each of its changes gives valid settings."""
    words = shlex.split(finding.command)
    assert words[:3] == ["dvc", "exp", "run"]
    values: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
    values |= {key: value for key, value in training.settings.items() if key != "training"}
    values["training"] |= training.settings["training"]
    for change in words[4::2]:
        name, value = change.split("=", 1)
        section, _, key = name.partition(".")
        if key:
            assert key in values[section]
            values[section][key] = yaml.safe_load(value)
        else:
            assert (ROOT / "conf" / section / f"{value}.yaml").is_file()
    parse_settings(values, "command")


def test_a_run_is_repeated_with_its_overrides(prepared: Any) -> None:
    """What it was started with comes before the change."""
    found = _train(prepared, "digits", {"optimizer.learning_rate": 1e-5})
    by_hand = Training(
        found.history, found.telemetry, found.best_epoch, found.chance, found.settings,
        overrides=("data=digits", "optimizer.learning_rate=1e-5"), by_hand=True,
    )  # fmt: skip
    assert diagnose(by_hand)[0].command == (
        "python -m glassnet.stages.train data=digits optimizer.learning_rate=0.0001"
    )
    by_dvc = replace(by_hand, by_hand=False)
    assert diagnose(by_dvc)[0].command == "dvc exp run -S data=digits -S optimizer.learning_rate=0.0001"


def test_without_telemetry_the_curves_alone_speak(prepared: Any, tmp_path: Path) -> None:
    """What needs measurements is not looked for; and measurements survive their file."""
    training = _train(prepared, "spirals", {"model.hidden_sizes": [2]})
    write_telemetry(tmp_path / "telemetry.csv", training.telemetry)
    assert read_telemetry(tmp_path / "telemetry.csv") == training.telemetry
    bare = Training(training.history, [], training.best_epoch, training.chance, training.settings)
    assert [finding.name for finding in diagnose(bare)] == ["underfitting"]


def _metrics(low: float, high: float, error: float, by_chance: float, temperature: float) -> dict[str, Any]:
    return {
        "accuracy": 0.9,
        "examples": 100,
        "comparisons": {
            "majority_class": {
                "difference": 0.5, "difference_low": 0.4, "difference_high": 0.6, "newly_right": 50, "newly_wrong": 0,
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
        (_metrics(-0.01, 0.1, 0.12, 0.05, 0.5), ["miscalibrated", "split too small to tell"]),
    ],
)
def test_scores_are_examined(prepared: Any, metrics: dict[str, Any], expected: list[str]) -> None:
    """An interval that holds 0; a calibration error beyond what chance explains, with the remedy for its direction."""
    training = _train(prepared, "wine", {})
    findings = examine_scores(metrics, training)
    assert [finding.name for finding in findings] == expected
    for finding in findings:
        if finding.name == "miscalibrated":
            smoothing = "training.label_smoothing=0.05" in finding.command
            assert smoothing == (metrics["calibration"]["temperature"] > 1)


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
    metrics["comparisons"]["majority_class"] |= {"difference_low": -0.02, "newly_right": newly_right, "newly_wrong": 0}
    metrics["baselines"] = {"majority_class": {"accuracy": 0.9, "log_loss": 0.38}}
    metrics |= {"accuracy": 0.9, "balanced_accuracy": 0.5, "log_loss": log_loss}
    findings = examine_scores(metrics, _train(prepared, "wine", {}))
    found = [finding for finding in findings if finding.name == "one class alone is recognized"]
    assert bool(found) == is_found
    assert all(finding.command.endswith("training.batch_size=8") for finding in found)


def test_there_are_always_three_next_improvements(prepared: Any) -> None:
    """Findings first, by severity; then what the errors suggest; then what any training lacks; none twice."""
    healthy = _train(prepared, "wine", {})
    group = {"true": "a", "predicted": "b", "count": 4, "hypothesis": "overconfident", "evidence": "4 of 4 …"}
    alone = next_improvements([], {"groups": []}, healthy)
    assert [each.name for each in alone] == ["luck unknown", "learning rate untested", "size untested"]
    assert [shlex.split(each.command)[-1] for each in alone] == [
        "seed=range(5)", "optimizer.learning_rate=0.0033,0.01,0.03", "model.hidden_sizes=[8],[16],[32]"
    ]  # fmt: skip
    with_errors = next_improvements([], {"groups": [group]}, healthy)
    assert [each.name for each in with_errors][:2] == ["errors: overconfident", "luck unknown"]
    assert "4 rows, a taken for b" in with_errors[0].evidence
    ill = _train(prepared, "digits", {"optimizer.learning_rate": 0.3})
    findings = diagnose(ill) + examine_scores(_metrics(-0.02, 0.1, 0.12, 0.05, 2.0), ill)
    chosen = [each.name for each in next_improvements(findings, {"groups": [group]}, ill)]
    assert chosen == ["learning rate too high", "miscalibrated", "split too small to tell"]
