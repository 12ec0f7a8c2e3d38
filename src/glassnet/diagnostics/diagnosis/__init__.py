"""The diagnosis: what is wrong with a training, told from its curves and its telemetry, and the one change to try."""

from collections.abc import Callable, Sequence

from glassnet.diagnostics.diagnosis import fitting, learning_rate, signals, weights
from glassnet.diagnostics.diagnosis.dropout import dropout_too_strong
from glassnet.diagnostics.diagnosis.finding import AnyOf, Change, Finding
from glassnet.diagnostics.diagnosis.improvements import next_improvements
from glassnet.diagnostics.diagnosis.scores import examine_scores
from glassnet.diagnostics.diagnosis.training import Setup, Training, training_of
from glassnet.diagnostics.telemetry import Telemetry, TelemetryRow
from glassnet.training import Row

CHECKS: tuple[Callable[[Training], Finding | None], ...] = (
    learning_rate.rate_too_high,
    learning_rate.rate_too_low,
    learning_rate.noisy,
    weights.zero_start,
    weights.penalty_too_strong,
    dropout_too_strong,
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


def diagnose(
    history: Training | Sequence[Row],
    telemetry: Telemetry | Sequence[TelemetryRow] = (),
    *,
    setup: Setup | None = None,
    classes: int | None = None,
) -> list[Finding]:
    """Return what is wrong with a training, the most severe first; nothing for a healthy one.

    Args:
        history: what `training.fit` returned, or a `Training` that says more than the other arguments can.
        telemetry: a `Telemetry`, or its rows; without it the curves alone are looked at.
        setup: what the training was set to; the more of it is known, the more advice names the value to try.
        classes: how many classes there are, by which losses are judged; estimated where it is not given.

    Raises:
        ValueError: if the history is empty.
    """
    rows = telemetry.rows if isinstance(telemetry, Telemetry) else telemetry
    training = history if isinstance(history, Training) else training_of(history, rows, setup, classes)
    findings = [finding for check in CHECKS if (finding := check(training)) is not None]
    return sorted(findings, key=lambda finding: -finding.severity)


__all__ = [
    "CHECKS",
    "AnyOf",
    "Change",
    "Finding",
    "Setup",
    "Training",
    "diagnose",
    "examine_scores",
    "next_improvements",
    "training_of",
]
