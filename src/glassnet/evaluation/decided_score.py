"""Which score a decision on a class is made for: what baselines, the report and the gate compare answers by."""

from dataclasses import dataclass

from glassnet.evaluation.number_text import readable
from glassnet.evaluation.records import DecisionAnalysis


@dataclass(frozen=True)
class DecidedScore:
    """A score of answers.

    Attributes:
        name: as a sentence has it.
        is_cost: whether less is better.
    """

    name: str
    is_cost: bool = False


def score_of(decision: DecisionAnalysis) -> DecidedScore:
    """Return the score that a decision is made for: accuracy, without a rule.

    A threshold t that was given is right where a false alarm costs t and a missed row 1 − t (Elkan, "The foundations of
    cost-sensitive learning", 2001).

    Args:
        decision: how a class is decided on, as analysis.json has it.
    """
    rule = decision.get("rule")
    if rule is None:
        return DecidedScore("accuracy")
    if rule == "cost":
        return DecidedScore("mean cost", is_cost=True)
    if rule == "f1":
        return DecidedScore(f"F1 of {decision['positive']}")
    if rule == "given":
        t = decision["threshold"]
        of_costs = f"with {readable(t)} for a false alarm and {readable(1 - t)} for a missed row,"
        return DecidedScore(f"mean cost, {of_costs}", is_cost=True)
    return DecidedScore("balanced accuracy")  # that of "balanced" and "class_weights"
