"""Trains the network, and softmax regression as its baseline; sees the training and validation splits only."""

import hashlib
import json
from pathlib import Path
from typing import Any

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import PreparedData, open_prepared
from glassnet.training import (
    TIMING_COLUMNS,
    ModelFile,
    Progress,
    baseline_settings,
    save_model,
    train_network,
    write_history,
)

CODE = ("config", "data", "nn", "optim", "training", "seeding.py")  # what the weights depend on, under src/glassnet


def main(settings: Settings, layout: Layout) -> float:
    """Train, write the models, the history and the run's card, and return the best validation loss."""
    prepared = open_prepared(settings.data.model_dump(), layout.prepared, by_dvc=layout.by_dvc)
    values = settings.describing_the_result()
    data = prepared.split("train"), prepared.split("validation")
    classes = len(prepared.class_names)
    model, architecture, history, best = train_network(values, *data, classes, [Progress("train")])
    chosen = {
        "best_epoch": best.epoch,
        "best_validation_loss": best.loss,
        "best_validation_accuracy": history[best.epoch - 1]["validation_accuracy"],
    }
    about = {"dataset": prepared.about["dataset"], "settings": values, **chosen}
    saved = ModelFile(model, architecture, prepared.preprocessing, prepared.class_names, about)
    save_model(layout.model, saved)
    _train_baseline(baseline_settings(values), prepared, layout)
    card = {**_identity(values, prepared), "settings": values, **chosen, "epochs": len(history)}
    _write_history(layout, history, card["key"])
    layout.run_card.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"train: best validation loss {best.loss!r} at epoch {best.epoch} of {len(history)}, model in {layout.model}")
    if not layout.by_dvc:
        _finish_run_by_hand(settings, layout, prepared)
    return best.loss


def _train_baseline(values: dict[str, Any], prepared: PreparedData, layout: Layout) -> None:
    data = prepared.split("train"), prepared.split("validation")
    classes = len(prepared.class_names)
    model, architecture, _, best = train_network(values, *data, classes, [Progress("baseline")])
    about = {"best_epoch": best.epoch}
    save_model(layout.baseline, ModelFile(model, architecture, prepared.preprocessing, prepared.class_names, about))


def _write_history(layout: Layout, history: list[dict[str, float]], key: str) -> None:
    results = [column for column in history[0] if column not in TIMING_COLUMNS]
    if layout.by_dvc:  # DVC hashes the history, and seconds are never the same twice
        write_history(layout.history, history, results)
        write_history(layout.timing(key), history, ("epoch", *TIMING_COLUMNS))
    else:
        write_history(layout.history, history, history[0])


def _identity(values: dict[str, Any], prepared: PreparedData) -> dict[str, Any]:
    """Return what identifies the run: its key is a digest of the settings, the data and the code."""
    digests = {
        "settings": _digest(json.dumps(values, sort_keys=True).encode()),
        "data": _digest_files(
            [path for split in ("train", "validation") for path in (prepared.folder / split).iterdir()]
        ),
        "code": _digest_files(
            [path for name in CODE for path in (_PACKAGE / name, *(_PACKAGE / name).rglob("*.py")) if path.is_file()]
        ),
    }
    return {
        "key": _digest(json.dumps(digests, sort_keys=True).encode()),
        "digests": digests,
        "rows": prepared.about["rows"],
    }


_PACKAGE = Path(__file__).resolve().parents[1]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _digest_files(paths: list[Path]) -> str:
    lines = sorted(f"{path.parent.name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths)
    return _digest("\n".join(lines).encode())


def _finish_run_by_hand(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    """Make the folder of a run stand alone, and hand it to the tracking store: no later stage will."""
    from glassnet.reporting import draw_learning_curves
    from glassnet.tracking import hand_over

    layout.figures.mkdir(parents=True, exist_ok=True)
    draw_learning_curves(layout.history, layout.figures / "learning_curves.png")
    hand_over(settings, layout, prepared)


if __name__ == "__main__":
    run_stage("train", main)
