"""Says which score a decision is made for, which baselines are ahead of a network by it, and whether by chance."""

from typing import cast

from glassnet.evaluation.decided_score import score_of
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.records import Comparison, DecisionAnalysis, Metrics
from glassnet.files import JsonObject

SIGNIFICANT = 0.05
UNTESTED = "by the point estimate alone, no test of it being made"


def baselines_ahead(metrics: Metrics, decision: DecisionAnalysis | None = None) -> list[str]:
    """Return a sentence for each baseline that does better than the network on the test rows; none if none does.

    A classifier is ahead with a higher accuracy, or the same and a lower log-loss; a regression with a lower mean
    absolute error or a higher R². The paired test says whether by more than chance explains. Where a class is decided
    on otherwise than by its probability alone, the score that the decision is made for takes the place of accuracy.

    Args:
        metrics: the content of metrics.json, ungrouped.
        decision: how a class was decided on, as analysis.json has it.
    """
    sentences = []
    for name, scores in metrics["baselines"].items():
        comparison = metrics["comparisons"][name]
        found = (
            _classifier(metrics, scores, comparison, decision or {})
            if "accuracy" in metrics
            else _regression(metrics, scores, comparison)
        )
        if found:
            title = name.replace("_", " ")
            sentences.append(f"{title[0].upper()}{title[1:]} is ahead on the same rows, {found}.")
    return sentences


def made_for(scores: Metrics | JsonObject, decision: DecisionAnalysis | None) -> str:
    """Return the score that a decision is made for, to go behind the accuracy; nothing, where accuracy is that score.

    Args:
        scores: of the network, ungrouped.
        decision: as `baselines_ahead` has it.
    """
    if not decision or "rule" not in decision:
        return ""
    value = _value(cast(Metrics, scores), decision)
    return f", {score_of(decision).name} {readable(value)}, which the decision is made for"


def _classifier(ours: Metrics, theirs: Metrics, comparison: Comparison, decision: DecisionAnalysis) -> str:
    """Compare by the score that the decision is made for, and then by the log-loss."""
    score, of_us, of_them = score_of(decision), _value(ours, decision), _value(theirs, decision)
    name = score.name
    losses = f"log-loss {readable(theirs['log_loss'])} against {readable(ours['log_loss'])}"
    if of_them < of_us if score.is_cost else of_them > of_us:
        surely = UNTESTED
        if name == "accuracy":
            surely = _how_surely(comparison["mcnemar_p"], "exact McNemar")
        elif "cost_sign_flip_p" in comparison:
            surely = _how_surely(comparison["cost_sign_flip_p"], "sign-flip test of the costs")
        values = [f"{each:.4f}" if name == "accuracy" else readable(each) for each in (of_them, of_us)]
        return f"{surely}: {name} {' against '.join(values)}, {losses}"
    if of_them == of_us and theirs["log_loss"] < ours["log_loss"]:
        return f"{UNTESTED}: the same {name}, {losses}"
    return ""


def _value(scores: Metrics, decision: DecisionAnalysis) -> float:
    """Return the value of the score that a decision is made for, see `score_of`."""
    rule = decision.get("rule")
    if rule is None:
        return scores["accuracy"]
    if rule == "cost":
        return scores["mean_cost"]
    if rule not in {"f1", "given"}:
        return scores["balanced_accuracy"]
    of_two = scores["two_classes"]
    found = of_two.get("recall", 0.0) * of_two["positives"]
    if rule == "f1":
        return 2 * found / max(of_two["called_positive"] + of_two["positives"], 1.0)
    t, alarms, missed = decision["threshold"], of_two["called_positive"] - found, of_two["positives"] - found
    return (t * alarms + (1 - t) * missed) / scores["examples"]


def _regression(ours: Metrics, theirs: Metrics, comparison: Comparison) -> str:
    scores = ", ".join(
        f"{title} {of_them} against {of_us}"
        for title, of_them, of_us in (
            ("R²", f"{theirs['r2']:.4f}", f"{ours['r2']:.4f}"),
            ("mean absolute error", readable(theirs["mae"]), readable(ours["mae"])),
        )
    )
    if comparison["difference"] > 0:
        return f"{_how_surely(comparison['sign_flip_p'], 'sign-flip test of the absolute errors')}: {scores}"
    if theirs["r2"] > ours["r2"]:
        return f"by the point estimate of R² alone, with no smaller absolute error: {scores}"
    return ""


def _how_surely(p: float, test: str) -> str:
    if p < SIGNIFICANT:
        return f"significantly ({test}, p {p:.2g})"
    return f"by the point estimate alone, which chance may explain ({test}, p {p:.2g})"
