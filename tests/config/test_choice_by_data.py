"""What data select in conf/: the optimizer and the schedule named for them, and a preset of network and training."""

from pathlib import Path

import pytest

from glassnet.config import Settings
from glassnet.config.changes import changes_from_conf
from glassnet.config.compose import composed, register_resolvers, to_settings
from glassnet.config.conf_edits import edits_to
from glassnet.config.presets import default_choices
from tests.settings import write_conf

ROOT = Path(__file__).parents[2]
OWN = {
    "optimizer/csv.yaml": "name: adam\nlearning_rate: 0.04\nbeta1: 0.9\nbeta2: 0.95\neps: 1.0e-08\n",
    "schedule/csv.yaml": "name: coslog4\nwarmup_epochs: 0\n",
    "preset/csv.yaml": "# @package _global_\nmodel:\n  hidden_sizes: [9]\n  activation: selu\n  dropout: 0.0\n"
    "  normalization: null\n  init: ntk\n  input_scale: true\n  zero_output: true\ntraining:\n  epochs: 7\n"
    "  batch_size: 8\n  patience: null\n  label_smoothing: 0.1\n  bias_rate_factor: 0.1\n  scale_rate_factor: 6.0\n",
}


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with conf/ in it, as working directory."""
    write_conf(ROOT / "conf", tmp_path / "conf")
    for name, content in OWN.items():
        (tmp_path / "conf" / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    register_resolvers(Path("conf"))
    return Path("conf")


def _settings(*overrides: str) -> Settings:
    return to_settings(composed(overrides), "conf/")


def test_the_data_select_them_and_a_command_line_may_choose_others(conf: Path) -> None:
    """A preset's training wins over that of conf/training, an optimizer that was asked for keeps its own rate."""
    table = _settings("data=csv", "data.path=x.csv")
    assert table.optimizer.model_dump()["learning_rate"] == 0.04
    assert (table.schedule.name, table.training.patience, table.training.epochs) == ("coslog4", None, 7)
    assert (table.model.init, table.model.input_scale) == ("ntk", True)
    other = _settings("data=csv", "data.path=x.csv", "optimizer=sgd", "schedule=constant", "model=softmax")
    assert (other.optimizer.learning_rate, other.schedule.name, other.model.hidden_sizes) == (0.1, "constant", [])
    wine = _settings()
    assert (wine.optimizer.learning_rate, wine.schedule.name, wine.training.patience) == (0.01, "cosine", 20)
    assert default_choices(conf, "csv")["optimizer"] == "csv"
    assert default_choices(conf, "wine")["optimizer"] == "adam"


@pytest.mark.parametrize(
    "overrides",
    [
        ("data=csv", "data.path=x.csv"),
        ("data=csv", "data.path=x.csv", "data.scaling=standard"),
        ("data=csv", "data.path=x.csv", "optimizer.learning_rate=0.2", "training.patience=5"),
        ("data=csv", "data.path=x.csv", "optimizer=sgd", "schedule=constant"),
        ("data=csv", "data.path=x.csv", "model=softmax"),
        ("data=csv", "data.path=x.csv", "model.input_scale=false", "training.bias_rate_factor=1.0"),
        ("data=wine", "schedule=coslog4", "data.scaling=robust"),
        ("seed=1",),
    ],
)
def test_a_run_is_repeated_by_its_changes_alone(conf: Path, overrides: tuple[str, ...]) -> None:
    """Nothing is said of what the data select; settings at their default, which a run leaves out, are not lost."""
    settings = _settings(*overrides)
    changes = changes_from_conf(conf, settings.describing_the_result())
    assert _settings(*changes).describing_the_result() == settings.describing_the_result()
    assert len(changes) <= len(overrides)


def test_a_promotion_edits_the_file_that_decides(conf: Path) -> None:
    """The preset for what it has; the optimizer of the data, not that of all; and the main file where data change."""
    edits = edits_to(conf, _settings("data=csv", "data.path=x.csv", "training.patience=5", "optimizer.beta2=0.9"))
    assert {(Path(edit.file).relative_to("conf").as_posix(), edit.keys) for edit in edits} == {
        ("config.yaml", ("defaults", "data")),
        ("data/csv.yaml", ("path",)),
        ("preset/csv.yaml", ("training", "patience")),
        ("optimizer/csv.yaml", ("beta2",)),
    }
    assert not edits_to(conf, _settings())
    (edit,) = edits_to(conf, _settings("training.patience=5"))
    assert (edit.file, edit.keys) == ("conf/training/default.yaml", ("patience",))


def test_the_experiment_sets_for_other_data_what_tables_select(conf: Path) -> None:
    """Network, optimizer, schedule and training of experiment=tabular are those of data=csv."""
    tabular, of_tables = _settings("data=wine", "experiment=tabular"), _settings("data=csv", "data.path=x.csv")
    for group in ("model", "optimizer", "schedule", "training"):
        assert getattr(tabular, group) == getattr(of_tables, group)
