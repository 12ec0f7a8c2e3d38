"""Garbage of trainings, collected seldom while a program of ours runs: not so seldom that networks pile up."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from glassnet.config import Settings
from glassnet.garbage import RARELY
from glassnet.runs import Job, Layout
from glassnet.runs.sweeps import run_job
from tests.settings import settings_with


class Network:
    """Refers to itself, as a network does by way of its optimizer's vectors."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _rarely() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(RARELY)
    yield
    gc.set_threshold(*usual)


def test_a_job_does_not_begin_beside_the_networks_of_those_before_it(tmp_path: Path) -> None:
    made: list[weakref.ref[Network]] = []

    def train(settings: Settings, layout: Layout) -> None:
        assert [network for network in made if network() is not None] == []
        made.append(weakref.ref(Network()))

    config = OmegaConf.create(settings_with("tracking=none").model_dump())
    jobs = [Job(tmp_path / str(number), [], []) for number in range(3)]
    for job in jobs:
        run_job(train, config, job)
    assert [job.status for job in jobs] == ["finished"] * 3
    assert len(made) == 3
