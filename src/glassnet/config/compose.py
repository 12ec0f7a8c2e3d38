"""conf/ and params.yaml: composing the one, generating the other, and noticing when they have drifted apart."""

import hashlib
import shlex
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from glassnet.config.ablation import require_turned_off
from glassnet.config.errors import UserError
from glassnet.config.origin import OF_THE_FILE, is_edited, left_behind, set_beside_conf, settings_digest
from glassnet.config.parsing import parse_settings
from glassnet.config.presets import choice_by_data, preset_for
from glassnet.config.settings import Settings
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject, write_whole

if TYPE_CHECKING:
    from omegaconf import DictConfig

CONF = Path("conf")
PARAMS = Path("params.yaml")


def conf_digest(conf: Path) -> str:
    """Return a digest of every YAML file under `conf`, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(conf.rglob("*.yaml")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(conf).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def register_resolvers(conf: Path, *, by_dvc: bool = False) -> None:
    """Let conf/config.yaml ask for digests of conf/ and of its values, a preset, and what DVC leaves behind.

    Args:
        conf: the folder.
        by_dvc: whether it is DVC that composes, and will write the outcome over params.yaml.
    """
    from omegaconf import OmegaConf

    def all_values(root: "DictConfig") -> JsonObject:
        return resolved(root, {*OF_THE_FILE, "hydra"})  # the first ask for this function

    def compared_with_present(root: "DictConfig") -> object:
        path = conf.parent / PARAMS
        present = load_yaml(path.read_bytes()) if by_dvc and path.is_file() else None
        lost = left_behind(conf, present, all_values(root)) if isinstance(present, dict) else None
        return OmegaConf.create(lost) if lost else None

    resolvers: dict[str, Callable[..., object]] = {
        "conf_digest": lambda: conf_digest(conf),
        "preset": lambda data: preset_for(conf, data).stem,
        "choice": lambda group, data, otherwise: choice_by_data(conf, group, data, otherwise),
        "settings_digest": lambda *, _root_: settings_digest(all_values(_root_)),
        "left_behind": lambda *, _root_: compared_with_present(_root_),
    }
    for name, resolver in resolvers.items():
        # The digest of the files is that of when they were composed, and read once.
        is_kept = name == "conf_digest"
        OmegaConf.register_new_resolver(f"glassnet.{name}", resolver, replace=True, use_cache=is_kept)


def resolved(config: "DictConfig", left_out: Collection[str]) -> JsonObject:
    """Return the values of a configuration but for those of some keys; OmegaConf's own way makes a copy first."""
    from omegaconf import OmegaConf

    values: dict[str, Any] = {}
    for name in map(str, config):
        if name not in left_out:
            value = "???" if OmegaConf.is_missing(config, name) else config[name]
            values[name] = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    return values


def composed(overrides: Sequence[str] = (), *, with_hydra: bool = False) -> "DictConfig":
    """Return what conf/ composes to with these overrides; on request with Hydra's own settings."""
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(CONF.absolute()), version_base="1.3"):
        return compose("config", list(overrides), return_hydra_config=with_hydra)


def to_settings(config: "DictConfig", source: str) -> Settings:
    """Return a composed configuration as settings.

    Raises:
        UserError: if they do not fit, or if what an ablation turns off is not off.
    """
    from omegaconf import OmegaConf

    settings = parse_settings(OmegaConf.to_container(config, resolve=True), source)
    require_turned_off(CONF, settings)
    return settings


def write_params() -> None:
    """Compose conf/ without overrides and write params.yaml: the same bytes that `dvc exp run` would write."""
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    require_project()
    register_resolvers(CONF)
    try:
        config = composed()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(f"conf/: {error}") from error
    except (yaml.YAMLError, ValueError, OSError):
        require_yaml()
        raise
    to_settings(config, "conf/")
    OmegaConf.resolve(config)
    write_whole(PARAMS, OmegaConf.to_yaml(config))


def undone_by_generating() -> list[str]:
    """Return the overrides that params.yaml has over the conf/ that it was composed from; generating it drops them."""
    try:
        values = _load_yaml(PARAMS)
    except UserError:  # missing or damaged: what generating it is for
        return []
    return set_beside_conf(CONF, values) if values.get("conf_digest") == conf_digest(CONF) else []


def read_params() -> Settings:
    """Return the settings in params.yaml, which `dvc repro` and `dvc exp run` start the stages with.

    Raises:
        UserError: if the file is missing, does not fit, or was generated from another conf/ than the one here; if what
            an ablation turns off is not off.
    """
    require_project()
    values = _load_yaml(PARAMS)
    found, expected = (values or {}).get("conf_digest"), conf_digest(CONF)
    if found != expected:
        raise UserError(
            f"params.yaml: expected it to be generated from conf/ as it is now (digest {expected}), received digest "
            f"{found}; run `make params`, then start again"
        )
    if is_edited(values):
        edits = set_beside_conf(CONF, values)
        given = " ".join(f"-S {shlex.quote(edit)}" for edit in edits) or "-S …"
        raise UserError(
            "params.yaml: expected it as it was generated, received an edited one "
            f"({', '.join(edits) or 'unlike conf/'}); edit conf/ and run `make params`, or try it with `dvc exp run "
            f"{given}`; `make params` alone undoes the edit"
        )
    settings = parse_settings(values, "params.yaml")
    require_turned_off(CONF, settings)
    return settings


def require_project() -> None:
    """Raise a `UserError` unless the working directory holds conf/ and, with it, the project."""
    if not (CONF / "config.yaml").is_file():
        raise UserError(
            f"expected the project's folder, with conf/config.yaml, as working directory, received {Path.cwd()}"
        )


def require_yaml() -> None:
    """Raise a `UserError` if a file in conf/ is no YAML; OmegaConf, which reads it for Hydra, says so in many lines."""
    from omegaconf import OmegaConf

    for path in sorted(CONF.rglob("*.yaml")):
        try:
            OmegaConf.load(path)
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            cause = " ".join(str(error).replace(f'in "{path.absolute()}", ', "in ").split())
            raise UserError(f"{path}: expected settings as YAML, received something else ({cause})") from error


def _load_yaml(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"{path}: expected the generated settings here, found no file; run `make params`")
    try:
        values = load_yaml(path.read_bytes())
    except yaml.YAMLError as error:
        raise UserError(f"{path}: expected YAML, received something else ({error}); run `make params`") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected settings by name, received {type(values).__name__}; run `make params`")
    return values
