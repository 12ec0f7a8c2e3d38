"""The data that settings choose: a source with its arguments, and how the rows that it returns are divided."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypeAlias

from glassnet.data.target_scale import TargetTransform
from glassnet.files import JsonObject

Scaling: TypeAlias = Literal["standard", "robust"]


@dataclass(frozen=True)
class SplitSettings:
    """How rows are divided into training, validation and test rows: the arguments of `data.stratified_split`.

    Attributes:
        validation_fraction: the fraction of all rows to validate on; unused with folds.
        test_fraction: the fraction of all rows to test on; None for the publisher's own test rows.
        split_seed: which division.
        folds: None, or the number of folds.
        fold: which of them is the validation split.
        repetition: which other way of dividing what is not for testing.
    """

    validation_fraction: float
    test_fraction: float | None
    split_seed: int
    folds: int | None = None
    fold: int = 0
    repetition: int = 0


# Settings that decide what becomes of the raw data, not what they are.
OF_PREPARING = frozenset({*(field.name for field in fields(SplitSettings)), "target_transform", "scaling"})


@dataclass(frozen=True)
class DataChoice:
    """The data that settings choose.

    Attributes:
        path: the file that DVC has them depend on: the user's own table, or the code that makes or fetches the data.
        split: how rows are divided.
        settings: all settings of the data, as conf/ has them: a name or `_target_`, arguments, and the others here.
        target_transform: what of a regression's target is learnt: its logarithm, or itself.
        scaling: how the numbers of a table are scaled: by mean and deviation, or by median and quartiles.
    """

    path: Path
    split: SplitSettings
    settings: JsonObject
    target_transform: TargetTransform = "none"
    scaling: Scaling = "standard"

    @property
    def source(self) -> JsonObject:
        """The settings of the source alone: those that decide about the raw data."""
        return {key: value for key, value in self.settings.items() if key not in OF_PREPARING}
