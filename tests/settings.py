"""Settings of the tests' own: a copy of conf/ in which what a user may have edited has the values of settings.yaml.

`PROJECT` is a folder with that conf/, and with src/ as it is: what a test reads or links instead of the repository's.
"""

import atexit
import copy
import functools
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from glassnet.config import CONF, Settings, register_resolvers, to_settings
from glassnet.config.compose import conf_digest
from glassnet.sources import DataChoice, SplitSettings

ROOT = Path(__file__).resolve().parents[1]
OF_EXPERIMENTS = {"capstone"}  # variants of a choice that an experiment selects


def _is_a_users_own(path: Path) -> bool:
    """Whether a choice of conf/ is not one that glassnet brings: a class of another package, or a variant of a file."""
    values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    target = values.get("_target_", "glassnet.")
    is_variant = values.get("name", path.stem) != path.stem and path.stem not in OF_EXPERIMENTS
    return not target.startswith("glassnet.") or is_variant


def _merged(values: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with those of `own` in their place, section by section."""
    merged = dict(values)
    for key, value in own.items():
        if key == "defaults":  # Hydra's list of one-entry mappings
            merged[key] = [
                {name: value.get(name, choice) for name, choice in entry.items()} if isinstance(entry, dict) else entry
                for entry in values[key]
            ]
        else:
            inner = values.get(key)
            merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def write_conf(source: Path, target: Path) -> None:
    """Copy the conf/ at `source` to `target` with the tests' settings; a file that has them already stays as it is."""
    shutil.copytree(source, target)
    for path in target.glob("*/*.yaml"):
        if _is_a_users_own(path):
            path.unlink()
    own = yaml.safe_load((ROOT / "tests" / "settings.yaml").read_text(encoding="utf-8"))
    for name, values in own.items():
        path = target / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        present = yaml.safe_load(text)
        merged = _merged(present, values)
        if merged != present:
            package = "# @package _global_\n" if text.startswith("# @package _global_") else ""
            path.write_text(package + yaml.safe_dump(merged, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (target / "tuning.json").write_text("[]\n", encoding="utf-8")


def _project() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="glassnet-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_conf(ROOT / "conf", folder / "conf")
    (folder / "src").symlink_to(ROOT / "src")
    return folder


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


PROJECT = _project()
# What data=csv selects, as glassnet ships it, trains longer than most tests need; theirs is that of small tables.
QUICKER = {Path("data/csv.yaml"), Path("preset/csv.yaml"), Path("optimizer/csv.yaml"), Path("schedule/csv.yaml")}
_DIFFERENT = {path for path, _ in _contents(ROOT / "conf").items() ^ _contents(PROJECT / "conf").items()}
IS_EDITED = bool(_DIFFERENT - QUICKER)


@functools.cache
def _params() -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from glassnet.config import register_resolvers

    register_resolvers(PROJECT / "conf")
    with initialize_config_dir(str(PROJECT / "conf"), version_base="1.3"):
        values = OmegaConf.to_container(compose("config"), resolve=True)
    assert isinstance(values, dict)
    return {str(name): value for name, value in values.items()}


def params() -> dict[str, Any]:
    """Return what params.yaml has after `make params` with the tests' conf/: a new dictionary each time."""
    return copy.deepcopy(_params())


def read_choice(group: str, name: str) -> dict[str, Any]:
    """Return the values of a file of the tests' conf/."""
    values: dict[str, Any] = yaml.safe_load((PROJECT / "conf" / group / f"{name}.yaml").read_text(encoding="utf-8"))
    return values


@functools.cache
def _chosen(conf: Path, digest: str, choices: tuple[str, ...]) -> Any:
    """Return what a conf/ of this digest composes to with these choices."""
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(conf), version_base="1.3"):
        return compose("config", list(choices))


def composed_with(*overrides: str, conf: Path = CONF) -> Any:
    """Return what a conf/ composes to with these overrides.

    Hydra takes a tenth of a second for it, and so composes once for the same choices; to set single values, it then
    does the same as is done here.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import OverrideType
    from omegaconf import OmegaConf

    register_resolvers(conf)
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    values = [each for each in parsed if each.type == OverrideType.CHANGE and "." in each.key_or_group]
    choices = tuple(str(each.input_line) for each in parsed if each not in values)
    config = copy.deepcopy(_chosen(conf.resolve(), conf_digest(conf), choices))
    for each in values:
        OmegaConf.update(config, each.key_or_group, each.value(), merge=True)
    return config


def settings_with(*overrides: str) -> Settings:
    """Return the settings that the conf/ of the working directory gives with these overrides."""
    return to_settings(composed_with(*overrides), "test")


def data_choice(name: str, **changes: Any) -> DataChoice:
    """Return what a file of the tests' conf/data chooses, with some of its values changed."""
    values = {**read_choice("data", name), **changes}
    split = SplitSettings(**{field.name: values[field.name] for field in fields(SplitSettings)})
    return DataChoice(Path(values["path"]), split, values, values.get("target_transform", "none"))


def enter_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Link the tests' settings and the code into a folder, and make it the working directory."""
    for name in ("conf", "src"):
        (folder / name).symlink_to(PROJECT / name)
    monkeypatch.chdir(folder)
