"""The next three improvements: what the diagnosis found, then what the errors and the uncertainty suggest."""

import shlex
from typing import Any

from glassnet.diagnostics.diagnosis.evidence import Finding, Training
from glassnet.diagnostics.diagnosis.fitting import (
    hindrance,
    larger,
    overfitting,
    size_suffices,
    stronger_penalty,
    to_mlp,
)

WANTED = 3


def next_improvements(findings: list[Finding], errors: dict[str, Any], training: Training) -> list[Finding]:
    """Return the three changes to try next, the most promising first, no setting twice.

    Args:
        findings: of the training and of the scores.
        errors: the error analysis, the section "errors" of analysis.json.
        training: the training.
    """
    ranked = sorted(findings, key=lambda finding: -finding.severity)
    candidates = [*ranked, *_from_errors(errors, training), *_always(training)]
    chosen: list[Finding] = []
    for candidate in candidates:
        if _setting(candidate) not in [_setting(other) for other in chosen]:
            chosen.append(candidate)
    return chosen[:WANTED]


def _setting(finding: Finding) -> str:
    """Return the setting that a finding's command changes."""
    return shlex.split(finding.command)[-1].partition("=")[0]


def _from_errors(errors: dict[str, Any], t: Training) -> list[Finding]:
    """Return what the largest group of errors suggests."""
    if not errors["groups"]:
        return []
    group = errors["groups"][0]
    training = t.settings["training"]
    bigger = larger(t)
    smoother = (f"training.label_smoothing={training['label_smoothing'] + 0.05:g}",)
    tamer = (stronger_penalty(t),)
    smaller_batches = (f"training.batch_size={max(4, training['batch_size'] // 2)}",)
    suggestions = {
        "near the boundary": ("a larger network, for a boundary of finer shape", bigger),
        "boundary misplaced": ("a larger network, for a boundary of finer shape", bigger),
        "inside the other class": ("a larger network, for a boundary of finer shape", bigger),
        "extreme target": ("a larger network, which can follow the target to its ends", bigger),
        "overconfident": ("label smoothing", smoother),
        "label noise suspected": ("look at these labels; until then, smoothing, which trusts none fully", smoother),
        "unlike its neighbours": ("a stronger penalty, if the target is noisy", tamer),
        "outlier": ("a stronger penalty, which keeps the answer tame far from the data", tamer),
        "minority class": ("smaller batches, so that more updates see a rare row", smaller_batches),
    }
    if group["hypothesis"] not in suggestions:
        return []
    advice, changes = suggestions[group["hypothesis"]]
    if changes == bigger and (size_suffices(t) or hindrance(t) or overfitting(t)):
        return []
    who = f"{group['true']} taken for {group['predicted']}" if "true" in group else f"predictions {group['group']}"
    rows = f"{group['count']} row{'s' if group['count'] > 1 else ''}"
    evidence = f"the largest group of errors: {rows}, {who}; {group['evidence']}"
    return [Finding(f"errors: {group['hypothesis']}", 0.3, evidence, advice, t.command(*changes))]


def _always(t: Training) -> list[Finding]:
    """Return what is worth knowing of any training that is well."""
    row = t.history[t.best_epoch - 1]
    rate = t.settings["optimizer"]["learning_rate"]
    validation = f"a validation loss of {row['validation_loss']:.4g}"
    return [
        Finding(
            "luck unknown",
            0.2,
            f"{validation} is of one seed ({t.settings['seed']}): another start and another order of batches would "
            "give another, and no difference smaller than that spread means anything",
            "the same training from five seeds",
            t.sweep("seed=range(5)"),
        ),
        Finding(
            "learning rate untested",
            0.15,
            f"{validation} was reached at a learning rate of {rate:g}, one value among many",
            "neighbouring learning rates",
            t.sweep(f"optimizer.learning_rate={rate / 3:.2g},{rate:g},{rate * 3:.2g}"),
        ),
        Finding(
            "size untested",
            0.1,
            f"{validation} was reached with hidden layers of {t.settings['model']['hidden_sizes']}",
            "half and twice the size",
            t.sweep(*to_mlp(t), "model.hidden_sizes=" + ",".join(_sizes(t, factor) for factor in (0.5, 1, 2))),
        ),
    ]


def _sizes(t: Training, factor: float) -> str:
    return f"[{','.join(str(max(1, int(size * factor))) for size in t.settings['model']['hidden_sizes'] or [16])}]"
