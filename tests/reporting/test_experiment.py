"""The table of a sweep, from the records that its jobs leave."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from glassnet.reporting import sweep_figures, write_experiment
from glassnet.runs import FINISHED, PRUNED, Job
from glassnet.runs.jobs import write_notes
from glassnet.training import write_history


def _job(folder: Path, number: int, changes: list[str], loss: float | None, reason: str = "") -> None:
    job = Job(folder / str(number), ["tracking=none", *changes], changes, "first")
    job.status, job.reason = (FINISHED, "") if loss is not None else ("failed", reason)
    job.write()
    if loss is None:
        return
    (job.folder / "models").mkdir()
    manifest = {
        "key": "k",
        "digests": {},
        "rows": {},
        "settings": {},
        "epochs": 3,
        "best_epoch": 2,
        "best_validation_loss": loss,
        "best_validation_accuracy": 1 - loss,
    }
    (job.folder / "models" / "run.json").write_text(json.dumps(manifest))
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


def test_ablations_are_paired_within_each_choice_of_the_others(tmp_path: Path) -> None:
    """No job is compared with one of another batch size; one whose dropout the ablation decides, with each of these."""
    number = 0
    for size, seed in itertools.product((8, 16), (0, 1)):
        others = [f"training.batch_size={size}", f"seed={seed}"]
        for ablation, loss in (("nothing", 0.1), ("no_l2", 0.1 + size / 100 + seed / 100)):
            _job(tmp_path, number, [f"ablation={ablation}", *others], loss)
            number += 1
    write_experiment(tmp_path)
    text = (tmp_path / "experiment.md").read_text(encoding="utf-8")
    assert "| no_l2    | 8                   | +0.085 ± 0.005  | -0.085 ± 0.005      |     2 |" in text
    assert "| no_l2    | 16                  | +0.165 ± 0.005  | -0.165 ± 0.005      |     2 |" in text

    decided = tmp_path / "decided"
    for number, (ablation, dropout, loss) in enumerate(
        [("nothing", 0.2, 0.5), ("nothing", 0.4, 0.7), ("no_dropout", 0.0, 0.4)]
    ):
        for seed in (0, 1):
            _job(decided, 2 * number + seed, [f"ablation={ablation}", f"model.dropout={dropout}", f"seed={seed}"], loss)
    write_experiment(decided)
    text = (decided / "experiment.md").read_text(encoding="utf-8")
    assert "| no_dropout | 0.2           | -0.1 ± 0 " in text
    assert "| no_dropout | 0.4           | -0.3 ± 0 " in text


def test_a_single_training_has_no_spread(tmp_path: Path) -> None:
    """Beside others that have one."""
    for number, changes in enumerate((["model=mlp", "seed=0"], ["model=mlp", "seed=1"], ["model=softmax", "seed=0"])):
        _job(tmp_path, number, changes, 0.1 * (number + 1))
    write_experiment(tmp_path)
    text = (tmp_path / "experiment.md").read_text(encoding="utf-8")
    assert "| softmax | 0.3 " in text
    assert "nan" not in text


def test_what_was_not_trained_is_told(tmp_path: Path) -> None:
    """The notes of the start stand below the table; a pruned job has its epochs and seconds, and no loss."""
    _job(tmp_path, 0, ["seed=0"], 0.5)
    _job(tmp_path, 1, ["seed=1"], 0.4)
    pruned = Job(tmp_path / "1", [], ["seed=1"], "first", PRUNED, "others were better")
    pruned.write()
    write_notes(tmp_path, ["ablation: no_l2: off already", "another"])
    write_experiment(tmp_path)
    assert "|\n\n- ablation: no_l2: off already\n- another\n" in (tmp_path / "experiment.md").read_text(
        encoding="utf-8"
    )
    table = pd.read_csv(tmp_path / "experiment.csv")
    assert list(table["epochs"]) == [3, 3]
    assert list(table["seconds"]) == [1.5, 1.5]
    assert math.isnan(table["validation_loss"][1])
    write_notes(tmp_path, [])
    write_experiment(tmp_path)
    assert "another" not in (tmp_path / "experiment.md").read_text(encoding="utf-8")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The axes of the figures that are drawn, by their files' names."""
    drawn: dict[str, Any] = {}

    def keep(figure: Any, path: Path) -> None:
        figure.draw_without_rendering()
        drawn[path.stem] = figure.axes[0]

    monkeypatch.setattr(sweep_figures, "save", keep)
    return drawn


def test_names_below_a_figure_do_not_overlap(tmp_path: Path, figures: dict[str, Any]) -> None:
    """Those of all ablations side by side: they are turned, and stand further apart than they are high."""
    names = ["nothing", "no_hidden_layers", "no_schedule", "no_dropout", "no_normalization", "no_label_smoothing"]
    for number, name in enumerate(names):
        _job(tmp_path, number, [f"ablation={name}"], 1 - 0.1 * number)
    write_experiment(tmp_path)
    axes = figures["by_ablation"]
    labels = axes.get_xticklabels()
    assert [label.get_text() for label in labels] == names  # as on the command line, not as they came out
    places = axes.transData.transform([(place, 0.0) for place in axes.get_xticks()])[:, 0]
    angle = math.radians(labels[0].get_rotation())
    height = axes.figure.dpi / 72 * labels[0].get_fontsize()
    assert angle > 0
    assert all((after - before) * math.sin(angle) > height for before, after in itertools.pairwise(places))


def test_numbers_stand_in_their_order(tmp_path: Path, figures: dict[str, Any]) -> None:
    """In the legend and below the axis, whatever came out best, and in whatever order they were given."""
    combinations = itertools.product(("0.4", "0.0", "0.2"), ("32", "8", "16"))
    for number, (dropout, size) in enumerate(combinations):
        _job(tmp_path, number, [f"model.dropout={dropout}", f"training.batch_size={size}"], (number * 7) % 10 / 10)
    write_experiment(tmp_path)
    by_size = figures["by_training_batch_size"]
    assert [text.get_text() for text in by_size.get_legend().get_texts()] == ["0.0", "0.2", "0.4"]
    assert [label.get_text() for label in by_size.get_xticklabels()] == ["8", "16", "32"]
    assert [text.get_text() for text in figures["by_model_dropout"].get_legend().get_texts()] == ["8", "16", "32"]


def test_jobs_without_a_value_are_not_drawn(tmp_path: Path, figures: dict[str, Any]) -> None:
    """An ablation has taken it from them; the others are numbers nevertheless."""
    _job(tmp_path, 0, ["ablation=nothing", "schedule.final_fraction=0.5"], 0.3)
    _job(tmp_path, 1, ["ablation=nothing", "schedule.final_fraction=0.1"], 0.2)
    _job(tmp_path, 2, ["ablation=no_schedule"], 0.1)
    write_experiment(tmp_path)
    assert [label.get_text() for label in figures["by_schedule_final_fraction"].get_xticklabels()] == ["0.1", "0.5"]


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
