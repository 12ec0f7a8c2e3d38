"""Which baselines a network is held against; and gradient boosting, the one that the evaluation itself trains."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.config import Settings
from glassnet.data import ArrayDataset
from glassnet.evaluation import decide
from glassnet.evaluation.scores import LabelArray
from glassnet.nn import FloatArray
from glassnet.stages.classes import ClassChoices
from glassnet.tables import PreparedData

SCORED_AS = {
    "majority": ("majority_class", "mean_prediction"),
    "linear": ("softmax_regression", "linear_regression"),
    "boosting": ("gradient_boosting",),
}  # the names in metrics.json of what `evaluation.baselines` names
MOST_WORK = 6_000_000  # about 15 seconds on one core
SEED = 0  # of the rows that boosting sets aside, of more than 10,000, to see when to stop


@dataclass(frozen=True)
class Baselines:
    """What a network is held against.

    Attributes:
        names: of "majority", "linear" and "boosting" those that are wanted.
        without_boosting: why it is not among them, where nobody has decided that.
    """

    names: Sequence[str]
    without_boosting: str | None = None

    def among(self, predictions: dict[str, FloatArray]) -> dict[str, FloatArray]:
        """Return those predictions, by their names in metrics.json, that are of these baselines."""
        wanted = {title for name in self.names for title in SCORED_AS[name]}
        return {title: of_rows for title, of_rows in predictions.items() if title in wanted}


def chosen_baselines(wanted: Sequence[str] | None, prepared: PreparedData) -> Baselines:
    """Return the baselines that are wanted, or for None all that fit: boosting where it takes seconds.

    Its time grows with the trees of a round, one for each of several classes, with the features, and with the rows; of
    few rows finding the splits takes as long as 6,000 rows do.
    """
    if wanted is not None:
        return Baselines(wanted)
    if prepared.image_shape is not None:
        return Baselines(("majority", "linear"), "on images, with a column for each pixel, it takes minutes")
    rows, features, classes = (
        prepared.about["rows"]["train"],
        len(prepared.preprocessing.feature_names),
        len(prepared.class_names),
    )
    if (classes if classes > 2 else 1) * features * (rows + 6_000) > MOST_WORK:
        of_classes = f", {features} features and {classes} classes" if classes > 2 else f" and {features} features"
        return Baselines(("majority", "linear"), f"on {rows} rows{of_classes} it takes long")
    return Baselines(tuple(SCORED_AS))


def learnt_rows(prepared: PreparedData, *, is_final: bool) -> ArrayDataset:
    """Return the rows that the network learnt from, as it learns them: for a final model those of validation too."""
    train = prepared.split("train")
    if not is_final:
        return train
    parts = (train, prepared.split("validation"))
    return ArrayDataset(np.concatenate([part.X for part in parts]), np.concatenate([part.y for part in parts]))


def boosted_probabilities(train: ArrayDataset, X: FloatArray, classes: int) -> FloatArray:
    """Return the probabilities `(N, C)` of gradient boosting, which has learnt from `train`; 0 for a class it lacks.

    It is scikit-learn's `HistGradientBoostingClassifier` as it comes, on the prepared features: 100 rounds of one tree
    a class. (Friedman, "Greedy function approximation: a gradient boosting machine", 2001; by histograms: Ke et al.,
    "LightGBM", 2017.)
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    probabilities = np.zeros((len(X), classes))
    found, counts = np.unique(train.y, return_counts=True)
    if len(found) == 1:
        probabilities[:, found] = 1.0
        return probabilities
    # Rows are set aside within each class, which of a single row cannot be.
    stops = "auto" if counts.min() > 1 else False
    model = HistGradientBoostingClassifier(random_state=SEED, early_stopping=stops)
    with _threads(train, classes):
        probabilities[:, found] = model.fit(train.X, train.y).predict_proba(X)
    return probabilities


class Boosting:
    """Gradient boosting at work beside the evaluation, from the moment that this is made.

    It decides by the rule of the settings, like the network: where that has a threshold to choose, its own is chosen on
    the validation rows, for a final model by boosting that has not learnt from them.
    """

    def __init__(self, settings: Settings, prepared: PreparedData, executor: Executor, *, is_final: bool) -> None:
        """Have `executor` train it, and predict the test rows."""
        self._settings, self._prepared = settings, prepared
        learnt, X = learnt_rows(prepared, is_final=is_final), np.asarray(prepared.split("test").X)
        self._test_rows = len(X)
        self._held_out: Future[FloatArray] | None = None
        if prepared.task == "regression":
            self._predicted = executor.submit(boosted_values, learnt, X)
            return
        number, validation = len(prepared.class_names), np.asarray(prepared.split("validation").X)
        self._chooses = settings.evaluation.threshold is not None or self._classes().weights is not None
        if self._chooses and is_final:
            train = prepared.split("train")
            self._held_out = executor.submit(boosted_probabilities, train, validation, number)
        elif self._chooses:
            X = np.concatenate([X, validation])
        self._predicted = executor.submit(boosted_probabilities, learnt, X, number)

    def values(self) -> FloatArray:
        """Return what it says of the standardized targets of a regression `(N, 1)`."""
        return self._predicted.result()

    def decides(self) -> tuple[FloatArray, LabelArray]:
        """Return its probabilities, and the classes that it decides on."""
        predicted = self._predicted.result()
        probabilities = predicted[: self._test_rows]
        if not self._chooses:
            return probabilities, probabilities.argmax(axis=1)
        held_out = predicted[self._test_rows :] if self._held_out is None else self._held_out.result()
        logits = np.log(np.maximum(held_out, np.finfo(np.float64).tiny))
        y = np.asarray(self._prepared.split("validation").y)
        return probabilities, decide(probabilities, self._classes().decision_by(self._settings, logits, y))

    def _classes(self) -> ClassChoices:
        return ClassChoices.of(self._settings, self._prepared)


def boosted_values(train: ArrayDataset, X: FloatArray) -> FloatArray:
    """Return what gradient boosting says of standardized targets `(N, 1)`, by `HistGradientBoostingRegressor`."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    with _threads(train, 1):
        values = HistGradientBoostingRegressor(random_state=SEED).fit(train.X, np.ravel(train.y)).predict(X)
    return np.asarray(values)[:, np.newaxis]


def _threads(train: ArrayDataset, classes: int) -> Any:
    """Use one thread where that takes seconds: others gain little, and wait in a loop for cores that are busy."""
    from threadpoolctl import threadpool_limits

    rows, features = train.X.shape
    return threadpool_limits(1) if classes * features * rows < MOST_WORK else nullcontext()
