"""The learning-rate range test and the checks before a long training."""

import math
import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from glassnet import nn, optim
from glassnet.config import parse_settings, training_plan
from glassnet.data import ArrayDataset, DataLoader
from glassnet.diagnostics import learning_rate_range_test, sanity, sanity_checks
from glassnet.diagnostics.sanity import _first_loss
from glassnet.training import TrainingPlan
from glassnet.training.checkpoint import generators
from glassnet.training.train import make_network
from tests.settings import params


def _quadratic(scale: float) -> tuple[nn.Module, nn.Loss, DataLoader]:
    """A noisy linear regression on one constant feature: a quadratic loss."""
    X = np.full((64, 1), scale, dtype=np.float64)
    model = nn.Dense(1, 1, init="zeros", dtype=np.float64)
    T = 3 + np.random.default_rng(0).standard_normal((64, 1))
    return model, nn.MeanSquaredError(), DataLoader(ArrayDataset(X, T), 16, shuffle=True)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_the_edge_is_where_mathematics_puts_it(scale: float) -> None:
    """Gradient descent on curvature c diverges from η = 2/c on; here c = 2(x² + 1), weight and bias together.

    It takes some steps beyond it to show, so the edge is found late, by a factor of a few; what is read is below it.
    """
    model, loss, loader = _quadratic(scale)
    result = learning_rate_range_test(model, loss, optim.SGD(model.parameters(), 0.1), loader)
    edge = 2 / (2 * (scale**2 + 1))
    assert result.edge is not None
    assert edge < result.edge < 5 * edge
    assert result.suggestion == result.steepest < edge
    assert result.tenth_of_minimum < edge / 3
    assert result.third_of_edge == result.edge / 3
    ratios = np.divide(result.learning_rates[1:], result.learning_rates[:-1])
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    assert result.learning_rates[0] == 1e-5


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batch_size", [1, 2, 4, 16])
def test_the_noise_of_small_batches_is_no_edge(batch_size: int, seed: int) -> None:
    """Squared errors of a few rows jump by more than their mean, at rates that hardly move a weight.

    Trained a row at a time, none of eight orders of these rows diverges at a constant rate of 0.03, some do at 0.04.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((400, 20)).astype(np.float32)
    T = (X @ rng.standard_normal((20, 1)) / math.sqrt(20)).astype(np.float32)
    model = nn.mlp([20, 16, 1], rng=rng)
    loader = DataLoader(ArrayDataset(X, T), batch_size, shuffle=True, seed=seed)
    result = learning_rate_range_test(model, nn.MeanSquaredError(), optim.SGD(model.parameters(), 0.1), loader)
    assert result.edge is not None
    assert result.edge > 0.03


def test_everything_is_put_back() -> None:
    """Weights, the optimizer's slots and count, its rate, and the mode."""
    model = nn.mlp([3, 8, 2], normalization="batch", rng=np.random.default_rng(0)).eval()
    rows = ArrayDataset(np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32), np.arange(40) % 2)
    optimizer = optim.Adam(model.parameters(), 0.02)
    before = model.state_dict(), optimizer.state_dict()
    learning_rate_range_test(model, nn.SoftmaxCrossEntropy(), optimizer, DataLoader(rows, 8, shuffle=True))
    for state, saved in ((model.state_dict(), before[0]), (optimizer.state_dict(), before[1])):
        assert all(array.tobytes() == saved[name].tobytes() for name, array in state.items())
    assert (optimizer.learning_rate, model.training) == (0.02, False)


def test_a_training_after_a_range_test_is_the_one_without_it() -> None:
    """The dropout masks, the mode of each single layer and the gradients are what they were."""
    outputs = []
    for is_tested in (False, True):
        model = nn.mlp([3, 8, 2], dropout=0.5, normalization="batch", rng=np.random.default_rng(0))
        rows = ArrayDataset(np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32), np.arange(40) % 2)
        normalization = list(model.modules())[2].eval()
        if is_tested:
            optimizer = optim.Adam(model.parameters(), 0.02)
            learning_rate_range_test(model, nn.SoftmaxCrossEntropy(), optimizer, DataLoader(rows, 8, shuffle=True))
            assert not any(parameter.grad.any() for parameter in model.parameters())
        assert not normalization.training
        outputs.append(model.forward(rows.X))
    assert outputs[0].tobytes() == outputs[1].tobytes()


