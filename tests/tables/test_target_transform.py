"""A regression that learns the logarithm of its target: prepared, predicted in units, refused where there is none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glassnet import data, training
from glassnet.sources import DataChoice, RawTable, SplitSettings
from glassnet.sources.raw import Task
from glassnet.tables import prepare, read_prepared
from glassnet.tables.targets import note_of_skew

RNG = np.random.default_rng(0)


def _table(prices: np.ndarray, task: Task = "regression", class_names: tuple[str, ...] = ()) -> RawTable:
    frame = pd.DataFrame({"area": np.linspace(1, 2, len(prices)), "price": prices})
    return RawTable("homes", "Homes", frame, ("area",), "price", task, class_names)


def _choice(transform: data.TargetTransform) -> DataChoice:
    return DataChoice(Path(__file__), SplitSettings(0.2, 0.2, 0), {"name": "homes"}, transform)


def _prepare(prices: np.ndarray, transform: data.TargetTransform, folder: Path) -> list[str]:
    prepare(_table(prices), _choice(transform), folder)
    return read_prepared(folder).about["notes"]


def test_the_logarithm_is_standardized_and_the_units_are_kept(tmp_path: Path) -> None:
    """By the statistics of the training rows; and back again to the digit that float32 has."""
    prices = np.exp(RNG.normal(12, 1, 200))
    assert not _prepare(prices, "log", tmp_path)
    prepared = read_prepared(tmp_path)
    train = np.log(prepared.targets("train"))
    scale = prepared.target_scale
    assert scale == {"mean": train.mean(), "scale": train.std(), "transform": "log"}
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(prepared.targets(name), prices[prepared.rows(name)])
        back = data.in_units(np.asarray(prepared.split(name).y)[:, 0], scale)
        np.testing.assert_allclose(back, prepared.targets(name), rtol=1e-6)


def test_a_model_file_predicts_in_units(tmp_path: Path) -> None:
    """Saved and loaded, the transform with it; a file of a plain target has no such key, as before there was one."""
    scale: data.TargetScale = {"mean": 2.0, "scale": 0.5, "transform": "log"}
    plan = training.baseline_plan(1, None, 10, learning_rate=0.1, epochs=1, seed=0)
    unused = np.random.default_rng(0)
    model = plan.architecture.build(unused, unused)
    X = np.array([[0.0], [1.0]], dtype=np.float32)
    preprocessing = data.Standardizing.fit(np.array([[0.0], [1.0], [2.0]]))
    training.save_model(
        tmp_path / "model.safetensors",
        training.ModelFile(model, plan.architecture, preprocessing, (), {"settings": {}}, scale),
    )
    saved = training.load_model(tmp_path / "model.safetensors")
    assert saved.target_scale == scale
    np.testing.assert_allclose(saved.predict_features(X), np.exp(model.forward(X) * 0.5 + 2.0), rtol=1e-6)


def test_the_exponential_of_what_lies_too_far_out_is_refused() -> None:
    """Infinity would be written as a prediction."""
    scale: data.TargetScale = {"mean": 10.0, "scale": 1.0, "transform": "log"}
    with pytest.raises(ValueError, match=r"predictions of a logarithm whose exponential is a number, received 910;"):
        data.in_units(np.array([0.0, 900.0]), scale)
    np.testing.assert_allclose(data.in_units(np.array([900.0]), {"mean": 10.0, "scale": 1.0}), 910.0)


def test_values_without_a_logarithm_are_refused_with_their_rows(tmp_path: Path) -> None:
    """In any split, of which the user knows nothing."""
    prices = np.exp(RNG.normal(12, 1, 60))
    prices[[5, 17]] = 0.0, -3.5
    with pytest.raises(ValueError, match="none") as refused:
        prepare(_table(prices), _choice("log"), tmp_path)
    assert str(refused.value) == (
        "data.target_transform: expected values above 0 in the target 'price' for log, received 0 in row 5, -3.5 in "
        "row 17, counted from 0; leave such rows out of the table, or set data.target_transform=none"
    )
    assert not _prepare(prices, "none", tmp_path)  # nor is the logarithm proposed


def test_classes_have_no_logarithm(tmp_path: Path) -> None:
    """The task of a table may be found out from its target: then only preparing it tells."""
    table = _table(np.array(["low", "high"] * 30), "classification", ("low", "high"))
    with pytest.raises(ValueError, match=r"expected none for homes, whose target is classes, received log"):
        prepare(table, _choice("log"), tmp_path)


@pytest.mark.parametrize(
    ("draw", "is_noted"),
    [
        (lambda rng: np.exp(rng.normal(12, 1, 300)), True),  # prices
        (lambda rng: rng.normal(100, 10, 300), False),  # symmetric
        (lambda rng: rng.gamma(40, 1, 300), False),  # hardly skewed
        (lambda rng: 100 - rng.exponential(10, 300).clip(0, 99), False),  # skewed downwards
        (lambda rng: 1e6 + rng.exponential(1, 300), False),  # skewed, and its logarithm just as much
    ],
)
def test_a_skewed_target_is_noted_where_the_logarithm_helps(tmp_path: Path, draw: object, is_noted: bool) -> None:
    """With both numbers and the setting; and no more once it is set."""
    assert callable(draw)
    prices = draw(np.random.default_rng(3))
    notes = _prepare(prices, "none", tmp_path)
    assert len(notes) == is_noted
    if is_noted:
        assert "the target 'price' is skewed: its skewness is" in notes[0]
        assert "data.target_transform=log has the network learn the logarithm" in notes[0]
        assert not _prepare(prices, "log", tmp_path)


def test_few_rows_tell_no_skewness() -> None:
    """Of ten rows a single one makes it."""
    targets = np.array([1.0] * 9 + [1000.0]) + np.arange(10.0)
    assert note_of_skew(targets, np.ones(10, dtype=bool), "price") is None


def test_the_median_is_predicted() -> None:
    """Of a network that is right about the mean of the logarithm: half of the values lie below."""
    z = np.random.default_rng(5).standard_normal(20_001)
    scale: data.TargetScale = {"mean": float(z.mean()), "scale": float(z.std()), "transform": "log"}
    predicted = float(data.in_units(np.zeros(1), scale)[0])
    assert np.mean(np.exp(z) < predicted) == pytest.approx(0.5, abs=0.01)
    assert predicted < np.exp(z).mean() * 0.7
