"""What a network looks at: the importance of its columns on held-out rows, and what it does along the first of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.columns.dates import iso_strings
from glassnet.evaluation import (
    POSITIVE,
    ColumnEffect,
    ColumnFeatures,
    LooksAt,
    accumulated_effects,
    category_effects,
    permutation_importance,
    rows_and_repeats,
)
from glassnet.evaluation.importance import Predict, Score
from glassnet.evaluation.rounding import six_digits
from glassnet.evaluation.scores import FloatArray
from glassnet.seeding import stream
from glassnet.tables import ImagePreprocessing, PreparedData, TablePreprocessing, TrainedModel
from glassnet.tables.descriptions import DateColumn, NumericColumn
from glassnet.tables.raw_units import column_places, in_raw_units

SEED = 0  # the same rows always have the same importances
BLOCKS = 5  # of pixels, at most, along each side of an image
COLUMNS_DRAWN = 6
CURVES = 5  # of classes, those on which a column acts most
CATEGORIES = 12  # the most frequent


def look_at(prepared: PreparedData, network: TrainedModel, *, is_final: bool) -> LooksAt:
    """Return the importance of each column on test and validation rows, and the effects of the first; none of too many.

    Of a final model, which has learnt from the validation rows, it is of the test rows alone. So it is of images, which
    take longer; a block of pixels stands for a column there, and there are no effects.
    """
    columns = _columns(prepared)
    score: Score = "rmse" if prepared.task == "regression" else "log_loss"
    found: LooksAt = {"score": score, "repeats": {}, "rows": {}, "importance": {}}
    of_test_alone = is_final or isinstance(prepared.preprocessing, ImagePreprocessing)
    for split in ("test",) if of_test_alone else ("test", "validation"):
        data = prepared.split(split)
        y = prepared.targets(split) if score == "rmse" else np.asarray(data.y)
        rows, repeats = rows_and_repeats(len(y), data.X.shape[1], len(columns))
        if not rows:
            continue
        chosen = _some(len(y), rows, split)
        found["importance"][split] = permutation_importance(
            _predictor(network), np.asarray(data.X[chosen]), y[chosen], columns, score, repeats=repeats, seed=SEED
        )
        found["rows"][split], found["repeats"][split] = rows, repeats
    if "test" not in found["importance"]:
        return found
    if isinstance(prepared.preprocessing, TablePreprocessing):
        ranked = sorted(found["importance"]["test"], key=lambda each: -each["increase"])
        train = prepared.split("train")
        X = np.asarray(train.X[_some(len(train), min(len(train), 2_000), "train")])
        first = [each["column"] for each in ranked[:COLUMNS_DRAWN] if each["increase"]]
        effects = [_effect(prepared, prepared.preprocessing, network, X, name) for name in first]
        found["effects"] = [each for each in effects if each is not None]
    else:
        side = _side(prepared.preprocessing)
        found["blocks"] = [-(-length // side) for length in prepared.preprocessing.shape]
    rounded: LooksAt = six_digits(found)
    return rounded


def _some(rows: int, wanted: int, purpose: str) -> Any:
    """Return which rows to take: all of them, or so many drawn at random, in their order."""
    if wanted == rows:
        return np.arange(rows)
    return np.sort(stream(SEED, f"importance {purpose}").choice(rows, wanted, replace=False))


def _predictor(network: TrainedModel) -> Predict:
    if network.class_names:
        return network.predict_features
    return lambda X: network.predict_features(X)[:, 0]


def _columns(prepared: PreparedData) -> list[ColumnFeatures]:
    preprocessing = prepared.preprocessing
    if not isinstance(preprocessing, ImagePreprocessing):
        return [ColumnFeatures(name, places) for name, places in column_places(preprocessing)]
    (height, width), side = preprocessing.shape, _side(preprocessing)
    pixels = np.arange(height * width).reshape(height, width)
    return [
        ColumnFeatures(
            f"{_range('row', top, min(top + side, height))}, {_range('column', left, min(left + side, width))}",
            pixels[top : top + side, left : left + side].ravel().tolist(),
        )
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def _range(what: str, start: int, stop: int) -> str:
    return f"{what} {start}" if stop - start == 1 else f"{what}s {start} to {stop - 1}"


def _side(preprocessing: ImagePreprocessing) -> int:
    """Return how many pixels a block is wide and high: the fewest that give no more than `BLOCKS` along a side."""
    return -(-max(preprocessing.shape) // BLOCKS)


def _effect(
    prepared: PreparedData, preprocessing: TablePreprocessing, network: TrainedModel, X: FloatArray, name: str
) -> ColumnEffect | None:
    """Return the effect of a column on the predictions; None where the rows that have a value have no two."""
    column, places = next(
        (column, places)
        for column, (of, places) in zip(preprocessing.columns, column_places(preprocessing), strict=True)
        if of == name
    )
    predict = _predictor(network)
    if column["kind"] == "categorical":
        frequent = np.argsort(-X[:, places].mean(axis=0), kind="stable")
        effects = category_effects(predict, X, places)[frequent[:CATEGORIES]]
        at: Sequence[Any] = [column["categories"][index] for index in frequent[:CATEGORIES]]
    else:
        with_value = X[X[:, places[1]] == 0] if column["indicator"] else X
        if not len(with_value) or not np.ptp(with_value[:, places[0]]):
            return None
        edges, effects = accumulated_effects(predict, with_value, places[0])
        at = _shown(column, edges)
    if not prepared.class_names:
        outputs = {prepared.about["target"]: effects[:, 0]}
    elif len(prepared.class_names) == 2:
        outputs = {prepared.class_names[POSITIVE]: effects[:, POSITIVE]}
    else:
        most = np.sort(np.argsort(-np.ptp(effects, axis=0), kind="stable")[:CURVES])
        outputs = {prepared.class_names[label]: effects[:, label] for label in most}
    return {
        "column": name,
        "kind": column["kind"],
        "at": list(at),
        "effects": {output: curve.tolist() for output, curve in outputs.items()},
    }


def _shown(column: NumericColumn | DateColumn, edges: FloatArray) -> Sequence[Any]:
    """Return the values of a feature as the raw column has them: numbers, or dates."""
    raw = in_raw_units(column, edges.astype(np.float64))
    return iso_strings(np.rint(raw)) if column["kind"] == "date" else raw.tolist()
