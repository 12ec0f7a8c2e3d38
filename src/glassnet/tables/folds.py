"""The folds of the rows that are not for testing, each prepared by itself: what an ensemble's members learn from."""

from dataclasses import replace
from pathlib import Path

from glassnet.sources import DataChoice
from glassnet.tables.prepared import PreparedData, prepared_by_hand


def open_folds(choice: DataChoice, folds: int, raw: Path | None = None) -> list[PreparedData]:
    """Open the data prepared with each of so many folds in turn as the validation split; the test rows are the same.

    They lie in the cache that runs share, and are prepared where they are missing: each with the statistics of its own
    training rows.

    Args:
        choice: the data, without folds of their own.
        folds: how many.
        raw: where the raw data were fetched to; None to take them from their source.
    """
    prepared = []
    for fold in range(folds):
        of_fold = {"folds": folds, "fold": fold}
        split = replace(choice.split, folds=folds, fold=fold)
        chosen = replace(choice, split=split, settings={**choice.settings, **of_fold})
        prepared.append(prepared_by_hand(chosen, raw))
    return prepared
