"""The values that a search may choose from, in each of the ways in which Hydra lets them be written."""

import optuna
import pytest

from glassnet.config import UserError, parse_override
from glassnet.runs.spaces import Space, read_space, size_of
from tests.settings import PROJECT


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def _space(argument: str) -> Space:
    return read_space(parse_override(argument))


def _proposals(space: Space, trials: int = 60) -> list[str]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.propose(study.ask()) for _ in range(trials)]


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("model=mlp,softmax", ["mlp", "softmax"]),
        ("model=glob(*)", ["mlp", "softmax"]),
        ("schedule=glob([step,co*],exclude=cosine)", ["constant", "coslog4", "step"]),
        ("model.hidden_sizes=[16],[32,32],[16]", ["[16]", "[32,32]"]),
        ("model.normalization=null,batch", ["batch", "null"]),
        ("model.dropout=0.0,0.2,0.20", ["0.0", "0.2"]),
        ("training.flip=true,false", ["False", "True"]),
        ("data.path='a b.csv','c.csv'", ["'a b.csv'", "'c.csv'"]),
        ("seed=sort(3,1,2)", ["1", "2", "3"]),
        ("seed=range(3)", ["0", "1", "2"]),
        ("seed=range(7,1,-3)", ["4", "7"]),
        ("model.dropout=range(0,0.5,0.1)", ["0.0", "0.1", "0.2", "0.3", "0.4"]),
        ("model.dropout=range(0.1,0.2,0.5)", ["0.1"]),
        ("training.batch_size=int(interval(8,11))", ["10", "11", "8", "9"]),
        ("training.batch_size=tag(log, int(interval(1,3)))", ["1", "2", "3"]),
        ("+training.batch_size=tag(log, range(1,5))", ["1", "2", "3", "4"]),
        ("model.dropout=interval(0.25,0.25)", ["0.25"]),
    ],
)
def test_each_value_is_proposed_and_no_other(argument: str, values: list[str]) -> None:
    """Once found, none is lost; and each can be asked for."""
    space = _space(argument)
    assert sorted(set(_proposals(space))) == values
    assert size_of([space]) == len(values)
    study = optuna.create_study()
    for value in space.all_values():
        study.enqueue_trial({space.name: space.parameter(value)})
        assert space.propose(study.ask()) == value


@pytest.mark.parametrize(
    ("argument", "low", "high", "middle"),
    [
        ("optimizer.learning_rate=interval(0.1,0.9)", 0.1, 0.9, 0.5),
        ("optimizer.learning_rate=tag(log,interval(1e-4,1e-2))", 1e-4, 1e-2, 1e-3),
        ("optimizer.learning_rate=tag(log,range(0.001,1.0,0.001))", 0.001, 1.0, 0.032),
        ("model.dropout=interval(0.99996,0.99999)", 0.99996, 0.99999, 0.999975),
    ],
)
def test_numbers_stay_in_their_interval(argument: str, low: float, high: float, middle: float) -> None:
    """Also when rounded; with log, half of them lie below the geometric mean."""
    numbers = [float(value) for value in _proposals(_space(argument), 400)]
    assert all(low <= number <= high for number in numbers)
    assert 140 < sum(number < middle for number in numbers) < 260


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("seed=range(0)", "received 'seed=range(0)', which has none"),
        ("seed=range(0,1,0)", "(range() arg 3 must not be zero)"),
        ("model.dropout=range(0,1,0.0)", "Invalid range values"),
        ("model.dropout=interval(0.5,0.1)", "which has none"),
        ("model.dropout=interval(0.5,inf)", "which has none"),
        ("seed=tag(log,range(0,5))", "above 0 with log"),
        ("model=glob(x*)", "received 'model=glob(x*)', which has none"),
        ("seed=shuffle(1,2)", "leave shuffle out"),
        ("model=tag(log,choice(mlp,softmax))", "leave log out"),
        ("model.dropout=tag(lgo,interval(0,1))", "expected log, the one tag that a search knows"),
    ],
)
def test_what_cannot_be_searched_is_refused(argument: str, message: str) -> None:
    """In one line; a misspelt tag would be an interval without it."""
    with pytest.raises(UserError) as refused:
        _space(argument)
    assert message in str(refused.value)
