"""The summary table: layers, shapes and totals."""

import numpy as np
import pytest

from glassnet import nn


def test_rows_and_total() -> None:
    model = nn.mlp([13, 16, 3], normalization="batch", dropout=0.1, rng=np.random.default_rng(0))
    lines = model.summary().splitlines()
    assert [line.split()[0] for line in lines if line[0].isdigit()] == ["0", "1", "2", "3", "4"]
    assert "Dense(13, 16)" in lines[2]
    assert "(N, 16)" in lines[2]
    assert lines[2].endswith(" 224")  # 13·16 + 16
    assert lines[-1].split() == ["total", "307"]  # 224 + 2·16 + 16·3 + 3


def test_thousands_are_separated_and_nothing_is_changed() -> None:
    model = nn.mlp([100, 200, 10], normalization="batch", rng=np.random.default_rng(0))
    before = model.state_dict()
    assert model.summary().splitlines()[-1].split() == ["total", "22,610"]  # 20 200 + 400 + 2 010
    assert model.training
    assert all((array == before[name]).all() for name, array in model.state_dict().items())


@pytest.mark.parametrize("first", [nn.BatchNorm(5), nn.LayerNorm(5), nn.ReLU()])
def test_a_model_may_start_with_any_layer_and_be_nested(first: nn.Module) -> None:
    model = nn.Sequential(nn.Sequential(first, nn.Dense(5, 2, init="zeros")), nn.Tanh())
    total = sum(parameter.size for parameter in model.parameters())
    text = model.summary()
    assert text.splitlines()[-1].split() == ["total", str(total)]
    assert "0.1" in text


def test_a_model_without_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match="expected .*received none"):
        nn.ReLU().summary()
