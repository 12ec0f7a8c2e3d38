"""How pytest-xdist's workers share the tests: one by one, but a file whose tests share something slow goes to one."""

import glassnet.stages  # noqa: F401, I001  # before NumPy: a test then computes as the stages that it starts do
import signal

import pytest
from hydra.core.plugins import Plugins
from xdist.scheduler import LoadScopeScheduling

# A suite that is started in the background has Ctrl-C ignored, and so would have what the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Hydra looks for plug-ins once. One of them registers the repository's conf/, which the first test of a process would
# then compose with in place of its own.
Plugins.instance()

WHOLE = (
    "test_ray.py",
    "test_shared_stores.py",
    "test_postgresql.py",
    "test_glass_page.py",
    "test_diagnosis.py",
    "test_diagnosis_of_the_fit.py",
)  # a Ray cluster, servers, a browser, trainings


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # it is untyped
    """Hands out single tests, and whole files of WHOLE.

    This is what `--dist loadgroup` is for, which with pytest 9.2 groups nothing
    (https://github.com/pytest-dev/pytest-xdist/issues/1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(WHOLE) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneByOne:
    """Return what distributes the tests."""
    return OneByOne(config, log)
