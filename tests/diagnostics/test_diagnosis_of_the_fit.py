"""The diagnosis tells a network too small from overlapping classes and from labels without sense; its advice ends."""

import math
import shlex
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import yaml
from omegaconf import OmegaConf
from sklearn.datasets import make_classification, make_gaussian_quantiles, make_moons, make_regression

from glassnet.config import Settings, parse_settings, training_plan
from glassnet.data import ArrayDataset
from glassnet.diagnostics import Finding, Telemetry, Training, diagnose, examine_scores, next_improvements
from glassnet.evaluation import Comparison, ErrorAnalysis, ErrorGroup, Hypothesis, Metrics
from glassnet.reporting import Launch, command_line, override, setup_of
from glassnet.training import train_network
from tests.settings import PROJECT, composed_with

pytestmark = pytest.mark.filterwarnings("ignore:fit. for ")  # some trainings are lost, or learn nothing

CONF = PROJECT / "conf"
NO_ERRORS: ErrorAnalysis = {"errors": 0, "analysed": 0, "groups": [], "cases": [], "least_certain": []}


def _errors(hypothesis: Hypothesis) -> ErrorAnalysis:
    """Return an error analysis of one group."""
    group: ErrorGroup = {
        "true": "a", "predicted": "b", "count": 9, "hypothesis": hypothesis, "evidence": "9 of 9 …",
    }  # fmt: skip
    return {**NO_ERRORS, "errors": 9, "analysed": 9, "groups": [group]}


