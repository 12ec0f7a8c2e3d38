"""What a training leaves, beside its models: the record of the run, on disk and in the tracking store."""

import json
from collections.abc import Sequence
from pathlib import Path

from glassnet.config import Settings, named_by
from glassnet.diagnostics import Telemetry, write_telemetry
from glassnet.files import whole_file, write_whole
from glassnet.runs import Layout, as_line
from glassnet.runs.manifest import Manifest, learns_logarithm, minimized_of, read_manifest
from glassnet.tables import PreparedData, load_model
from glassnet.tracking import record_run, record_sweep
from glassnet.training import TIMING_COLUMNS, Row, read_history, write_history


def write_record(layout: Layout, history: Sequence[Row], telemetry: Telemetry | None, manifest: Manifest) -> None:
    """Write what happened in the training, whether or not it came to its end: history, telemetry, manifest and curves.

    The curves are for a standalone run: for the pipeline the report stage draws them, for a sweep its own figures.
    """
    if history:
        _write_history(layout, history, manifest["key"])
    with whole_file(layout.telemetry) as part:
        write_telemetry(part, telemetry.rows if telemetry else [])
    write_whole(layout.manifest, json.dumps(manifest, indent=2) + "\n")
    if history and not layout.by_dvc and layout.sweep is None:
        from glassnet.reporting import draw_learning_curves

        layout.figures.mkdir(parents=True, exist_ok=True)
        of_logarithm = learns_logarithm(manifest["settings"])
        figure, best_epoch = layout.figures / "learning_curves.png", manifest.get("best_epoch")
        draw_learning_curves(layout.history, figure, best_epoch, of_logarithm=of_logarithm)


def _write_history(layout: Layout, history: Sequence[Row], key: str) -> None:
    results = [column for column in history[0] if column not in TIMING_COLUMNS]
    if layout.by_dvc:  # DVC hashes the history, and seconds are never the same twice
        write_history(layout.history, history, results)
        write_history(layout.timing(key), history, ("epoch", *TIMING_COLUMNS))
    else:
        write_history(layout.history, history, history[0])


def finish_standalone_run(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    """Finish a run that no later stage will, and record it."""
    if layout.sweep is not None:  # the sweep has figures of its own
        _record_job(settings, layout, prepared)
        return
    if settings.training.final:  # nothing is chosen after this, so that the test split may be opened: once, here
        from glassnet.stages import evaluate, report

        evaluate.main(settings, layout)
        report.main(settings, layout)
        return
    record_run(settings, layout, prepared)


def is_finished(settings: Settings, layout: Layout, key: str) -> bool:
    """Return whether this job of a sweep was done before, by the same settings, data and code, and is whole still."""
    if layout.sweep is None or not layout.manifest.is_file():
        return False
    try:
        manifest = read_manifest(layout)
        if manifest["key"] != key or "stopped" in manifest:
            return False
        load_model(layout.model, named_by(settings))
        if (epochs := len(read_history(layout.history))) != manifest["epochs"]:
            raise ValueError(f"{layout.history}: expected {manifest['epochs']} epochs, received {epochs}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"train: note: what was finished before is damaged, and trained again: {as_line(error)}")
        return False
    return True


def finish_again(settings: Settings, layout: Layout, prepared: PreparedData) -> float:
    """Record a job that a restarted sweep need not train again."""
    print("train: finished before, not trained again")
    _record_job(settings, layout, prepared)
    return minimized_of(read_manifest(layout))


def _record_job(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    run_id = record_run(settings, layout, prepared)
    write_whole(layout.recorded, json.dumps({"run_id": run_id}) + "\n")


def finish_sweep(folder: Path, name: str = "train") -> None:
    """Write the table and the figures of a sweep, and record them in the tracking store.

    Args:
        folder: of the sweep.
        name: the command that made it.
    """
    from glassnet.reporting import write_experiment

    files = write_experiment(folder)
    print((folder / "experiment.md").read_text(encoding="utf-8"))
    recorded = record_sweep(folder, files)
    if recorded is not None:
        parent, shown_by = recorded
        print(f"{name}: the sweep is MLflow run {parent}, its jobs are below it; {shown_by} shows them")
