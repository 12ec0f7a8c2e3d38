"""Illnesses that the test scores show: a split too small to tell, probabilities that are not what they claim."""

from typing import Any

from glassnet.diagnostics.diagnosis.evidence import Finding, Training

Metrics = dict[str, Any]


def examine_scores(metrics: Metrics, training: Training) -> list[Finding]:
    """Return what the scores of the test split (the content of metrics.json) show, the most severe first."""
    findings = [finding for check in (_too_small, _miscalibrated) if (finding := check(metrics, training)) is not None]
    return sorted(findings, key=lambda finding: -finding.severity)


def _too_small(metrics: Metrics, t: Training) -> Finding | None:
    """The interval of the difference to the linear baseline holds 0: the split does not tell which is better."""
    name, compared = next((name, scores) for name, scores in metrics["comparisons"].items() if name in LINEAR)
    low, high = compared["difference_low"], compared["difference_high"]
    if not low <= 0 <= high:
        return None
    what = "accuracy" if "accuracy" in metrics else "mean absolute error"
    folds = t.settings["data"]["folds"] or 5
    return Finding(
        "split too small to tell",
        0.35,
        f"on {metrics['examples']} test rows the difference in {what} to {name.replace('_', ' ')} is "
        f"{compared['difference']:+.4g} (95% interval {low:+.4g} to {high:+.4g}), which holds 0",
        f"compare on the validation scores of {folds} folds, which together are all rows that are not for testing",
        t.sweep("model=mlp,softmax", f"data.folds={folds}", f"data.fold=range({folds})"),
    )


LINEAR = ("softmax_regression", "linear_regression")


def _miscalibrated(metrics: Metrics, t: Training) -> Finding | None:
    """The calibration error is larger than so many examples explain."""
    if "calibration" not in metrics:
        return None
    calibration = metrics["calibration"]
    error, by_chance, temperature = (calibration[key] for key in ("error", "error_by_chance", "temperature"))
    if error <= max(0.02, by_chance):
        return None
    smoothing = t.settings["training"]["label_smoothing"]
    if temperature > 1:
        kind, advice, change = "too sure of itself", "label smoothing", f"training.label_smoothing={smoothing + 0.05:g}"
    elif smoothing:
        kind, advice, change = "not sure enough", "less label smoothing", f"training.label_smoothing={smoothing / 2:g}"
    else:
        epochs = 2 * t.settings["training"]["epochs"]
        kind, advice, change = "not sure enough", "train for longer", f"training.epochs={epochs}"
    return Finding(
        "miscalibrated",
        min(0.6, 0.3 + error),
        f"confidence and accuracy differ by {error:.3f} on average, more than the {by_chance:.3f} that chance "
        f"explains on {metrics['examples']} rows; the network is {kind}: a temperature of {temperature:.3g} fitted on "
        f"the validation split brings the test log-loss from {calibration['log_loss']:.4g} to "
        f"{calibration['log_loss_after']:.4g}",
        advice,
        t.command(change),
    )