def test_everything_is_put_back_also_after_an_error() -> None:
    """Rows that can no longer be read, when the weights have moved already."""

    class Fading(ArrayDataset):
        reads = 0

        def __getitem__(self, index: Any) -> tuple[Any, Any]:
            self.reads += 1
            if self.reads > 30:  # the first pass over the 20 batches moves nothing
                raise OSError("unreadable")
            return super().__getitem__(index)

    model = nn.mlp([3, 8, 2], normalization="batch", dropout=0.5, rng=np.random.default_rng(0)).eval()
    rows = Fading(np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32), np.arange(40) % 2)
    optimizer = optim.Adam(model.parameters(), 0.02)
    before = model.state_dict()
    states = [str(generator.bit_generator.state) for generator in generators(model)]
    with pytest.raises(OSError, match="unreadable"):
        learning_rate_range_test(model, nn.SoftmaxCrossEntropy(), optimizer, DataLoader(rows, 16))
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    assert (optimizer.steps, optimizer.learning_rate, model.training) == (0, 0.02, False)
    assert [str(generator.bit_generator.state) for generator in generators(model)] == states


@pytest.mark.parametrize(("rows", "batch_size", "steps"), [(300, 64, 150), (30, 64, 15), (3_000, 8, 200), (60, 1, 60)])
def test_no_start_sees_a_row_twice(rows: int, batch_size: int, steps: int) -> None:
    """Few rows make smaller batches first, then fewer steps; each start has an order of its own."""
    seen: list[int] = []

    class Watched(ArrayDataset):
        def __getitem__(self, index: Any) -> tuple[Any, Any]:
            seen.extend(index)
            return super().__getitem__(index)

    X = np.random.default_rng(1).standard_normal((rows, 3)).astype(np.float32)
    model = nn.mlp([3, 8, 2], rng=np.random.default_rng(0))
    loader = DataLoader(Watched(X, (X[:, 0] > 0).astype(np.int64)), batch_size)
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters())
    result = learning_rate_range_test(model, loss, optimizer, loader, highest=1e-2, starts=2)
    assert (len(result.learning_rates), result.edge, result.starts) == (steps, None, 2)
    passes = np.reshape(
        seen, (4, steps * result.batch_size)
    )  # of each start, at the first weights and then in training
    assert all(len(set(one)) == len(one) for one in passes.tolist())
    assert (passes[0] == passes[1]).all()
    assert (passes[0] != passes[2]).any()


def test_noise_alone_is_not_learnt_by_heart() -> None:
    """Random labels: rows that were seen before would lower the loss; those of one pass hardly do."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((120, 20)).astype(np.float32), rng.integers(0, 2, 120)
    model = nn.mlp([20, 64, 2], rng=rng)
    loader = DataLoader(ArrayDataset(X, y), 16, shuffle=True)
    result = learning_rate_range_test(model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), loader)
    assert min(result.smoothed) > 0.75 * math.log(2)


def test_rows_or_rates_that_make_no_test_are_said() -> None:
    """Too few rows for ten batches, and rates that are all too high."""
    model, loss, loader = _quadratic(1.0)
    optimizer = optim.SGD(model.parameters(), 0.1)
    few = DataLoader(ArrayDataset(np.ones((19, 1)), np.ones((19, 1))), 16)
    with pytest.raises(ValueError, match="expected at least 20 rows, none of which is seen twice, received 19"):
        learning_rate_range_test(model, loss, optimizer, few)
    with pytest.raises(ValueError, match="expected a loss that some rate lowers, received none below the first"):
        learning_rate_range_test(model, loss, optimizer, loader, lowest=10)


def test_a_loss_that_no_rate_made_infinite_gives_no_edge() -> None:
    """Features that are not finite, in a later batch too; weights that are not; and a highest rate that is none."""
    X = np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32)
    model = nn.mlp([3, 2], rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 0.1)

    def run(X: nn.FloatArray, **rates: Any) -> None:
        loader = DataLoader(ArrayDataset(X, np.arange(40) % 2), 8)
        learning_rate_range_test(model, nn.SoftmaxCrossEntropy(), optimizer, loader, **rates)

    broken = X.copy()
    broken[17, 1] = np.nan
    with pytest.raises(
        ValueError, match=r"finite loss before any update, received nan for batch 17 of start 1; 1 of its 2"
    ):
        run(broken)
    with pytest.raises(ValueError, match="expected a finite number 0 < highest, received"):
        run(X, highest=math.inf)
    model.parameters()[0].data[0] = np.nan
    with pytest.raises(ValueError, match="received nan for batch 1 of start 1; look at the initial weights"):
        run(X)


def test_a_loss_that_never_blows_up_gives_the_rate_of_the_steepest_fall() -> None:
    """With a highest rate below the edge."""
    model, loss, loader = _quadratic(1.0)
    result = learning_rate_range_test(model, loss, optim.SGD(model.parameters(), 0.1), loader, highest=0.3)
    assert result.edge is None
    assert 1e-3 < result.suggestion < 0.3
    assert list(result.choices) == ["steepest descent", "minimum / 10"]


def _plan(features: int, classes: int | None, **model: Any) -> TrainingPlan:
    values = params()
    values["model"] |= model
    return training_plan(parse_settings(values, "test"), features, classes)


def _rows(scale: float = 1.0) -> ArrayDataset:
    X = (scale * np.random.default_rng(0).standard_normal((60, 4))).astype(np.float32)
    return ArrayDataset(X, np.random.default_rng(1).integers(0, 3, 60))


def test_a_sound_start_passes_both_checks() -> None:
    """Classification, with noise for labels that only learning by heart can fit; and regression."""
    lines = sanity_checks(_plan(4, 3, hidden_sizes=[32], dropout=0.5), _rows())
    assert f"ln 3 = {math.log(3):.3f}" in lines[0]
    assert "learnt by heart" in lines[1]
    smoothed = replace(_plan(4, 3, hidden_sizes=[32]), loss=partial(nn.SoftmaxCrossEntropy, label_smoothing=0.1))
    assert "learnt by heart" in sanity_checks(smoothed, _rows())[1]
    rows = ArrayDataset(_rows().X, np.random.default_rng(2).standard_normal((60, 1)).astype(np.float32))
    assert len(sanity_checks(_plan(4, None, hidden_sizes=[32]), rows)) == 2


@pytest.mark.parametrize("init", ["he_normal", "he_uniform", "xavier_normal", "zeros"])
@pytest.mark.parametrize("hidden_sizes", [[], [8], [64, 64, 64]])
@pytest.mark.parametrize("classes", [2, 10, None])
def test_no_usual_initialization_is_called_out_of_scale(
    init: str, hidden_sizes: list[int], classes: int | None
) -> None:
    """Whatever its depth, and the seed: the bounds are of the mean, and He's variance is in them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20)).astype(np.float32)
    y = rng.integers(0, classes, 200) if classes else rng.standard_normal((200, 1)).astype(np.float32)
    for seed in range(3):
        plan = replace(_plan(20, classes, hidden_sizes=hidden_sizes, init=init), seed=100 * seed)
        first, error = _first_loss(plan, ArrayDataset(X, y))
        random_baseline, usual = (math.log(classes), 1.0) if classes else (float(np.square(y).mean()), 2.0)
        assert random_baseline - 3 * error <= first + 1e-6
        assert first - 3 * error <= random_baseline + usual


