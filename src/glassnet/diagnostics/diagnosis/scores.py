"""Issues that the test scores show: a split too small to tell, a network that is no gain, false confidence."""

from glassnet.diagnostics.diagnosis.finding import AnyOf, Change, Finding, rounded
from glassnet.diagnostics.diagnosis.fitting import (
    NOTHING,
    average_lags,
    hindrance,
    is_small,
    larger,
    larger_if_anything,
    no_better_than_random,
    overfitting,
    simpler,
    size_suffices,
    stronger_penalty,
)
from glassnet.diagnostics.diagnosis.training import Training
from glassnet.evaluation import Metrics
from glassnet.evaluation.ahead import SIGNIFICANT

LINEAR = ("softmax_regression", "linear_regression")
MAJORITY = 0.75  # of the rows: with fewer in the largest class, the others are no rare ones


def examine_scores(metrics: Metrics, training: Training) -> list[Finding]:
    """Return what the scores of the test split show, the most severe first.

    Args:
        metrics: the content of metrics.json, ungrouped.
        training: what they came from.
    """
    checks = (_too_small, _no_gain, _finds_few, _worse, _miscalibrated)
    findings = [finding for check in checks if (finding := check(metrics, training)) is not None]
    return sorted(findings, key=lambda finding: -finding.severity)


def _too_small(metrics: Metrics, t: Training) -> Finding | None:
    """The test split does not tell whether the network or the linear baseline is better."""
    name, better, difference = _against_linear(metrics)
    if better or not name or t.setup.decides:
        return None
    folds, sizes = t.setup.folds or 5, t.setup.hidden_sizes
    both = Change("model.hidden_sizes", AnyOf([sizes, ()])) if sizes else Change("model", AnyOf(["mlp", "softmax"]))
    return Finding(
        "split too small to tell",
        0.35,
        f"{difference}, which chance alone may bring about",
        f"compare with {name} on the validation scores of {folds} folds, which together are all rows not for testing",
        (both, Change("data.folds", folds), Change("data.fold", AnyOf(range(folds)))),
    )


def _no_gain(metrics: Metrics, t: Training) -> Finding | None:
    """The network tells no more than the classes' fractions, far below the random baseline, ln C, with rare classes.

    It is neither right clearly more often than the majority class, nor are its probabilities better on average than the
    fractions themselves. A cause that the training shows is named for itself.
    """
    against = metrics["comparisons"].get(
        "majority_class"
    )  # a regression has none: there the mean is the random baseline
    if against is None or against["difference_low"] > 0 or no_better_than_random(t) or hindrance(t) or average_lags(t):
        return None
    majority = metrics["baselines"]["majority_class"]
    if metrics["log_loss"] < majority["log_loss"]:
        return None
    fitted = t.loss(float(t.train.min()))
    has_learnt = fitted <= NOTHING * majority["log_loss"]
    advice, changes = simpler(t) if has_learnt else larger_if_anything(t)
    return Finding(
        "no better than the majority class",
        0.85,
        f"on {metrics['examples']} test rows the network has an accuracy of {metrics['accuracy']:.4g} and a log-loss "
        f"of {metrics['log_loss']:.4g}, the majority class with the classes' fractions for probabilities "
        f"{majority['accuracy']:.4g} and {majority['log_loss']:.4g}; the training loss came to {fitted:.4g}",
        advice,
        changes,
    )


def _finds_few(metrics: Metrics, t: Training) -> Finding | None:
    """The answers are no better than the majority class's, though the probabilities tell more: rare rows are missed.

    That is a question of the threshold, at which a row is called one of a rare class, and no fault of the batches: more
    updates with rare rows in them (smaller ones) have made it worse. Class weights lower the threshold too, but on most
    of six generated tables the network that learnt with them had the lower F1 at its best threshold.
    """
    against = metrics["comparisons"].get("majority_class")
    if against is None or t.setup.decides or metrics["accuracy"] == 1 or hindrance(t) or average_lags(t):
        return None
    majority = metrics["baselines"]["majority_class"]
    others = round(metrics["examples"] * (1 - majority["accuracy"]))
    if against["mcnemar_p"] < SIGNIFICANT or metrics["log_loss"] >= majority["log_loss"] or not others:
        return None
    found = against["newly_right"]
    if found and (majority["accuracy"] < MAJORITY or found > others / 2):
        return None
    probabilities = f"its log-loss of {metrics['log_loss']:.4g} against {majority['log_loss']:.4g} says that its "
    evidence = (
        f"on {metrics['examples']} test rows an accuracy of {metrics['accuracy']:.4g} against "
        f"{majority['accuracy']:.4g} of the majority class (McNemar p {against['mcnemar_p']:.2g}), a balanced one of "
        f"{metrics['balanced_accuracy']:.4g}; of the {others} rows of other classes {found} are found, though "
        f"{probabilities}probabilities tell more"
    )
    if t.classes == 2:
        advice = (
            "call a row one of the rare class from a lower probability on: where F1 is highest on the validation rows, "
            "or by what a missed row and a false alarm cost (evaluation.threshold); besides, "
            "training.class_weights=balanced, if average precision gains by it"
        )
        changes: tuple[Change, ...] = (Change("evaluation.threshold", "f1"),)
    else:
        advice = "class weights: an error on a rare class counts for more, in training and in the decision"
        changes = (Change("training.class_weights", "balanced"),)
    name = "no better than the majority class" if found else "one class alone is recognized"
    return Finding(name, 0.75, evidence, advice, changes)


