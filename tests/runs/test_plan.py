"""What a sweep trains: each of its settings once, and nothing to turn off what is off; said beforehand."""

from typing import Any

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from glassnet.config import CONF, UserError, register_resolvers
from glassnet.config.compose import composed
from glassnet.runs.plan import Compose, Plan, make_plan, require_values
from tests.settings import PROJECT


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    register_resolvers(CONF)


def _plan(*arguments: str, compose: Compose = composed) -> Plan:
    overrides = OverridesParser.create().parse_overrides(list(arguments))
    return make_plan(BasicSweeper.split_arguments(overrides, None)[0], overrides, compose)


def _as_given(job: list[str]) -> Any:
    """Stands for the settings of a job where they are not the matter: composing takes a tenth of a second for each."""
    return OmegaConf.create({"given": job})


@pytest.mark.parametrize(
    ("arguments", "jobs", "note"),
    [
        (
            ("optimizer.learning_rate=0.01,0.01", "seed=range(2)"),
            2,
            "values that are given twice count once; 2 jobs are",
        ),
        (("optimizer.learning_rate=0.01,1e-2,0.010",), 1, "2 jobs are not trained again"),
        (("training.l2=0,0.0",), 1, "training.l2=0.0 makes the same settings as training.l2=0; 1 job is not"),
        (("model.hidden_sizes=[8],[8,8],[8]",), 2, "1 job is not trained again"),
        (("optimizer=adam,adam", "seed=0,1,0"), 2, "4 jobs are not trained again"),
    ],
)
def test_the_same_settings_are_trained_once(arguments: tuple[str, ...], jobs: int, note: str) -> None:
    """However they are written: twins would count twice in a mean and its deviation."""
    plan = _plan(*arguments)
    assert len(plan.jobs) == jobs
    assert note in plan.notes[0]
    assert f"{jobs} job" in plan.lines[0]


def test_different_settings_are_all_trained() -> None:
    """Also if they change no result: somebody may want to know how long each takes."""
    plan = _plan("training.telemetry_every=10,null", "model=mlp,softmax", "seed=range(3)")
    assert len(plan.jobs) == 12
    assert plan.notes == []
    assert plan.lines == [
        "12 jobs",
        "  training.telemetry_every  2 values: 10, null",
        "  model                     2 values: mlp, softmax",
        "  seed                      3 values: 0, 1, 2",
    ]


def test_what_is_known_in_the_job_alone_makes_no_twins() -> None:
    """Its number, say."""
    assert len(_plan("seed=${hydra:job.num}", "model.dropout=0.1,0.1").jobs) == 2


def test_parts_that_are_off_are_said_and_not_trained() -> None:
    """At the settings of conf/ five of seven are off."""
    parts = "nothing,no_hidden_layers,no_schedule,no_dropout,no_normalization,no_l2,no_label_smoothing,no_averaging"
    plan = _plan(f"ablation={parts}", "seed=range(2)")
    assert [job[0] for job in plan.jobs[::2]] == [
        "ablation=nothing",
        "ablation=no_hidden_layers",
        "ablation=no_schedule",
    ]
    assert plan.notes == [
        "ablation: no_dropout, no_normalization, no_l2, no_label_smoothing, no_averaging: off already, so that there "
        "is nothing to turn off; 10 jobs are not trained"
    ]
    assert plan.lines[0] == "6 jobs, of 16 in the grid"


def test_an_ablation_decides_what_is_swept_too() -> None:
    """Its one training stands for all values that it takes the place of."""
    plan = _plan("ablation=nothing,no_dropout", "model.dropout=0.2,0.4")
    assert plan.jobs[2:] == [["ablation=no_dropout", "model.dropout=0.0"]]
    assert plan.notes == [
        "ablation=no_dropout model.dropout=0.4 makes the same settings as model.dropout=0.2; 1 job is not trained again"
    ]


@pytest.mark.parametrize("arguments", [("ablation=no_dropout,no_l2",), ("ablation=no_dropout", "seed=0,1")])
def test_nothing_to_turn_off_is_nothing_to_train(arguments: tuple[str, ...]) -> None:
    """It is refused in one line."""
    with pytest.raises(UserError, match=r"expected a part that is on, received no_dropout.*, off already"):
        _plan(*arguments)


@pytest.mark.parametrize(
    ("argument", "note"),
    [
        ("model.dropout=range(0,0.4,0.1)", "has its end, 0.4, too"),
        ("model.dropout=range(0,0.5,0.1)", ""),
        ("model.dropout=range(0.4,0,-0.1)", "has its end, 0, too"),
        ("seed=range(4)", ""),
    ],
)
def test_a_range_that_has_its_own_end_is_said(argument: str, note: str) -> None:
    """Hydra adds up the steps, so that rounding decides; the values are shown as they will be used."""
    plan = _plan(argument, compose=_as_given)
    values = list(dict.fromkeys(job[0].partition("=")[2] for job in plan.jobs))
    assert plan.lines[1].endswith(f"{len(values)} values: {', '.join(values)}")
    assert note in (plan.notes[0] if plan.notes else "")
    assert bool(note) == bool(plan.notes)


def test_many_values_are_shown_in_short() -> None:
    """The first ones and the last."""
    plan = _plan("seed=range(13)", compose=_as_given)
    assert plan.lines == ["13 jobs", "  seed  13 values: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …, 12"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("seed=range(0)", "received 'seed=range(0)', which has none"),
        ("seed=range(3,1)", "which has none"),
        ("seed=range(0,1,0)", "received 'seed=range(0,1,0)' (range() arg 3 must not be zero)"),
        ("model.dropout=range(0,0.3,-0.1)", "which has none"),
        ("model.dropout=range(0,0.3,0.0)", "Invalid range values"),
        ("model.dropout=interval(0,0.3)", "stages.search` finds values in it"),
    ],
)
def test_a_sweep_over_no_values_is_refused(argument: str, message: str) -> None:
    """It would train nothing, and end well."""
    with pytest.raises(UserError) as refused:
        require_values(OverridesParser.create().parse_overrides([argument])[0])
    assert message in str(refused.value)


def test_losses_on_different_scales_are_not_compared() -> None:
    """The best validation loss of a sweep over the target's transform would be that of the scale, not of the model."""
    with pytest.raises(UserError, match=r"data\.target_transform: expected one value for all trainings, received"):
        _plan("data=diabetes", "data.target_transform=none,log")
    assert len(_plan("data=diabetes", "data.target_transform=log", "seed=0,1").jobs) == 2
