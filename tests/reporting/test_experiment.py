"""The table of a sweep, from the records that its jobs leave."""

import json
from pathlib import Path

import pandas as pd
import pytest

from glassnet.config import FINISHED, Job
from glassnet.reporting import write_experiment
from glassnet.training import write_history


def _job(folder: Path, number: int, changes: list[str], loss: float | None, reason: str = "") -> None:
    job = Job(folder / str(number), ["tracking=none", *changes], changes, "first")
    job.status, job.reason = (FINISHED, "") if loss is not None else ("failed", reason)
    job.write()
    if loss is None:
        return
    (job.folder / "models").mkdir()
    card = {
        "best_epoch": 2,
        "best_validation_loss": loss,
        "best_validation_accuracy": 1 - loss,
        "epochs": 3,
        "key": "k",
    }
    (job.folder / "models" / "run.json").write_text(json.dumps(card))
    rows = [{"epoch": float(epoch), "seconds": 0.5} for epoch in (1, 2, 3)]
    write_history(job.folder / "models" / "history.csv", rows, rows[0])


def test_the_best_job_comes_first_and_failures_last(tmp_path: Path) -> None:
    """Jobs by validation loss; changes, epochs, seconds, the reason of a failure with its bars kept from the table."""
    _job(tmp_path, 0, ["optimizer.learning_rate=0.1"], 0.5)
    _job(tmp_path, 1, ["optimizer.learning_rate=9"], None, "loss is inf | step 3")
    _job(tmp_path, 2, ["optimizer.learning_rate=0.01"], 0.25)
    files = write_experiment(tmp_path)
    table = pd.read_csv(tmp_path / "experiment.csv")
    assert list(table["job"]) == [2, 0, 1]
    assert list(table["optimizer.learning_rate"]) == [0.01, 0.1, 9.0]
    assert list(table["seconds"][:2]) == [1.5, 1.5]
    assert [path.name for path in files] == ["experiment.csv", "experiment.md", "by_optimizer_learning_rate.png"]
    text = (tmp_path / "experiment.md").read_text(encoding="utf-8")
    assert "loss is inf \\| step 3" in text
    assert len({line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")}) == 1
    assert write_experiment(tmp_path) == files


def test_means_are_over_seeds_and_ablations_in_pairs(tmp_path: Path) -> None:
    """Mean and deviation by hand: 0.2 and 0.4; the ablation is worse by 0.1 and by 0.3: 0.2 on average, error 0.1."""
    losses = {("nothing", 0): 0.2, ("nothing", 1): 0.4, ("no_l2", 0): 0.3, ("no_l2", 1): 0.7}
    for number, ((ablation, seed), loss) in enumerate(losses.items()):
        _job(tmp_path, number, [f"ablation={ablation}", f"seed={seed}"], loss)
    write_experiment(tmp_path)
    text = (tmp_path / "experiment.md").read_text(encoding="utf-8")
    assert "| nothing  | 0.3 ± 0.14" in text
    assert "| no_l2    | 0.5 ± 0.28" in text
    assert text.index("| nothing  | 0.3") < text.index("| no_l2    | 0.5")
    assert "+0.2 ± 0.1" in text
    assert "-0.2 ± 0.1" in text


def test_a_sweep_without_a_finished_job_has_a_table_too(tmp_path: Path) -> None:
    """Nothing to average or to draw."""
    _job(tmp_path, 0, ["seed=0"], None, "no")
    assert [path.suffix for path in write_experiment(tmp_path)] == [".csv", ".md"]


@pytest.mark.parametrize("setting", ["model", "optimizer.learning_rate", "model.hidden_sizes"])
def test_names_and_numbers_are_both_drawn(tmp_path: Path, setting: str) -> None:
    """With another setting and seeds besides."""
    values = {
        "model": ("mlp", "softmax"),
        "optimizer.learning_rate": ("0.001", "0.1"),
        "model.hidden_sizes": ("[8]", "[8,8]"),
    }
    number = 0
    for value in values[setting]:
        for size in (8, 16):
            for seed in (0, 1):
                _job(
                    tmp_path,
                    number,
                    [f"{setting}={value}", f"training.batch_size={size}", f"seed={seed}"],
                    0.1 * (number + 1),
                )
                number += 1
    figures = {path.name: path.stat().st_size for path in write_experiment(tmp_path) if path.suffix == ".png"}
    assert sorted(figures) == sorted(
        f"by_{name.replace('.', '_')}.png" for name in (setting, "training.batch_size", "seed")
    )
    assert min(figures.values()) > 5_000
