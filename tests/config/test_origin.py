"""Values in params.yaml that came neither from conf/ nor from the overrides of an experiment are not lost unseen."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from glassnet.config import CONF, UserError, parse_settings, read_params, register_resolvers, write_params
from glassnet.config.compose import undone_by_generating
from glassnet.config.origin import APPLIED, is_edited, settings_digest
from glassnet.config.yaml_text import load_yaml
from glassnet.runs import Layout
from glassnet.stages import check
from tests.settings import PROJECT

ROOT = Path(__file__).resolve().parents[2]
PARAMS = Path("params.yaml")
Compose = Callable[..., dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with conf/ and the params.yaml that it composes to, as working directory."""
    shutil.copytree(PROJECT / CONF, tmp_path / CONF)
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    write_params()
    _git("init", "-q", "-b", "main")
    _commit()
    return tmp_path


@pytest.fixture
def by_dvc(project: Path) -> Compose:
    """Composes as `dvc exp run -S` does: over params.yaml, whatever that has."""

    def run(*overrides: str) -> dict[str, Any]:
        # Hydra, which finds the plug-in meanwhile, registers what is not DVC's.
        with initialize_config_dir(str(project / CONF), version_base=None):
            config = compose("config", list(overrides))
        register_resolvers(project / CONF, by_dvc=True)
        OmegaConf.resolve(config)
        PARAMS.write_text(OmegaConf.to_yaml(config))
        register_resolvers(project / CONF)
        return load_yaml(PARAMS.read_bytes())

    return run


def _git(*arguments: str) -> str:
    names = ("-c", "user.name=A Newcomer", "-c", "user.email=newcomer@example.org")
    return subprocess.run(["git", *names, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def _commit() -> str:
    _git("add", "conf", "params.yaml")
    _git("commit", "-q", "--allow-empty", "-m", "one")
    return _git("rev-parse", "HEAD")


def _applied(by_dvc: Compose, *overrides: str) -> None:
    """Leave what `dvc exp apply` does: the experiment's params.yaml, and a note of which it is."""
    by_dvc(*overrides)
    kept = PARAMS.read_text()
    revision = _commit()
    _git("reset", "-q", "--hard", "HEAD~1")
    _git("update-ref", APPLIED, revision)
    PARAMS.write_text(kept)


def _checked(tmp_path: Path) -> None:
    check.main(read_params(), Layout(tmp_path / "out"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("optimizer", {"learning_rate": 0.05}), ("seed", 1), ("training", {"epochs": 61}), ("tracking", {"name": "none"})],
)
def test_an_edit_by_hand_is_refused_with_what_it_was(project: Path, key: str, value: Any) -> None:
    """Every stage that DVC starts would train with it, and `make params` would undo it."""
    values = load_yaml(PARAMS.read_bytes())
    values[key] = values[key] | value if isinstance(value, dict) else value
    PARAMS.write_text(yaml.safe_dump(values))
    with pytest.raises(
        UserError, match=r"params\.yaml: expected it as it was generated, received an edited one"
    ) as one:
        read_params()
    changes = {} if key == "tracking" else value if isinstance(value, dict) else {"": value}
    for name, number in changes.items():
        assert f"`dvc exp run -S {f'{key}.{name}' if name else key}={number}`" in str(one.value)
    write_params()
    assert read_params().settings_digest == settings_digest(load_yaml(PARAMS.read_bytes()))


def test_a_comment_or_another_order_is_no_edit(project: Path) -> None:
    """Values are what is trained with."""
    values = load_yaml(PARAMS.read_bytes())
    PARAMS.write_text("# a note\n" + yaml.safe_dump(values, sort_keys=True))
    assert read_params().seed == 0


@pytest.mark.parametrize(
    "value",
    ["2024_11_28", "2024-11-28", "1e-3", "0x1F", "1:30", "yes", "null", "~", "é ☃", "a\nb", "'", "", "1.", 1e-8, 1e16,
     0.1 + 0.2, -0.0, True, None, [], [1, 2.5, "x"], {"a": {"b": [None]}}],
)  # fmt: skip
def test_the_digest_is_the_same_after_writing_and_reading(value: Any) -> None:
    """Else a setting of that form would be taken for an edit for ever."""
    values: dict[str, Any] = {"data": {"target": value}}
    values["settings_digest"] = settings_digest(values)
    assert not is_edited(load_yaml(OmegaConf.to_yaml(OmegaConf.create(values))))
    assert is_edited({**values, "data": {"target": "another"}})


def test_experiments_one_after_another_start_from_conf(by_dvc: Compose, tmp_path: Path) -> None:
    """The settings of the last `dvc exp run` in the workspace are meant to go."""
    assert by_dvc("model=softmax", "optimizer.learning_rate=0.1")["left_behind"] is None
    assert by_dvc("training.epochs=20")["left_behind"] is None
    _checked(tmp_path)


def test_an_applied_experiment_is_not_lost_unseen(by_dvc: Compose, tmp_path: Path) -> None:
    """`check` names what the new composition lacks, however often it is tried; given again, all is well."""
    _applied(by_dvc, "model=softmax", "optimizer.learning_rate=0.1", "training.epochs=50")
    _checked(tmp_path)  # `dvc repro` trains with it
    for _ in range(2):
        assert by_dvc("training.epochs=20")["left_behind"] == ["model=softmax", "optimizer.learning_rate=0.1"]
        with pytest.raises(UserError, match=r"give it again \(-S model=softmax -S optimizer\.learning_rate=0\.1\)"):
            _checked(tmp_path)
    assert by_dvc("model=softmax", "optimizer.learning_rate=0.2")["left_behind"] is None
    _checked(tmp_path)


def test_an_experiment_applied_to_another_commit_is_none_of_this_one(by_dvc: Compose) -> None:
    """DVC remembers for ever which was applied last; here another one with the same settings is run later."""
    _applied(by_dvc, "model=softmax")
    write_params()
    _commit()
    by_dvc("model=softmax")
    assert by_dvc("seed=1")["left_behind"] is None


@pytest.mark.parametrize("way", ["committed", "edited"])
def test_what_was_committed_or_edited_is_not_lost_unseen(by_dvc: Compose, tmp_path: Path, way: str) -> None:
    """By `dvc exp run` without overrides neither; `make params` goes on without it."""
    if way == "committed":
        by_dvc("seed=3")
        _commit()
    else:
        PARAMS.write_text(PARAMS.read_text().replace("\nseed: 0", "\nseed: 3"))
    assert by_dvc()["left_behind"] == ["seed=3"]
    with pytest.raises(UserError, match=r"expected seed=3, which was applied, committed or edited there"):
        _checked(tmp_path)
    write_params()
    assert by_dvc("training.epochs=20")["left_behind"] is None


def test_an_edit_of_conf_leaves_nothing_behind(by_dvc: Compose, project: Path) -> None:
    """What conf/ itself no longer has was taken out on purpose."""
    path = project / CONF / "optimizer" / "adam.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.01", "learning_rate: 0.02"))
    assert by_dvc()["left_behind"] is None


def test_generating_says_what_it_undoes(by_dvc: Compose, project: Path) -> None:
    """Of an applied experiment and of an edit alike; nothing where there is nothing to undo."""
    assert undone_by_generating() == []
    by_dvc("optimizer.learning_rate=0.1")
    assert undone_by_generating() == ["optimizer.learning_rate=0.1"]
    PARAMS.write_text("model: [")
    assert undone_by_generating() == []
    PARAMS.unlink()
    assert undone_by_generating() == []
    write_params()
    parse_settings(load_yaml(PARAMS.read_bytes()), "test")
