"""The next three improvements: what the diagnosis found, then what the errors and the uncertainty suggest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassnet.diagnostics.diagnosis.finding import AnyOf, Change, Finding, rounded
from glassnet.diagnostics.diagnosis.fitting import (
    hindrance,
    larger,
    overfitting,
    size_suffices,
    stronger_penalty,
    to_mlp,
)
from glassnet.diagnostics.diagnosis.training import Training
from glassnet.evaluation import ErrorAnalysis, ErrorGroup, Hypothesis, RegressionErrorAnalysis

WANTED = 3


def next_improvements(
    findings: list[Finding], errors: ErrorAnalysis | RegressionErrorAnalysis, training: Training
) -> list[Finding]:
    """Return what to try next, the most promising first, no setting twice: three findings, or as many as there are.

    Args:
        findings: of the training and of the scores.
        errors: the error analysis, whose largest group of errors comes first.
        training: the training.
    """
    # What changes a setting comes before what no training can mend, such as the threshold of a rare class.
    ranked = sorted(findings, key=lambda finding: (not finding.changes, -finding.severity))
    candidates = [*ranked, *_from_errors(errors["groups"], training), *_always(training)]
    chosen: list[Finding] = []
    for candidate in candidates:
        if _setting(candidate) not in [_setting(other) for other in chosen]:
            chosen.append(candidate)
    return chosen[:WANTED]


def _setting(finding: Finding) -> str:
    """Return the setting that a finding changes; its name where it changes none."""
    return finding.changes[-1].setting if finding.changes else finding.name


@dataclass(frozen=True)
class _Remedy:
    """What a hypothesis about errors suggests."""

    advice: str
    changes: Callable[[Training], tuple[Change, ...]]


def _smoother(t: Training) -> tuple[Change, ...]:
    return (Change("training.label_smoothing", rounded(t.setup.label_smoothing + 0.05, 6)),)


def _tamer(t: Training) -> tuple[Change, ...]:
    return (stronger_penalty(t),)


FINER_BOUNDARY = _Remedy("a larger network, for a boundary of finer shape", larger)
REMEDIES = {
    Hypothesis.NEAR_THE_BOUNDARY: FINER_BOUNDARY,
    Hypothesis.BOUNDARY_MISPLACED: FINER_BOUNDARY,
    Hypothesis.INSIDE_THE_OTHER_CLASS: FINER_BOUNDARY,
    Hypothesis.EXTREME_TARGET: _Remedy("a larger network, which can follow the target to its ends", larger),
    Hypothesis.OVERCONFIDENT: _Remedy("label smoothing", _smoother),
    Hypothesis.LABEL_NOISE: _Remedy("look at these labels; until then, smoothing, which trusts none fully", _smoother),
    Hypothesis.UNLIKE_ITS_NEIGHBOURS: _Remedy("a stronger penalty, if the target is noisy", _tamer),
    Hypothesis.OUTLIER: _Remedy("a stronger penalty, which keeps the answer tame far from the data", _tamer),
}


def _from_errors(groups: Sequence[ErrorGroup], t: Training) -> list[Finding]:
    """Return what the largest group of errors suggests."""
    remedy = REMEDIES.get(groups[0]["hypothesis"]) if groups else None
    if remedy is None or (remedy.changes is larger and (size_suffices(t) or hindrance(t) or overfitting(t))):
        return []
    group = groups[0]
    who = f"{group['true']} taken for {group['predicted']}" if "true" in group else f"predictions {group['group']}"
    rows = f"{group['count']} row{'s' if group['count'] > 1 else ''}"
    evidence = f"the largest group of errors: {rows}, {who}; {group['evidence']}"
    return [Finding(f"errors: {group['hypothesis']}", 0.3, evidence, remedy.advice, remedy.changes(t))]


def _always(t: Training) -> list[Finding]:
    """Return what is worth knowing of any training that is well."""
    row = t.history[t.best_epoch - 1]
    rate, sizes = t.learning_rate, t.setup.hidden_sizes
    validation = f"a validation loss of {row['validation_loss']:.4g}"
    seed = "" if t.setup.seed is None else f" ({t.setup.seed})"
    rates = [rounded(rate / 3, 2), rounded(rate, 6), rounded(rate * 3, 2)]
    findings = [
        Finding(
            "luck unknown",
            0.2,
            f"{validation} is of one seed{seed}: another start and another order of batches would "
            "give another, and no difference smaller than that spread means anything",
            "the same training from five seeds",
            (Change("seed", AnyOf(range(5))),),
        ),
        Finding(
            "learning rate untested",
            0.15,
            f"{validation} was reached at a learning rate of {rate:g}, one value among many",
            "neighbouring learning rates",
            (Change("optimizer.learning_rate", AnyOf(rates)),),
        ),
    ]
    if sizes is not None:
        choices = [tuple(max(1, int(size * factor)) for size in sizes or (16,)) for factor in (0.5, 1, 2)]
        findings.append(
            Finding(
                "size untested",
                0.1,
                f"{validation} was reached with hidden layers of {list(sizes)}",
                "half and twice the size",
                (*to_mlp(t), Change("model.hidden_sizes", AnyOf(choices))),
            )
        )
    return findings
