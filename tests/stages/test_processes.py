"""The train stage shares its batches among several processes, with the outcome that one process has."""

from pathlib import Path
from typing import Any

import pytest

from glassnet.config import parse_settings
from glassnet.runs import Layout
from glassnet.stages import fetch, prepare, train
from glassnet.training import read_history
from tests.settings import params

ROOT = Path(__file__).resolve().parents[2]


def _values(processes: int, normalization: str | None = None) -> dict[str, Any]:
    values: dict[str, Any] = params()
    values["tracking"]["name"] = "none"
    values["model"] |= {"dropout": 0.2, "normalization": normalization}
    values["training"] |= {"epochs": 4, "final": True, "sanity": True, "processes": processes}
    values["training"]["baseline"]["epochs"] = 1
    return values


@pytest.mark.parametrize(("normalization", "near"), [(None, 1e-4), ("batch", 1e-3)])
def test_two_processes_train_what_one_does(
    normalization: str | None, near: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """History and chosen epoch agree; the run is another one all the same, since its last digits may differ."""
    losses, histories, cards = [], [], []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        (folder / "src").symlink_to(ROOT / "src")
        monkeypatch.chdir(folder)
        settings, layout = parse_settings(_values(processes, normalization), "params.yaml"), Layout(Path())
        fetch.main(settings, layout)
        prepare.main(settings, layout)
        losses.append(train.main(settings, layout))
        histories.append(read_history(layout.history))
        cards.append(layout.manifest.read_text())
    assert losses[0] == pytest.approx(losses[1], rel=near)
    for row, other in zip(*histories, strict=True):
        assert other["train_loss"] == pytest.approx(row["train_loss"], rel=near)
    assert cards[0] != cards[1]
