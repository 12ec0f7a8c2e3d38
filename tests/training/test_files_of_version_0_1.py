"""Files that version 0.1 wrote: its models predict the same, and its checkpoints are refused."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glassnet import nn, optim, training
from glassnet.data import ArrayDataset, DataLoader
from glassnet.tables import load_model
from glassnet.training import Checkpoints

FILES = Path(__file__).parent / "version_0_1"


def test_a_model_predicts_what_it_did() -> None:
    """Raw rows with missing values go through the preprocessing and the network in the file."""
    saved = load_model(FILES / "model.safetensors")
    rows = pd.DataFrame({"age": ["31", "?", "54"], "town": ["Rome", "?", "Oslo"]})
    np.testing.assert_allclose(saved.predict_frame(rows), np.load(FILES / "predictions.npy"), rtol=1e-6)
    assert saved.about == {"best_epoch": 3}


def test_a_checkpoint_is_refused(tmp_path: Path) -> None:
    """Adam kept its moments in another scale: the training would go on, to other weights, without a word."""
    shutil.copy(FILES / "checkpoint.safetensors", tmp_path)
    data = ArrayDataset(np.zeros((24, 3), np.float32), np.zeros(24, np.int64))
    model = nn.mlp([3, 4, 2], dropout=0.2, normalization="batch", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"checkpoint of glassnet 0\.2, received one of 0\.1.*or start it anew"):
        training.fit(
            model,
            nn.SoftmaxCrossEntropy(),
            optim.Adam(model.parameters(), learning_rate=0.02),
            DataLoader(data, 8),
            DataLoader(data, 24),
            epochs=4,
            callbacks=[Checkpoints(tmp_path, {"of": "a test"}, resume=True)],
        )
    assert (tmp_path / "checkpoint.safetensors").is_file()


def test_preprocessing_that_the_library_does_not_know_is_one_line() -> None:
    """It names the function that does."""
    with pytest.raises(
        ValueError,
        match=r"expected .* 'robust_scaling', received kind 'table'; read it with glassnet\.tab",
    ):
        training.load_model(FILES / "model.safetensors")
