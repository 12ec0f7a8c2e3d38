"""Where the values in params.yaml come from: conf/ and the overrides of an experiment, or somebody's hand.

DVC composes conf/ anew for each `dvc exp run`, and writes the outcome over params.yaml. What an applied experiment or
an edit had put there goes without a word, unless the composition looks at what it replaces.
"""

import hashlib
import json
import subprocess
from contextlib import suppress
from pathlib import Path

import yaml

from glassnet.config.changes import changes_from_conf
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject

APPLIED = "refs/exps/exec/EXEC_APPLY"  # where DVC keeps which experiment `dvc exp apply` brought last
OF_THE_FILE = ("settings_digest", "left_behind")  # keys that tell of the file, not of the run


def settings_digest(values: JsonObject) -> str:
    """Return a digest of all settings, by which an edit of params.yaml is noticed."""
    content = {name: value for name, value in values.items() if name not in OF_THE_FILE}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def is_edited(values: JsonObject) -> bool:
    """Return whether the content of params.yaml is other than what was generated."""
    return values.get("settings_digest") != settings_digest(values)


def set_beside_conf(conf: Path, values: JsonObject) -> list[str]:
    """Return the overrides by which conf/ composes to the content of params.yaml; none where that cannot be said."""
    try:
        return list(changes_from_conf(conf, values))
    except (KeyError, TypeError, ValueError, AttributeError, OSError, yaml.YAMLError):
        return []  # it has a group or a choice that conf/ lacks


def left_behind(conf: Path, present: JsonObject, composed: JsonObject) -> list[str] | None:
    """Return the overrides behind the present params.yaml that a new composition does not have, or None.

    Those of an earlier `dvc exp run` are meant to go: each starts from conf/. What was applied from an experiment,
    committed, or written by hand was meant to stay.

    Args:
        conf: the folder of the settings; the project is the folder that it is in.
        present: the content of params.yaml until now.
        composed: what is to become of it.
    """
    if present.get("conf_digest") != composed.get("conf_digest"):  # it was made from another conf/
        return None
    earlier = present.get("left_behind")  # the last composition left them behind, and they did not return
    meant_to_stay = [str(each) for each in earlier] if isinstance(earlier, list) else []
    if is_edited(present) or present in _revisions(conf.parent):
        meant_to_stay = set_beside_conf(conf, present)
    kept = {_key(override) for override in set_beside_conf(conf, composed)}
    return [override for override in meant_to_stay if _key(override) not in kept] or None


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def _revisions(project: Path) -> list[object]:
    """Return the content of params.yaml as committed, and as applied from an experiment since that commit."""
    head, before_applied = (_git(project, "rev-parse", "-q", "--verify", each) for each in ("HEAD", f"{APPLIED}^"))
    revisions = ["HEAD", *([APPLIED] if head == before_applied else [])]
    contents = []
    for text in (_git(project, "show", f"{revision}:./params.yaml") for revision in revisions):
        with suppress(yaml.YAMLError):
            contents.append(load_yaml(text))
    return contents


def _git(project: Path, *arguments: str) -> bytes:
    """Return what Git answers; nothing without Git, or where it has no answer."""
    try:
        return subprocess.run(["git", *arguments], cwd=project, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return b""
