"""What a network looks at: the importance of its columns on held-out rows, and what it does along the first of them."""

from collections.abc import Sequence
from functools import reduce
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
from glassnet.tables.descriptions import Column, DateColumn, NumericColumn
from glassnet.tables.raw_units import column_places, in_raw_units
from glassnet.tables.side_by_side import joint_places
from glassnet.training import Ensemble

SEED = 0  # the same rows always have the same importances
BLOCKS = 5  # of pixels, at most, along each side of an image
COLUMNS_DRAWN = 6
CURVES = 5  # of classes, those on which a column acts most
CATEGORIES = 12  # the most frequent
EFFECT_ROWS = 2_000


def look_at(
    prepared: PreparedData, network: TrainedModel, folds: Sequence[PreparedData] = (), *, is_final: bool
) -> LooksAt:
    """Return the importance of each column on test and validation rows, and the effects of the first; none of too many.

    Of a final model, which has learnt from the validation rows, it is of the test rows alone. So it is of images, which
    take longer; a block of pixels stands for a column there, and there are no effects.

    A row of an ensemble, with the data of its members in `folds`, is the features that each member makes of it, side by
    side: what one column became is moved in all of them at once.
    """
    data_of = list(folds) or [prepared]
    columns, predict = _columns(prepared, data_of), _predictor(network, data_of)
    features = sum(len(each.preprocessing.feature_names) for each in data_of)
    score: Score = "rmse" if prepared.task == "regression" else "log_loss"
    found: LooksAt = {"score": score, "repeats": {}, "rows": {}, "importance": {}}
    of_test_alone = is_final or isinstance(prepared.preprocessing, ImagePreprocessing)
    for split in ("test",) if of_test_alone else ("test", "validation"):
        data = [each.split(split) for each in data_of]
        y = prepared.targets(split) if score == "rmse" else np.asarray(data[0].y)
        rows, repeats = rows_and_repeats(len(y), features, len(columns))
        if not rows:
            continue
        chosen = _some(len(y), rows, split)
        found["importance"][split] = permutation_importance(
            predict, _joined([each.X[chosen] for each in data]), y[chosen], columns, score, repeats=repeats, seed=SEED
        )
        found["rows"][split], found["repeats"][split] = rows, repeats
    if "test" not in found["importance"]:
        return found
    if isinstance(prepared.preprocessing, TablePreprocessing):
        ranked = sorted(found["importance"]["test"], key=lambda each: -each["increase"])
        X = _learnt_rows(data_of)
        first = [each["column"] for each in ranked[:COLUMNS_DRAWN] if each["increase"]]
        effects = [_effect(prepared, data_of, predict, X, name) for name in first]
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


def _joined(features: Sequence[FloatArray]) -> FloatArray:
    joined: FloatArray = np.concatenate([np.asarray(each) for each in features], axis=1)
    return joined


def _learnt_rows(data_of: Sequence[PreparedData]) -> FloatArray:
    """Return some of the training rows; of several folds, of the rows that all of them have and are not for testing."""
    if len(data_of) == 1:
        train = data_of[0].split("train")
        return np.asarray(train.X[_some(len(train), min(len(train), EFFECT_ROWS), "train")])
    numbers = [np.concatenate([each.rows("train"), each.rows("validation")]) for each in data_of]
    wanted = reduce(np.intersect1d, numbers)
    wanted = wanted[_some(len(wanted), min(len(wanted), EFFECT_ROWS), "train")]
    found = []
    for each, rows in zip(data_of, numbers, strict=True):
        order = np.argsort(rows)
        places, train = order[np.searchsorted(rows, wanted, sorter=order)], each.split("train")
        is_train = places < len(train)
        X = np.empty((len(wanted), train.X.shape[1]), dtype=np.float32)
        X[is_train] = train.X[places[is_train]]
        X[~is_train] = each.split("validation").X[places[~is_train] - len(train)]
        found.append(X)
    return _joined(found)


def _predictor(network: TrainedModel, data_of: Sequence[PreparedData]) -> Predict:
    ends = np.cumsum([len(each.preprocessing.feature_names) for each in data_of])[:-1].tolist()

    def predict(X: FloatArray) -> FloatArray:
        if isinstance(network, Ensemble):
            predicted = network.averaged(np.split(X, ends, axis=1))
        else:
            predicted = network.predict_features(X)
        return predicted if network.class_names else predicted[:, 0]

    return predict


def _columns(prepared: PreparedData, data_of: Sequence[PreparedData]) -> list[ColumnFeatures]:
    preprocessing = prepared.preprocessing
    if not isinstance(preprocessing, ImagePreprocessing):
        return [ColumnFeatures(*each) for each in joint_places([data.preprocessing for data in data_of])]
    (height, width), side = preprocessing.shape, _side(preprocessing)
    pixels = np.arange(height * width).reshape(height, width)
    return [
        ColumnFeatures(
            f"{_range('row', top, min(top + side, height))}, {_range('column', left, min(left + side, width))}",
            [
                int(place) + member * height * width
                for member in range(len(data_of))
                for place in pixels[top : top + side, left : left + side].ravel()
            ],
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
    prepared: PreparedData, data_of: Sequence[PreparedData], predict: Predict, X: FloatArray, name: str
) -> ColumnEffect | None:
    """Return the effect of a column on the predictions; None where the rows that have a value have no two."""
    found = _in_members(data_of, name)
    column = found[0][0]
    if column["kind"] == "categorical":
        of_category: dict[str, list[int]] = {}
        for each, start in found:
            if each["kind"] != "categorical":
                continue
            for place, category in enumerate(each["categories"], start=start):
                of_category.setdefault(category, []).append(place)
        frequent = np.argsort(-X[:, [own[0] for own in of_category.values()]].mean(axis=0), kind="stable")
        effects = category_effects(predict, X, list(of_category.values()))[frequent[:CATEGORIES]]
        at: Sequence[Any] = [list(of_category)[index] for index in frequent[:CATEGORIES]]
    else:
        marks = [start + 1 for each, start in found if each["kind"] != "categorical" and each["indicator"]]
        with_value = X[(X[:, marks] == 0).all(axis=1)]
        places = [start for _, start in found]
        if not len(with_value) or not np.ptp(with_value[:, places[0]]):
            return None
        edges, effects = accumulated_effects(predict, with_value, places)
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


def _in_members(data_of: Sequence[PreparedData], name: str) -> list[tuple[Column, int]]:
    """Return what each member knows of a column, and where its features of it begin in a row of all of them."""
    found, start = [], 0
    for each in data_of:
        if isinstance(each.preprocessing, TablePreprocessing):
            for column, (of, places) in zip(each.preprocessing.columns, column_places(each.preprocessing), strict=True):
                if of == name:
                    found.append((column, start + places.start))
        start += len(each.preprocessing.feature_names)
    return found


def _shown(column: NumericColumn | DateColumn, edges: FloatArray) -> Sequence[Any]:
    """Return the values of a feature as the raw column has them: numbers, or dates."""
    raw = in_raw_units(column, edges.astype(np.float64))
    return iso_strings(np.rint(raw)) if column["kind"] == "date" else raw.tolist()
