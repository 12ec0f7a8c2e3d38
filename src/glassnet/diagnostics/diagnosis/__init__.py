"""The diagnosis: what is wrong with a training, told from its curves and its telemetry, and the one change to try."""

from collections.abc import Callable

from glassnet.diagnostics.diagnosis import fitting, learning_rate, signals, weights
from glassnet.diagnostics.diagnosis.evidence import Finding, Training
from glassnet.diagnostics.diagnosis.improvements import next_improvements
from glassnet.diagnostics.diagnosis.scores import examine_scores

CHECKS: tuple[Callable[[Training], Finding | None], ...] = (
    learning_rate.rate_too_high,
    learning_rate.rate_too_low,
    learning_rate.noisy,
    weights.zero_start,
    weights.penalty_too_strong,
    fitting.overfitting,
    fitting.underfitting,
    fitting.no_better_than_random,
    fitting.average_lags,
    fitting.stopped_too_early,
    fitting.stopped_too_late,
    signals.exploding,
    signals.vanishing,
    signals.dead,
    signals.saturated,
)


def diagnose(training: Training) -> list[Finding]:
    """Return what is wrong, the most severe first; nothing for a healthy training."""
    findings = [finding for check in CHECKS if (finding := check(training)) is not None]
    return sorted(findings, key=lambda finding: -finding.severity)


__all__ = ["CHECKS", "Finding", "Training", "diagnose", "examine_scores", "next_improvements"]
