"""Parts side by side: what they return, whose error is raised, and the same bytes on one core as on several."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from glassnet.runs import Layout
from glassnet.stages import evaluate, train
from glassnet.stages.side_by_side import side_by_side
from tests.stages.test_image_evidence import _project, _settings

__all__ = ["_project"]  # a fixture


@pytest.mark.parametrize("cores", [1, 2, None])
def test_parts_return_what_they_return_alone(cores: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    def wait() -> int:
        time.sleep(0.05)
        return 1

    found = side_by_side({"slow": wait, "quick": lambda: 2, "last": lambda: 3})
    assert list(found.items()) == [("slow", 1), ("quick", 2), ("last", 3)]


def test_two_parts_run_at_once_where_there_are_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    meeting = threading.Barrier(2, timeout=30)
    assert sorted(side_by_side({"first": meeting.wait, "second": meeting.wait}).values()) == [0, 1]


def test_the_error_of_the_first_part_is_raised_and_no_further_part_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    begun = []

    def fail() -> None:
        time.sleep(0.05)
        raise ValueError("the first")

    def wait() -> None:
        begun.append("second")
        time.sleep(1)

    with pytest.raises(ValueError, match="the first"):
        side_by_side({"first": fail, "second": wait, "third": lambda: begun.append("third")})
    assert "third" not in begun


def test_an_evaluation_writes_the_same_bytes_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, layout = _settings("data=digits"), Layout(Path("run"))
    train.main(settings, layout)
    written = []
    for cores in (1, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        evaluate.main(settings, layout)
        written.append([path.read_bytes() for path in (layout.metrics, layout.analysis, layout.predictions)])
    assert written[0] == written[1] == written[2]
    assert {"copies", "label_errors", "confusions", "robustness"} <= json.loads(layout.analysis.read_text()).keys()
