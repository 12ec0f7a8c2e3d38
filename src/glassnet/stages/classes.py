"""What a training is told of the classes of its data: their weights, which one is positive, and the decision."""

from dataclasses import dataclass

import numpy as np

from glassnet import nn
from glassnet.config import (
    Settings,
    class_weights,
    decision_for,
    positive_class,
    require_decidable,
    training_plan,
)
from glassnet.data import ArrayDataset
from glassnet.evaluation import Decision
from glassnet.evaluation.scores import LabelArray
from glassnet.nn import FloatArray
from glassnet.tables import PreparedData
from glassnet.training import TrainingPlan, predict


@dataclass(frozen=True)
class ClassChoices:
    """What the settings come to for the classes of the data; of a regression nothing.

    Attributes:
        names: of the classes.
        weights: those of their errors in training, if any.
        positive: the id of the positive one of two classes.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...] | None
    positive: int

    @classmethod
    def of(cls, settings: Settings, prepared: PreparedData) -> "ClassChoices":
        """Return what settings come to for data.

        Raises:
            UserError: for weights or a decision that these classes cannot have.
        """
        names, counts = prepared.class_names, prepared.about["class_counts"]
        of_split = {split: counts[split] if names else [] for split in ("train", "validation")}
        require_decidable(settings, names, of_split["validation"])
        weights = class_weights(settings, names, of_split["train"])
        return cls(names, weights, positive_of(settings, prepared))

    def plan(self, settings: Settings, features: int) -> TrainingPlan:
        """Return the plan of the training."""
        return training_plan(settings, features, len(self.names) or None, self.weights, self.positive)

    def decision(
        self, settings: Settings, model: nn.Module, validation: ArrayDataset, smoothing: float
    ) -> Decision | None:
        """Return the decision of a trained network, its threshold chosen on validation rows if that is asked for."""
        if settings.evaluation.threshold is None and self.weights is None:
            return None
        logits = predict(model, validation.X, output=lambda outputs: outputs)
        return self.decision_by(settings, logits, np.asarray(validation.y), smoothing)

    def decision_by(
        self, settings: Settings, logits: FloatArray, labels: LabelArray, smoothing: float = 0.0
    ) -> Decision | None:
        """Return the decision of a model, given what it says of rows that it has not learnt from, and their classes.

        Smoothing of the labels that it was taught counts, unless a temperature has been fitted since.
        """
        return decision_for(settings, self.weights, self.positive, logits, labels, smoothing)

    def describe(self, decision: Decision | None, rows: str) -> str:
        """Return a decision in words, chosen on these `rows`; nothing for the most probable class."""
        if decision is None:
            return ""
        if "threshold" not in decision:
            is_weighted = decision["rule"] == "class_weights"
            return f"the class of the {'largest probability times weight' if is_weighted else 'lowest expected cost'}"
        rule = {
            "f1": f"chosen for the highest F1 on {rows}",
            "balanced": f"chosen for the highest balanced accuracy on {rows}",
            "cost": "where both answers cost the same",
            "class_weights": "where the weighted probabilities are even",
            "given": "as given",
        }[decision["rule"]]
        name = self.names[decision["positive"]]
        return f"{name} from a probability of {decision['threshold']:.6g} on, {rule}"


def positive_of(settings: Settings, prepared: PreparedData) -> int:
    """Return the id of the positive one of two classes: by all rows, so that it is the same one in every fold."""
    by_split = prepared.about["class_counts"].values() if prepared.class_names else ()
    return positive_class(settings, prepared.class_names, [sum(of_class) for of_class in zip(*by_split, strict=True)])