@pytest.mark.parametrize("classes", [3, None])
@pytest.mark.parametrize(
    ("factor", "part"),
    [(3.0, "above; look at model.init, and at the scale"), (0.0, "below, before any training; look")],
)
def test_a_first_loss_too_high_or_too_low_is_named(
    monkeypatch: pytest.MonkeyPatch, classes: int | None, factor: float, part: str
) -> None:
    """Outputs three times as large as they should be; and a network that knows the answers beforehand."""
    rows = _rows() if classes else ArrayDataset(_rows().X, np.random.default_rng(2).standard_normal((60, 1)))

    class Biased(nn.Sequential):
        def forward(self, X: nn.FloatArray) -> nn.FloatArray:
            answers = 10.0 * np.eye(3)[rows.y] if classes else rows.y
            return factor * super().forward(X) if factor else answers.astype(np.float32)

    def make(plan: TrainingPlan, train: ArrayDataset) -> tuple[nn.Module, nn.Loss]:
        model, loss = make_network(plan, train)
        return Biased(*model.layers), loss

    monkeypatch.setattr(sanity, "make_network", make)
    with pytest.raises(ValueError, match=f"expected the first loss near .*, received .*{part}"):
        sanity_checks(_plan(4, classes, hidden_sizes=[64, 64]), rows)


def test_a_first_loss_of_one_draw_is_neither_near_nor_far() -> None:
    """The network of 16 units that starts at 3.375 on digits, ln 10 being 2.303, is one of many that start lower."""
    X, y = load_digits(return_X_y=True)
    X = ((X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-3)).astype(np.float32)
    lines = sanity_checks(_plan(64, 10, hidden_sizes=[16]), ArrayDataset(X, y))
    assert re.fullmatch(
        r"first loss (2\.[4-9]|3\.[0-2])\d+, the mean of 16 initializations, near ln 10 = 2\.303 \(up to 1 above .*",
        lines[0],
    )


def test_features_out_of_scale_and_a_network_that_is_too_small_are_named() -> None:
    """A first loss far from the random baseline; rows that cannot be learnt by heart."""
    with pytest.raises(ValueError, match=r"expected the first loss near ln 3 = 1\.099, received \d"):
        sanity_checks(_plan(4, 3, hidden_sizes=[32]), _rows(1000.0))
    with pytest.raises(ValueError, match=r"expected the loss on 16 rows to fall below 0\.02"):
        sanity_checks(_plan(4, 3, hidden_sizes=[]), _rows())