NEAR_THE_BOUNDARY = _errors(Hypothesis.NEAR_THE_BOUNDARY)
Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def _overlapping() -> Arrays:
    """Two normal classes less than a standard deviation apart: nothing beats a straight line between them."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1500)
    return rng.normal(size=(1500, 2)) + 0.8 * y[:, np.newaxis], y


def _random_labels() -> Arrays:
    rng = np.random.default_rng(3)
    return rng.normal(size=(400, 4)), rng.integers(0, 3, 400)


def _circles() -> Arrays:
    """A ring around another: no line tells them apart better than chance."""
    rng = np.random.default_rng(0)
    y, angle = rng.integers(0, 2, 800), rng.uniform(0, 2 * math.pi, 800)
    radius = np.where(y == 1, 1.0, 0.5) + 0.08 * rng.normal(size=800)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), y


def _friedman() -> Arrays:
    """Friedman's first benchmark: five features of ten make the target."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(800, 10))
    y = 10 * np.sin(math.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    return X, y + 0.5 * rng.normal(size=800)


def _clusters() -> Arrays:
    X, y = make_classification(1500, 20, n_informative=8, n_classes=4, random_state=0)
    return X, y


def _shells() -> Arrays:
    """Four classes by the distance from the centre, in five dimensions: a boundary that takes its time to learn."""
    X, y = make_gaussian_quantiles(n_samples=1500, n_features=5, n_classes=4, random_state=0)
    return X, y


def _twenty_classes() -> Arrays:
    rng = np.random.default_rng(4)
    y = np.arange(1500) % 20
    return 1.5 * rng.standard_normal((20, 12))[y] + rng.standard_normal((1500, 12)), y


def _noisy_targets() -> Arrays:
    """A few rows with a target that is a third noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(350, 10))
    return X, X @ rng.normal(size=10) + 2.0 * rng.normal(size=350)


def _unequal_classes() -> Any:
    """Seven clouds, of which two hold 85% of the rows and the rarest 0.5%."""
    rng = np.random.default_rng(0)
    y = rng.choice(7, 4000, p=[0.365, 0.485, 0.06, 0.005, 0.015, 0.03, 0.04])
    return rng.standard_normal((4000, 20)) + 0.8 * rng.standard_normal((7, 20))[y], y


def _skewed_targets() -> Arrays:
    """Log-normal targets: the validation rows have some that lie far beyond all training rows."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((800, 5))
    return X, np.exp(2 * X[:, 0] + 0.3 * rng.standard_normal(800))


def _moons() -> Arrays:
    """Two crescents with so much noise that they overlap."""
    X, y = make_moons(1000, noise=0.4, random_state=4)
    return X, y


def _few_rows() -> Arrays:
    """Thirty rows to learn from, two classes and twenty features."""
    X, y = make_classification(50, 20, n_informative=6, class_sep=2.0, flip_y=0.01, random_state=0)
    return X, y


def _linear() -> Arrays:
    """A target that a line explains all but wholly."""
    X, y = make_regression(500, 10, n_informative=6, noise=5.0, random_state=1)
    return X, y


DATA = {
    "moons": _moons,
    "few rows": _few_rows,
    "linear": _linear,
    "overlapping": _overlapping,
    "random labels": _random_labels,
    "circles": _circles,
    "friedman": _friedman,
    "clusters": _clusters,
    "shells": _shells,
    "noisy targets": _noisy_targets,
    "twenty classes": _twenty_classes,
    "unequal classes": _unequal_classes,
    "skewed targets": _skewed_targets,
}


def _compose(overrides: list[str]) -> Settings:
    """Return the settings that conf/ gives with these overrides."""
    return parse_settings(OmegaConf.to_container(composed_with(*overrides, conf=CONF), resolve=True), "test")


@cache  # several tests look at the same training
def _train(data: str, *overrides: str, scale: float = 1.0) -> Training:
    """Train on three fifths of the rows, standardized and then multiplied by `scale`; the rest validates."""
    X, y = DATA[data]()
    rows = 3 * len(X) // 5
    X = ((X - X[:rows].mean(axis=0)) / X[:rows].std(axis=0) * scale).astype(np.float32)
    classes = None if y.dtype == np.float64 else int(y.max()) + 1
    if classes is None:
        y = ((y - y[:rows].mean()) / y[:rows].std()).astype(np.float32)[:, np.newaxis]
    settings = _compose(list(overrides))
    telemetry = Telemetry(50)
    train, validation = ArrayDataset(X[:rows], y[:rows]), ArrayDataset(X[rows:], y[rows:])
    trained = train_network(training_plan(settings, X.shape[1], classes), train, validation, [telemetry])
    random_baseline = math.log(classes) if classes else 1.0
    return Training(
        trained.history, telemetry.rows, trained.best_epoch, random_baseline,
        setup_of(settings.describing_the_result()),
        validation_baseline=None if classes else float(np.square(y[rows:]).mean()),
        validation_majority=(len(y) - rows, int(np.bincount(y[rows:]).max())) if classes else None,
    )  # fmt: skip


def _names(training: Training) -> list[str]:
    return [finding.name for finding in diagnose(training)]


def _overrides_of(finding: Finding, *given: str) -> list[str]:
    """Return the overrides of a run that was given these, with the changes that a finding suggests."""
    words = shlex.split(command_line(Launch(given, standalone=True), finding.changes))
    assert words[:3] == ["python", "-m", "glassnet.stages.train"]
    return [word for word in words[3:] if word != "-m"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [16, 64])
def test_overlapping_classes_are_not_called_underfitting(size: int, seed: int) -> None:
    """Wider networks come to the same loss in the first epochs: none is advised, by the diagnosis or by the errors."""
    training = _train("overlapping", f"model.hidden_sizes=[{size}]", f"seed={seed}")
    assert training.train[-1] > 0.6
    assert _names(training) == []
    improvements = next_improvements([], NEAR_THE_BOUNDARY, training)
    assert not any("larger" in each.advice for each in improvements)


@pytest.mark.parametrize("overrides", [
    ("moons", "model.hidden_sizes=[32]", "seed=4"),
    ("noisy targets", "training.batch_size=32", "optimizer.learning_rate=0.003"),
])  # fmt: skip
def test_what_a_small_rate_or_a_large_batch_learns_late_is_no_lack_of_size(overrides: tuple[str, ...]) -> None:
    """It still gains after a third of the epochs, and stops once it has learnt what there is."""
    assert "underfitting" not in _names(_train(*overrides))


def test_few_rows_learnt_by_heart_are_overfitting_though_the_loss_is_the_random_baseline() -> None:
    """The network is right far more often than the majority class, and too sure of what it gets wrong."""
    training = _train("few rows", "model.hidden_sizes=[256,256]", "training.patience=null")
    assert training.beats_majority
    assert _names(training)[0] == "overfitting"
    assert not replace(training, validation_majority=None).beats_majority
    assert not replace(training, validation_majority=(20, 19)).beats_majority


def test_a_gradient_that_is_long_at_first_has_not_exploded() -> None:
    """While the loss is high; of a fit that becomes all but perfect the usual gradient is next to nothing."""
    training = _train("linear", "model.hidden_sizes=[128,128,128]", "optimizer.learning_rate=0.001", "seed=1")
    assert "exploding gradients" not in _names(training)


def test_gradients_that_explode_though_they_are_clipped_need_smaller_steps() -> None:
    """The same bound once more would be the same training."""
    deep = ("model.hidden_sizes=[64,64,64,64,64,64,64,64]", "model.activation=silu", "training.epochs=10")
    training = _train("clusters", *deep, "optimizer.learning_rate=0.1")
    for bound, change in ((None, "training.max_gradient_norm=1"), (1.0, "optimizer.learning_rate=0.01")):
        again = replace(training, setup=replace(training.setup, max_gradient_norm=bound, optimizer="sgd"))
        found = next(finding for finding in diagnose(again) if finding.name == "exploding gradients")
        assert override(found.changes[-1]) == change


def test_units_dead_from_the_start_are_not_a_small_rate() -> None:
    """No rate moves what has no gradient."""
    training = _train("clusters", "optimizer.learning_rate=1e-5")
    assert _names(training)[0] == "learning rate too low"
    dead = {"dead_share": 0.95, "dead_units": 15.0}
    rows = [row._replace(value=dead.get(row.statistic, row.value)) for row in training.telemetry]
    names = _names(replace(training, telemetry=rows))
    assert "dead units" in names
    assert "learning rate too low" not in names


def test_a_training_that_cannot_be_looked_at_is_refused() -> None:
    """In one line that says what it wants."""
    training = _train("circles", "training.epochs=2")
    with pytest.raises(ValueError, match="expected a history of one epoch or more, received none"):
        replace(training, history=[])
    with pytest.raises(ValueError, match=r"sections model, optimizer and training, .* none called model or opt"):
        setup_of({"training": {}})


@pytest.mark.parametrize("start", ["model=softmax", "model.hidden_sizes=[2]"])
def test_advice_to_grow_comes_to_an_end_where_growing_brings_nothing(start: str) -> None:
    """The first run is too small to tell; the run that follows its advice is not told to grow once more."""
    first = _train("overlapping", start)
    (finding,) = diagnose(first)
    assert finding.name == "underfitting"
    assert _names(_train("overlapping", *_overrides_of(finding, start))) == []


@pytest.mark.parametrize("overrides", [("model=softmax",), ("model.hidden_sizes=[]",), ("model.hidden_sizes=[1]",)])
def test_a_network_too_small_to_beat_the_random_baseline_is_underfitting(overrides: tuple[str, ...]) -> None:
    """No line parts two rings, whatever the start: the loss stays near ln 2, and a larger network is the remedy."""
    training = _train("circles", *overrides)
    assert training.train.min() > 0.8
    (finding,) = diagnose(training)
    assert finding.name == "underfitting"
    larger = _train("circles", *_overrides_of(finding, *overrides))
    assert larger.validation.min() < 0.1


@pytest.mark.parametrize("penalty", [1.0, 10.0])
def test_a_penalty_too_strong_is_named_where_classes_are_rare(penalty: float) -> None:
    """The majority's share alone takes the loss far below ln 7, and a tenth of the penalty takes it further."""
    overrides = "training.epochs=20", "training.batch_size=64"
    strong = f"training.l2={penalty:g}"
    training = _train("unequal classes", *overrides, strong)
    assert training.train[-1] < 0.7
    finding = diagnose(training)[0] if penalty == 1 else next(f for f in diagnose(training) if "penalty" in f.name)
    assert finding.name == "penalty too strong"
    weaker = _train("unequal classes", *_overrides_of(finding, *overrides, strong))
    assert weaker.validation.min() < 0.95 * training.validation.min()
    assert "penalty too strong" not in _names(_train("unequal classes", *overrides, "training.l2=0.01"))


@pytest.mark.parametrize("seed", range(3))
def test_labels_without_sense_are_told_from_a_network_too_small(seed: int) -> None:
    """The validation loss never comes below the random baseline while the training loss falls."""
    training = _train("random labels", f"seed={seed}")
    (finding,) = diagnose(training)
    assert finding.name == "no better than chance"
    assert f"({math.log(3):.4g})" in finding.evidence
    assert _overrides_of(finding)[-1] == "model=softmax"


def test_the_random_baseline_is_that_of_the_validation_rows() -> None:
    """Their targets vary more than those of the training rows: a loss above the variance of these may be a good one."""
    training = _train("skewed targets")
    assert training.validation_baseline is not None
    assert 1 < 1.5 * training.validation.min() < training.validation_baseline
    assert "no better than chance" not in _names(training)
    unknown = replace(training, validation_baseline=None)
    assert "no better than chance" in _names(unknown)


@pytest.mark.parametrize("epochs", [6, 8, 10, 20])
def test_a_training_that_ends_early_is_told_so_though_its_schedule_has_ended(epochs: int) -> None:
    """The cosine takes the rate to zero and flattens the last epochs, however few; twice as many gain a lot."""
    training = _train("shells", f"training.epochs={epochs}")
    (finding,) = diagnose(training)
    assert finding.name == "stopped too early"
    longer = _train("shells", *_overrides_of(finding, f"training.epochs={epochs}"))
    assert longer.validation[-1] < 0.9 * training.validation[-1]


def test_a_small_rate_that_is_still_learning_needs_time_before_size() -> None:
    """The loss is far from learnt and still falls at the end: a network of this size learns it at a usual rate."""
    training = _train("shells", "optimizer=sgd", "optimizer.learning_rate=0.02")
    assert _names(training) == ["stopped too early"]
    assert _names(_train("shells")) == []


@pytest.mark.parametrize("data", ["clusters", "overlapping", "friedman"])
@pytest.mark.parametrize("rate", ["optimizer.learning_rate=1e-5", "optimizer.learning_rate=1e-4"])
def test_a_tiny_rate_of_a_model_that_starts_at_zero_is_too_low(data: str, rate: str) -> None:
    """Against weights of nearly 0 each update is large, but the loss has only begun to fall: size is not the matter."""
    finding = diagnose(_train(data, "model=softmax", rate))[0]
    assert finding.name == "learning rate too low"
    assert "as fast in the second half" in finding.evidence
    assert "learning rate too low" not in _names(_train(data, "model=softmax"))


def test_a_network_that_dropout_keeps_from_fitting_needs_less_of_it() -> None:
    """Following the advice ends where the network fits, at the size that it had."""
    overrides = ["model.dropout=0.5"]
    for dropout in ("0.3", "0.1"):
        (finding,) = diagnose(_train("shells", *overrides))
        assert finding.name == "underfitting"
        assert "dropout silences" in finding.evidence
        overrides = _overrides_of(finding, *overrides)
        assert overrides == [f"model.dropout={dropout}"]
    assert not any("dropout" in finding.advice for finding in diagnose(_train("shells", "model.dropout=0.1")))


@pytest.mark.parametrize("data", ["shells", "friedman"])
def test_averaged_weights_that_are_still_the_initial_ones_are_named(data: str) -> None:
    """The weights themselves have learnt: neither is it overfitting, nor is the network no better than chance."""
    training = _train(data, "training.average_decay=0.9999")
    assert training.validation[-1] > 1
    (finding,) = diagnose(training)
    assert finding.name == "average behind"
    overrides = _overrides_of(finding, "training.average_decay=0.9999")
    assert overrides == ["training.average_decay=0.999"]
    again = _train(data, *overrides)
    assert again.validation[-1] < 0.7 * training.validation[-1]


def test_a_wide_gap_after_a_small_rise_is_overfitting() -> None:
    """The training loss halves after the best epoch; the validation loss rises by less than 0.1 of the baseline."""
    training = _train("clusters")
    assert training.validation[-1] - training.validation.min() < 0.1
    assert _names(training)[0] == "overfitting"
    improvements = next_improvements(diagnose(training), NEAR_THE_BOUNDARY, training)
    assert not any("larger" in each.advice for each in improvements)


def test_a_first_epoch_above_the_random_baseline_is_no_sign_of_a_large_rate() -> None:
    """The squared error of an untrained network is several times that of the mean; the training is a good one."""
    training = _train("friedman", "model.hidden_sizes=[256,256]", "training.epochs=25")
    assert training.train[0] > 2 > 0.1 > training.validation.min()
    assert "learning rate too high" not in _names(training)


def test_overfitting_of_a_regression_is_named_first() -> None:
    """A large network learns noisy targets by heart; its first epoch was above the baseline, as for any of its size."""
    training = _train("noisy targets", "model.hidden_sizes=[256,256]")
    assert training.train[0] > 2
    assert _names(training)[0] == "overfitting"


def test_overfitting_and_underfitting_exclude_each_other() -> None:
    """Steps far too large for batches of two: the rate is at fault, and no size is called too small beside it."""
    training = _train(
        "clusters",
        "training.batch_size=2",
        "optimizer.learning_rate=0.05",
        "schedule=constant",
        "training.patience=null",
    )
    names = _names(training)
    assert names[0] == "learning rate too high"
    assert "underfitting" not in names


def test_a_rise_of_the_loss_is_claimed_only_where_it_rose() -> None:
    """What is said to have happened in epochs happened: no rate is blamed with rises in 0% of them."""
    for overrides in (["model=softmax"], ["model.hidden_sizes=[]"], ["optimizer.learning_rate=1.0"]):
        for finding in diagnose(_train("circles", *overrides)):
            assert "0% of the epochs" not in finding.evidence


def test_the_floor_of_a_smoothed_training_is_the_loss_of_what_it_is_taught() -> None:
    """Three classes and ε = 0.3: 0.8 for the true one; shares and losses go back and forth; no floor without."""
    plain = _train("random labels", "training.epochs=1")
    smoothed = _train("random labels", "training.epochs=1", "training.label_smoothing=0.3")
    assert plain.floor == 0
    assert smoothed.floor == pytest.approx(-math.log(0.8))
    assert smoothed.loss(1.0) == pytest.approx(math.log(3))
    assert smoothed.loss(float(smoothed.train[0])) == pytest.approx(smoothed.history[0]["train_loss"])
    regression = _train("friedman", "training.epochs=1", "training.label_smoothing=0.3")
    assert regression.floor == 0


def _metrics_of_a_loser() -> Metrics:
    scores: Comparison = {"difference": -0.2, "difference_low": -0.3, "difference_high": -0.1, "mcnemar_p": 1e-4}
    return {"accuracy": 0.7, "examples": 100, "comparisons": {"softmax_regression": scores}}


@pytest.mark.parametrize(
    ("overrides", "change"),
    [
        (["model.hidden_sizes=[16,16,16]", "model.activation=sigmoid", "model.init=xavier_normal"], "activation=relu"),
        (["model.hidden_sizes=[8]"], "hidden_sizes=[16]"),
    ],
)
def test_a_loser_is_given_no_penalty_where_gradients_or_size_are_the_cause(overrides: list[str], change: str) -> None:
    """A penalty took a network of three sigmoid layers from 92.5% of the digits to 10%."""
    (finding,) = examine_scores(_metrics_of_a_loser(), _train("clusters", *overrides))
    assert override(finding.changes[-1]) == f"model.{change}"


def test_inputs_that_are_too_large_saturate_from_the_start_and_no_rate_helps() -> None:
    """Their gradient is next to nothing, and so are the updates."""
    training = _train("shells", "model.activation=tanh", "model.init=xavier_normal", scale=60.0)
    assert training.starts_saturated
    assert _names(training)[0] == "saturated units"
    assert "learning rate too low" not in _names(training)


def test_two_units_for_twenty_classes_are_too_few_however_long_the_training() -> None:
    """The loss still creeps down at the end: a layer of two units has no room for so many classes."""
    (finding,) = diagnose(_train("twenty classes", "model.hidden_sizes=[2]"))
    assert finding.name == "underfitting"
    assert "2 units for 20 classes" in finding.evidence
    assert override(finding.changes[-1]) == "model.hidden_sizes=[16]"


def test_a_validation_loss_that_turns_on_its_own_curve_is_overfitting() -> None:
    """As with wrong labels, which keep both losses high, and the gap between them narrow."""
    falling, rising = np.linspace(1.8, 1.2, 25), np.concatenate([np.linspace(1.5, 1.2, 5), np.linspace(1.21, 1.4, 20)])
    training = replace(_train("clusters", "training.epochs=1"), random_baseline=math.log(12))
    rows = [
        {**training.history[0], "train_loss": float(t), "validation_loss": float(v)}
        for t, v in zip(falling, rising, strict=True)
    ]
    found = diagnose(replace(training, history=rows, telemetry=[], best_epoch=5))
    assert [finding.name for finding in found] == ["overfitting"]
    assert "lowest in epoch 5" in found[0].evidence


@pytest.mark.parametrize(
    ("overrides", "setting"),
    [
        (["training.epochs=1"], "training.epochs=10"),
        (["optimizer.learning_rate=1e-5"], "optimizer.learning_rate=0.0001"),
        (["model.init=zeros"], "model.init=he_normal"),
        (["training.average_decay=0.9999", "training.patience=null"], "training.average_decay=0.999"),
    ],
)
def test_a_network_that_loses_is_mended_before_it_grows(overrides: list[str], setting: str) -> None:
    """After one epoch, at a tiny rate, from zeros: what keeps it from fitting comes first; growing is not advised."""
    training = _train("clusters", *overrides)
    findings = diagnose(training) + examine_scores(_metrics_of_a_loser(), training)
    improvements = next_improvements(findings, _errors(Hypothesis.BOUNDARY_MISPLACED), training)
    assert _overrides_of(improvements[0], *overrides)[-1] == setting
    assert not any("larger" in each.advice for each in improvements)


def test_a_larger_softmax_regression_is_an_mlp() -> None:
    """Softmax regression starts at zero, where hidden layers cannot learn: the rule of initialization changes too."""
    training = _train("clusters", "model=softmax")
    hypotheses = Hypothesis.NEAR_THE_BOUNDARY, Hypothesis.BOUNDARY_MISPLACED, Hypothesis.INSIDE_THE_OTHER_CLASS
    advised = [
        *diagnose(training),
        *examine_scores(_metrics_of_a_loser(), training),
        *(next_improvements([], _errors(hypothesis), training)[0] for hypothesis in hypotheses),
        next_improvements([], NO_ERRORS, training)[2],
    ]
    assert sum("size" in each.advice or "larger" in each.advice for each in advised) == 6
    for finding in advised:
        *kept, sizes = _overrides_of(finding, "model=softmax")
        name, _, values = sizes.partition("=")
        assert name == "model.hidden_sizes"
        largest = yaml.safe_load(f"[{values}]")[-1]
        model = _compose([*kept, f"{name}={largest}"]).model
        assert model.hidden_sizes
        assert model.init != "zeros"


def test_a_stronger_penalty_is_a_stronger_decay_where_the_optimizer_decays() -> None:
    """AdamW allows no penalty besides its decay: what is advised must be a run that starts."""
    overrides = ("optimizer=adamw", "model.dropout=0.4", "model.hidden_sizes=[128,128]", "seed=1")
    training = _train("clusters", *overrides)
    finding = next(each for each in diagnose(training) if each.name == "overfitting")
    assert _compose(_overrides_of(finding, *overrides)).optimizer.model_dump()["weight_decay"] == 0.1