def _worse(metrics: Metrics, t: Training) -> Finding | None:
    """The linear baseline is better, beyond what chance explains."""
    name, better, difference = _against_linear(metrics)
    if better != "baseline" or t.setup.decides:
        return None
    evidence = f"{difference}: {name} is better"
    at_best = t.best_epoch - 1
    fits_better = bool(t.train[at_best] < 0.9 * t.validation[at_best])
    is_of_sigmoids = t.setup.activation == "sigmoid" and len(t.setup.hidden_sizes or ()) > 1
    if cause := hindrance(t) or (None if is_of_sigmoids else overfitting(t)):
        evidence += f"; {cause.evidence}"
        advice, changes = cause.advice, cause.changes
    elif is_of_sigmoids:
        # A penalty brings the small gradients behind several sigmoids to nothing.
        advice = "an activation whose slope does not shrink the gradient"
        changes = (Change("model.activation", "relu"),)
    elif is_small(t) and t.has_hidden_layers:
        advice, changes = "a larger network, since the narrowest layer has few units", larger(t)
    elif fits_better or size_suffices(t):
        advice = "a strong penalty on the weights, which brings the network nearer to a linear model"
        changes = (stronger_penalty(t, factor=3.0, least=0.03),)
    else:
        advice = "a larger network, since this one does not fit the training rows"
        changes = larger(t)
    return Finding("worse than the linear baseline", 0.8, evidence, advice, changes)


def _against_linear(metrics: Metrics) -> tuple[str, str, str]:
    """Return the linear baseline's name, who is better beyond chance, and the difference in words; "" without one.

    Of two classifiers McNemar's exact test tells, of two regressions the sign-flip test.
    """
    name = next((name for name in metrics["comparisons"] if name in LINEAR), None)
    if name is None:  # `evaluation.baselines` does not ask for it
        return "", "", ""
    scores = metrics["comparisons"][name]
    difference, interval = scores["difference"], "too few rows for an interval"
    if "difference_low" in scores:
        interval = f"95% interval {scores['difference_low']:+.4g} to {scores['difference_high']:+.4g}"
    title = name.replace("_", " ")
    if "accuracy" in metrics:
        what, favours, test, p = "accuracy", difference > 0, "exact McNemar", scores["mcnemar_p"]
    else:
        what, favours, test, p = "mean absolute error", difference < 0, "sign-flip test", scores["sign_flip_p"]
    words = (
        f"on {metrics['examples']} test rows the difference in {what} to {title} is {difference:+.4g} "
        f"({interval}, {test} p {p:.2g})"
    )
    return title, ("network" if favours else "baseline") if p < SIGNIFICANT else "", words


def _miscalibrated(metrics: Metrics, t: Training) -> Finding | None:
    """The calibration error is larger than so many examples explain."""
    if "calibration" not in metrics:
        return None
    calibration = metrics["calibration"]
    error, by_chance, temperature = calibration["error"], calibration["error_by_chance"], calibration.get("temperature")
    if error <= max(0.02, by_chance):
        return None
    smoothing = t.setup.label_smoothing
    if calibration["confidence"] > calibration["accuracy"]:
        kind, advice = "too sure of itself", "label smoothing"
        change = Change("training.label_smoothing", rounded(smoothing + 0.05, 6))
    elif smoothing:
        kind, advice = "not sure enough", "less label smoothing"
        change = Change("training.label_smoothing", rounded(smoothing / 2, 6))
    else:
        kind, advice, change = "not sure enough", "train for longer", Change("training.epochs", 2 * t.epochs)
    mended = (
        f"; a temperature of {temperature:.3g} fitted on the validation split brings the test log-loss from "
        f"{calibration['log_loss']:.4g} to {calibration['log_loss_after']:.4g}"
        if temperature is not None
        else ""
    )
    return Finding(
        "miscalibrated",
        # Smoothing hardly ever lowers the loss, and a temperature mends this without a training.
        min(0.3, 0.1 + error),
        f"confidence and accuracy differ by {error:.3f} on average, more than the {by_chance:.3f} that chance explains "
        f"on {metrics['examples']} rows; the network is {kind} (mean confidence {calibration['confidence']:.3f}, "
        f"accuracy {calibration['accuracy']:.3f}){mended}",
        advice,
        (change,),
    )
