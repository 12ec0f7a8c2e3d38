"""The model that MLflow keeps brings its code along."""

import os
import zipfile
from pathlib import Path

import pytest

from glassnet.tracking import model


def test_code_without_a_date_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some archives and build systems leave it: at the beginning of 1970, which zip files cannot say."""
    source = tmp_path / "glassnet" / "tracking" / "model.py"
    source.parent.mkdir(parents=True)
    source.write_text("x = 1\n")
    os.utime(source, (0, 0))
    monkeypatch.setattr(model, "__file__", str(source))
    model._pack_code(tmp_path / "code.zip")
    assert zipfile.ZipFile(tmp_path / "code.zip").read("glassnet/tracking/model.py") == b"x = 1\n"
