"""What raw data, prepared data and their preprocessing say of themselves in JSON files, and in model files.

The keys are those of all versions, which is why missing values are called gaps in two of them.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from glassnet.data.robust_scaling import RobustScale
from glassnet.data.target_scale import TargetScale
from glassnet.files import JsonObject
from glassnet.sources.raw import Task


class Standardized(TypedDict):
    """What numbers and dates, as days since 1970, have in common.

    Attributes:
        name: the column.
        mean: of the training rows.
        scale: their standard deviation; None for a column that never changed.
        fill: the number for a missing value; None where that is an error.
        indicator: whether a column that is 1 for a missing value follows.
        gaps: how many values the training rows missed.
        form: how numbers are written, if not plainly, see `NumberForm`.
        robust: the scale by median and quartiles, where it is that by which the column is scaled.
        shares: of the training rows, those with a 1 in each of the column's features of ones and zeros, if it has any.
    """

    name: str
    mean: float
    scale: float | None
    fill: float | None
    indicator: bool
    gaps: int
    form: NotRequired[dict[str, str]]
    robust: NotRequired[RobustScale]
    shares: NotRequired[list[float]]


class NumericColumn(Standardized):
    """A column of numbers."""

    kind: Literal["numeric"]


class DateColumn(Standardized):
    """A column of dates.

    Attributes:
        format: how they are written, as `strftime` has it, or ISO's.
        months: those of the training rows, from 0, if they vary.
        weekdays: those of the training rows, from 0 for Monday, if they vary.
    """

    kind: Literal["date"]
    format: str
    months: list[int]
    weekdays: list[int]


class CategoricalColumn(TypedDict):
    """A column of strings.

    Attributes:
        name: the column.
        categories: those of the training rows.
        fill: the category of a missing value; None where that is an error.
        gaps: how many values the training rows missed.
        form: how numbers among the strings are written, if not plainly.
        shares: of the training rows, those of each category.
    """

    name: str
    kind: Literal["categorical"]
    categories: list[str]
    fill: str | None
    gaps: int
    form: NotRequired[dict[str, str]]
    shares: NotRequired[list[float]]


Column: TypeAlias = NumericColumn | DateColumn | CategoricalColumn


class TableDescription(TypedDict):
    """What the preprocessing of a table writes of itself.

    Attributes:
        columns: in the order of the features.
        gap_marks: the strings that stand for a missing value; models of before they were kept have none.
    """

    kind: Literal["table"]
    columns: list[Column]
    gap_marks: NotRequired[list[str]]


class ImageDescription(TypedDict):
    """What the preprocessing of images writes of itself.

    Attributes:
        shape: height and width.
        mean: the mean grey value of the training images.
        scale: its standard deviation.
    """

    kind: Literal["images"]
    shape: list[int]
    mean: float
    scale: float


PreprocessingDescription: TypeAlias = TableDescription | ImageDescription


class RawDescription(TypedDict):
    """What raw data are, in dataset.json: the attributes of `RawTable`, which see, or of `RawImages`.

    Attributes:
        rows: the number of rows of a table.
        file: where a table lies.
        group: the column by which rows belong together, if there is one.
        time: the column by which rows are divided, if they are not at random.
        together: whether near copies are in one split, if they are.
        beside: columns that are not learnt from, but may say what rows belong to.
        trusted: columns that are not to be doubted.
        dropped: columns that the user left out.
    """

    name: str
    description: str
    class_names: list[str]
    kind: Literal["table", "images"]
    test_rows: NotRequired[int]
    rows: NotRequired[int]
    file: NotRequired[str]
    features: NotRequired[list[str]]
    categorical: NotRequired[list[str]]
    target: NotRequired[str]
    task: NotRequired[Task]
    missing: NotRequired[JsonObject | None]
    notes: NotRequired[list[str]]
    forms: NotRequired[dict[str, dict[str, str]]]
    dates: NotRequired[dict[str, str]]
    group: NotRequired[str]
    time: NotRequired[str]
    together: NotRequired[bool]
    beside: NotRequired[list[str]]
    trusted: NotRequired[list[str]]
    dropped: NotRequired[list[str]]


class GroupsOfSplits(TypedDict):
    """By which column rows belong together, and how many groups each split has."""

    column: str
    groups: dict[str, int]


class TimesOfSplits(TypedDict):
    """By which column rows are divided in time.

    Attributes:
        column: its name.
        spans: for each split, its first and last time.
        unused: how many rows are in no split, being later than the validation rows of a fold or a repetition.
    """

    column: str
    spans: dict[str, list[str]]
    unused: int


class Suspicion(TypedDict):
    """Something about the data that may make scores promise too much.

    Attributes:
        kind: what, in a few words.
        evidence: the numbers that show it.
        changes: the settings that test it, each with its value.
    """

    kind: str
    evidence: str
    changes: dict[str, str | list[str]]


class DataDescription(TypedDict):
    """What prepared data are, in preprocessing.json.

    Attributes:
        dataset: the name of the raw data.
        description: a phrase with their origin.
        task: what is learnt.
        target: the column to predict; "label" for images.
        target_scale: how a regression's target is standardized; None for classes.
        class_names: the name of each class id.
        class_counts: for each split, the rows of each class.
        rows: for each split, the number of its rows.
        notes: what was left out, and what to doubt, a sentence each.
        settings: the settings of the data.
        source_digest: of the file at data.path.
        code_digest: of the code that made them.
        preprocessing: takes raw rows to features.
        groups: how groups were divided, if rows belong together.
        times: how rows were divided in time, if they were.
        suspicions: what may make the scores promise too much, if there is something.
    """

    dataset: str
    description: str
    task: Task
    target: str
    target_scale: TargetScale | None
    class_names: list[str]
    class_counts: dict[str, list[int]]
    rows: dict[str, int]
    notes: list[str]
    settings: JsonObject
    source_digest: str
    code_digest: str
    preprocessing: PreprocessingDescription
    groups: NotRequired[GroupsOfSplits]
    times: NotRequired[TimesOfSplits]
    suspicions: NotRequired[list[Suspicion]]
