"""Folders and files that cannot be written are refused before anything is done, with the setting that names them."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from glassnet.config import UserError
from glassnet.runs import require_writable
from glassnet.runs.folders import require_own_folder
from glassnet.stages import predict

READ_ONLY = SimpleNamespace(f_flag=os.ST_RDONLY)


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below which the system lets nobody write, not even root, as in a file system mounted to be read."""
    folder = tmp_path / "locked"
    folder.mkdir()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda place, mode: access(place, mode) and not Path(place).is_relative_to(folder)
    )
    monkeypatch.setattr(os, "statvfs", lambda place: READ_ONLY)
    return folder


@pytest.mark.parametrize("inside", ["", "new", "new/er", "there", "there/p.csv"])
def test_a_place_on_a_file_system_to_be_read_is_named(locked: Path, inside: str) -> None:
    """The place that was given, and the folder that is there already."""
    (locked / "there").mkdir()
    folder = locked / "there" if inside.startswith("there") else locked
    with pytest.raises(UserError) as refused:
        require_writable("hydra.run.dir", locked / inside)
    assert str(refused.value) == (
        f"hydra.run.dir: expected a place that can be written, received '{locked / inside}', on a file system that can "
        f"only be read ({folder}); choose another one"
    )


def test_a_folder_of_someone_elses_is_told_from_it(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is another one."""
    monkeypatch.setattr(os, "statvfs", lambda place: SimpleNamespace(f_flag=0))
    with pytest.raises(UserError, match="where you may not write"):
        require_own_folder("search.folder", locked / "s")


def test_a_folder_and_a_file_in_one_that_can_be_written_pass(tmp_path: Path) -> None:
    """Also if they are to be made; a file itself is replaced, so that its own mode has no say."""
    path = tmp_path / "p.csv"
    path.touch(0o400)
    for place in (path, tmp_path, tmp_path / "a" / "b"):
        require_writable("output", place)


def test_predict_names_its_own_setting(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it reads the model."""
    monkeypatch.setattr(sys, "argv", ["predict", "input=in.csv", f"output={locked / 'p.csv'}", "model=none"])
    with pytest.raises(UserError, match=r"^output: expected a place that can be written, received .*p\.csv'"):
        predict.main()
