"""The train stage holds no more of a data set than its batches, however large the files are."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.config import parse_settings
from glassnet.runs import Layout
from glassnet.sources import RawImages
from glassnet.stages import train
from glassnet.tables import prepare, prepared
from tests.settings import params


def test_memory_in_use_does_not_grow_with_the_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests, network and baseline of 19 MB of features in a few megabytes, where splits are memory-mapped."""
    values: dict[str, Any] = params()
    values["tracking"]["name"] = "none"
    values["training"] |= {"epochs": 1, "batch_size": 256}
    values["training"]["baseline"]["epochs"] = 1
    settings = parse_settings(values, "params.yaml")
    images = np.random.default_rng(0).integers(0, 256, (12_000, 20, 20)).astype(np.uint8)
    raw = RawImages("noise", "noise", images, np.arange(12_000) % 10, tuple("0123456789"))
    values["data"] |= {"validation_fraction": 0.05, "test_fraction": 0.05}
    prepare(raw, parse_settings(values, "params.yaml").data.choice(), tmp_path / "data" / "prepared")
    monkeypatch.setattr(prepared, "IN_MEMORY", 0)
    monkeypatch.chdir(tmp_path)
    tracemalloc.start()
    train.main(settings, Layout(Path()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
