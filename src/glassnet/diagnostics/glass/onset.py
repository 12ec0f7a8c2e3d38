"""Since when a diagnosis has stood: the epoch from which on it names a finding, whatever the training had come to."""

from dataclasses import replace

from glassnet.diagnostics.diagnosis import Finding, Training, diagnose
from glassnet.files import JsonValue

LOOKS = 60  # prefixes of a training that are diagnosed, at most


def onsets_of(training: Training) -> list[JsonValue]:
    """Return the findings of a training, the most severe first, each with the epoch where it begins.

    The training is diagnosed as it stood after each epoch, or after sixty of them. A finding begins with the first of
    these from which on every diagnosis names it.
    """
    total = len(training.history)
    epochs = (
        sorted({max(1, round(total * k / LOOKS)) for k in range(1, LOOKS + 1)})
        if total > LOOKS
        else range(1, total + 1)
    )
    found = diagnose(training)
    begins = {finding.name: total for finding in found}
    standing = set(begins)
    for epoch in reversed(epochs):
        if not standing:
            break
        standing &= {finding.name for finding in (found if epoch == total else diagnose(_until(training, epoch)))}
        begins |= dict.fromkeys(standing, epoch)
    return [_entry(finding, begins[finding.name]) for finding in found]


def _entry(finding: Finding, epoch: int) -> JsonValue:
    return {
        "name": finding.name,
        "epoch": epoch,
        "evidence": finding.evidence,
        "advice": finding.advice,
    }


def _until(training: Training, epoch: int) -> Training:
    """Return a training as it stood after an epoch."""
    history = training.history[:epoch]
    last = max((row.step for row in training.telemetry), default=0)
    steps = (last + 1) * epoch / len(training.history)
    best = min(range(epoch), key=lambda k: history[k]["validation_loss"]) + 1
    telemetry = [row for row in training.telemetry if row.step <= steps]
    return replace(training, history=history, telemetry=telemetry, best_epoch=best)
