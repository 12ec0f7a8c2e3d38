"""Files on a disk that takes no more: one clear error with the path, and never half a file under its name."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glassnet import nn
from glassnet.files import whole_file
from glassnet.runs.ending import as_line
from glassnet.sources import DataChoice, RawImages, RawTable, SplitSettings
from glassnet.sources.mirrors.download import download
from glassnet.tables import ImagePreprocessing, prepare, write_raw
from glassnet.training import Architecture, ModelFile, save_model, write_history

IMAGES = RawImages(
    "toy", "toy", np.random.default_rng(0).integers(0, 256, (600, 8, 8)).astype(np.uint8), np.arange(600) % 3,
    ("a", "b", "c"),
)  # fmt: skip
CHOICE = DataChoice(Path(__file__), SplitSettings(validation_fraction=0.2, test_fraction=0.2, split_seed=0), {})


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as if the disk were full; Python ignores the signal that goes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _write_table(folder: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).standard_normal(2000), "y": ["p", "q"] * 1000})
    write_raw(RawTable("table", "a table", frame, ("x",), "y", class_names=("p", "q")), folder)


def _write_model(folder: Path) -> None:
    architecture = Architecture((64, 64, 3))
    model = nn.mlp([64, 64, 3], rng=np.random.default_rng(0))
    save_model(folder / "model.safetensors", ModelFile(model, architecture, ImagePreprocessing((8, 8), 0, 1), (), {}))


def _copy_from_mirror(folder: Path) -> None:
    mirror = folder.parent / "mirror"
    with pytest.raises(OSError, match=r"data\.gz\..*\.part'"):
        download("data.gz", "0" * 64, [str(mirror)], folder)
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(folder / "data.gz"))


@pytest.mark.parametrize(
    ("write", "file"),
    [
        (lambda folder: write_raw(IMAGES, folder), "images.npy"),
        (_write_table, "table.csv"),
        (lambda folder: prepare(IMAGES, CHOICE, folder), "train/features.npy"),
        (_write_model, "model.safetensors"),
        (lambda folder: write_history(folder / "history.csv", [{"epoch": 1.0}] * 9_000, ["epoch"]), "history.csv"),
        (_copy_from_mirror, "data.gz"),
    ],
)
def test_a_disk_that_takes_no_more_leaves_no_half_file(
    tmp_path: Path, write: Callable[[Path], None], file: str
) -> None:
    """The error names the file and becomes one line that says what to do; neither it nor a part of it is left."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "data.gz").write_bytes(bytes(30_000))
    folder = tmp_path / "folder"
    folder.mkdir()
    with _largest_file(10_000), pytest.raises(OSError, match=file) as caught:
        write(folder)
    assert as_line(caught.value).startswith(f"{folder / file}: expected to read or write here, received '")
    assert "; " in as_line(caught.value)
    assert not (folder / file).exists()
    assert not list(folder.rglob("*.part"))
    assert not list(folder.glob("*.json"))  # which says that the data are whole


def test_a_file_that_could_not_be_replaced_is_as_it_was(tmp_path: Path) -> None:
    """Whatever went wrong in between."""
    path = tmp_path / "a.txt"
    path.write_text("old")

    def break_off(error: BaseException) -> None:
        with whole_file(path) as part:
            part.write_text("new, but only ha")
            raise error

    for error in (OSError(errno.EROFS, "Read-only file system"), ValueError("a bug"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            break_off(error)
        assert path.read_text() == "old"
        assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    """Not the one beside it that is written first; another file that was involved keeps its name."""
    for name, named in (("a.txt.part", "a.txt"), ("b.txt", "b.txt")):
        error = OSError(errno.EACCES, "Permission denied", str(tmp_path / name))
        with pytest.raises(PermissionError) as caught, whole_file(tmp_path / "a.txt"):
            raise error
        assert caught.value.filename == str(tmp_path / named)


def test_what_the_system_says_becomes_one_line_with_a_remedy() -> None:
    """Of a disk that is full, or may only be read; other messages stay as they are."""
    full = OSError(errno.ENOSPC, "No space left on device", "models/model.safetensors")
    assert as_line(full) == (
        "models/model.safetensors: expected to read or write here, received 'No space left on device'; "
        "free some space on that disk"
    )
    read_only = OSError(errno.EROFS, "Read-only file system", "outputs")
    assert as_line(read_only).endswith("; choose a place that can be written (hydra.run.dir=<folder>)")
    assert as_line(read_only, "output=<file>").endswith("; choose a place that can be written (output=<file>)")
    assert as_line(read_only, "").endswith("; choose a place that can be written")  # of DVC's outputs, say
    assert "(" not in as_line(full, "output=<file>")
    assert as_line(FileNotFoundError("a.csv: expected\na file")) == "a.csv: expected a file"
    assert as_line(ArithmeticError()) == "ArithmeticError"
