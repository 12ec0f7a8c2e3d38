"""What an evaluation hands on: scores, calibration and errors, shaped as in metrics.json and analysis.json."""

from enum import StrEnum
from typing import Literal, NotRequired, TypedDict

from glassnet.evaluation.ranking import Gain


class Hypothesis(StrEnum):
    """Why a group of errors may be wrong."""

    CALLED_BY_THE_RULE = "called by the rule"
    OUTLIER = "outlier"
    LABEL_NOISE = "label noise suspected"
    MINORITY_CLASS = "minority class"
    NEAR_THE_BOUNDARY = "near the boundary"
    BOUNDARY_MISPLACED = "boundary misplaced"
    OVERCONFIDENT = "overconfident"
    INSIDE_THE_OTHER_CLASS = "inside the other class"
    UNLIKE_ITS_NEIGHBOURS = "unlike its neighbours"
    EXTREME_TARGET = "extreme target"
    NO_SINGLE_CAUSE = "no single cause"


class ReliabilityBin(TypedDict):
    """The rows whose probability lies in one bin: how many, the mean of it, and the fraction that it came true for.

    It is the probability of the positive class if there are two classes, else that of the predicted one.
    """

    examples: int
    probability: float
    fraction: float


class CrossFit(TypedDict):
    """Calibration error and log-loss of the validation rows, as trained and with temperatures fitted on other rows."""

    error: float
    error_after: float
    log_loss: float
    log_loss_after: float


class Calibration(TypedDict, total=False):
    """How confidence and accuracy differ, before and after the temperature, where there is one that helps.

    Of two classes also how the probability of the positive one and its fraction differ. Of a temperature that was
    rejected there is the value; and of any that was fitted, what it does on the validation rows.
    """

    confidence: float
    accuracy: float
    error: float
    error_by_chance: float
    log_loss: float
    temperature: float | None
    error_after: float | None
    log_loss_after: float | None
    positive_error: float | None
    positive_error_by_chance: float | None
    positive_error_after: float | None
    rejected_temperature: float | None
    validation: CrossFit | None


class Comparison(TypedDict, total=False):
    """How two models differ on the same rows, first minus second: two classifiers by McNemar's test, else by signs.

    The difference of log-losses is there of an ensemble and its single network; the test of costs, where errors cost.
    """

    difference: float
    difference_low: float
    difference_high: float
    mcnemar_p: float
    newly_right: int
    newly_wrong: int
    sign_flip_p: float
    log_loss_difference: float
    log_loss_difference_low: float
    log_loss_difference_high: float
    log_loss_sign_flip_p: float
    cost_sign_flip_p: float


class Metrics(TypedDict, total=False):
    """The scores of a model on the test split: those that code names, among others.

    A classification has the first ones, a regression the next; then come a model's baselines, which have no further
    baselines of their own, and how the model differs from them.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    balanced_accuracy: float
    log_loss: float
    errors: int
    r2: float
    r2_low: float
    r2_high: float
    mae: float
    mae_low: float
    mae_high: float
    rmse: float
    examples: int
    baselines: dict[str, "Metrics"]
    comparisons: dict[str, Comparison]
    calibration: Calibration
    two_classes: dict[str, float]
    mean_cost: float
    out_of_fold: "Metrics"


class DecisionAnalysis(TypedDict, total=False):
    """How a class was decided on, and what a ranking by the probability of the positive one of two classes holds.

    Attributes:
        rule: what the decision comes from, see `Decision`; left out for the most probable class.
        positive: the name of the positive one of two classes.
        threshold: the probability from which on a row was called positive.
        costs: what the answers cost, if that was said.
        lift: what the rows with the highest probabilities hold.
    """

    rule: str
    positive: str
    threshold: float
    costs: list[list[float]]
    lift: list[Gain]


class ErrorGroup(TypedDict):
    """Errors of one kind: classes taken for others, or predictions too low or too high; and what may explain them."""

    count: int
    hypothesis: Hypothesis
    evidence: str
    true: NotRequired[str]
    predicted: NotRequired[str]
    rows: NotRequired[list[int]]
    group: NotRequired[str]


class UnusualFeature(TypedDict):
    """A feature of a row that few training rows have likewise.

    Attributes:
        feature: its name.
        share: of the training rows, those that are as unusual, or more so.
        deviations: of a number, how many standard deviations it lies from the mean of the training rows.
    """

    feature: str
    share: float
    deviations: NotRequired[float]


ClassNeighbour = TypedDict("ClassNeighbour", {"class": str, "row": int, "distance": float})


class Case(TypedDict):
    """A test row of a classification, for people to look at; its image, if it is one, in hexadecimal digits by line."""

    row: int
    true: str
    predicted: str
    probabilities: dict[str, float]
    unusual_features: list[UnusualFeature]
    nearest: list[ClassNeighbour]
    neighbours: list[str]
    pixels: NotRequired[list[str]]


class ErrorAnalysis(TypedDict):
    """The errors of a classification, in groups and by example; and the right answers that were least certain."""

    errors: int
    analysed: int
    groups: list[ErrorGroup]
    cases: list[Case]
    least_certain: list[Case]


class ClassificationAnalysis(TypedDict):
    """The content of analysis.json for a classification.

    Attributes:
        reliability: the reliability curves by their names.
        errors: the wrong ones.
        decision: how a class was decided on, where that was between two, or another than the most probable one.
    """

    reliability: dict[str, list[ReliabilityBin]]
    errors: ErrorAnalysis
    decision: NotRequired[DecisionAnalysis]


class ColumnImportance(TypedDict):
    """What a column is worth: the increase of the loss without it, and the 95% interval if the rows suffice for one."""

    column: str
    increase: float
    low: NotRequired[float]
    high: NotRequired[float]


class ColumnEffect(TypedDict):
    """What a column does to the predictions.

    Attributes:
        column: its name.
        kind: "numeric", "date" or "categorical".
        at: values of it, as the table has them: numbers, ISO dates, or categories.
        effects: of each value, on the probability of a class, by its name, or on the target, by its.
    """

    column: str
    kind: str
    at: list[float] | list[str]
    effects: dict[str, list[float]]


class LooksAt(TypedDict):
    """What a network looks at, in analysis.json.

    Attributes:
        score: whose increase an importance is, "log_loss" or "rmse".
        repeats: of each split, how often each column was permuted.
        rows: of each split, how many were taken.
        importance: of each split, every column.
        effects: of the most important columns of a table.
        blocks: of images, how many blocks of pixels there are down and across; they stand for columns.
    """

    score: Literal["log_loss", "rmse"]
    repeats: dict[str, int]
    rows: dict[str, int]
    importance: dict[str, list[ColumnImportance]]
    effects: NotRequired[list[ColumnEffect]]
    blocks: NotRequired[list[int]]


class RegressionNeighbour(TypedDict):
    """The training row nearest to a test row, with its target."""

    row: int
    distance: float
    target: float


class RegressionCase(TypedDict):
    """A test row of a regression, for people to look at."""

    row: int
    actual: float
    predicted: float
    unusual_features: list[UnusualFeature]
    nearest: RegressionNeighbour
    neighbours_mean: float
    group: str


class RegressionErrorAnalysis(TypedDict):
    """The largest errors of a regression, in groups and by example."""

    analysed: int
    groups: list[ErrorGroup]
    cases: list[RegressionCase]


class RegressionAnalysis(TypedDict):
    """The content of analysis.json for a regression.

    Attributes:
        validation_chance: the validation loss of the training rows' mean, the baseline of a diagnosis.
        errors: the largest ones.
    """

    validation_chance: float
    errors: RegressionErrorAnalysis
