"""The manifest of a run, models/run.json: what was trained with which settings and inputs, and what came of it."""

from typing import Any, NotRequired, TypedDict, cast

from glassnet.runs.layout import Layout
from glassnet.tables.raw_files import read_json

BEST = "best_validation_"


class Manifest(TypedDict):
    """The content of models/run.json.

    The best epoch and its scores are those of a training that came to its end.
    """

    key: str
    settings: dict[str, Any]  # nested as in conf/
    digests: dict[str, str]
    rows: dict[str, int]
    epochs: int
    best_epoch: int
    best_validation_loss: float
    best_validation_accuracy: NotRequired[float]
    best_validation_mae: NotRequired[float]


def read_manifest(layout: Layout) -> Manifest:
    """Read the manifest of a run.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged.
    """
    return cast(Manifest, read_json(layout.manifest, "train", {"key", "settings", "epochs"}))


def best_scores(manifest: Manifest) -> dict[str, float]:
    """Return the validation scores of the best epoch by their names: "loss", and "accuracy" or "mae"."""
    return {name.removeprefix(BEST): cast(float, value) for name, value in manifest.items() if name.startswith(BEST)}
