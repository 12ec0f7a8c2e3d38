"""conf/ and params.yaml: composing the one, generating the other, and noticing when they have drifted apart."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config.ablation import require_turned_off
from glassnet.config.errors import UserError
from glassnet.config.presets import preset_for
from glassnet.config.settings import Settings, parse_settings
from glassnet.files import write_whole

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


def register_resolvers(conf: Path) -> None:
    """Let configuration files name the digest of `conf`, and the preset of a data set.

    They say `${glassnet.conf_digest:}` and `${glassnet.preset:${data}}`.
    """
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("glassnet.conf_digest", lambda: conf_digest(conf), replace=True)
    OmegaConf.register_new_resolver("glassnet.preset", lambda data: preset_for(conf, data).stem, replace=True)


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
    import yaml
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
    import yaml
    from omegaconf import OmegaConf

    for path in sorted(CONF.rglob("*.yaml")):
        try:
            OmegaConf.load(path)
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            cause = " ".join(str(error).replace(f'in "{path.absolute()}", ', "in ").split())
            raise UserError(f"{path}: expected settings as YAML, received something else ({cause})") from error


def _load_yaml(path: Path) -> Any:
    import yaml

    if not path.is_file():
        raise UserError(f"{path}: expected the generated settings here, found no file; run `make params`")
    try:
        values = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506  # a SafeLoader, see below
    except yaml.YAMLError as error:
        raise UserError(f"{path}: expected YAML, received something else ({error}); run `make params`") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected settings by name, received {type(values).__name__}; run `make params`")
    return values


def _make_loader() -> Any:
    """Return PyYAML's safe loader, with numbers such as 1e-3 read as numbers, as YAML 1.2 and Hydra have it."""
    import re

    import yaml

    loader = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.add_implicit_resolver(  # type: ignore[attr-defined]  # inherited from PyYAML's Resolver
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
    )
    return loader


_Loader = _make_loader()
