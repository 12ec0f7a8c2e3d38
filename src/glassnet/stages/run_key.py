"""What identifies a run: digests of its settings, its data and the code that its weights depend on."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from glassnet.files import JsonObject, files_digest
from glassnet.runs.manifest import RunIdentity, WentOn
from glassnet.tables import PreparedData

_PACKAGE = Path(__file__).resolve().parents[1]
CODE = (
    "compiled",
    "components.py",
    "config",
    "data",
    "diagnostics",
    "evaluation/calibration.py",
    "evaluation/decision.py",
    "evaluation/probability_scores.py",
    "evaluation/ranking.py",
    "evaluation/scores.py",
    "evaluation/temperature.py",
    "nn",
    "optim",
    "tables",
    "training",
    "seeding.py",
)  # what the weights depend on, under src/glassnet


def run_identity(values: JsonObject, prepared: PreparedData, own: Sequence[Path]) -> RunIdentity:
    """Return what identifies a run.

    Args:
        values: the settings that its result depends on, nested as in conf/.
        prepared: its data.
        own: the files of the user's own classes.
    """
    digests = {
        "settings": _digest(json.dumps(values, sort_keys=True).encode()),
        "data": prepared.digest(),
        "code": _code_digest(),
    }
    if own:  # the user's own classes are code as well
        digests["code"] = _digest((digests["code"] + files_digest(own)).encode())
    return {
        "key": _digest(json.dumps(digests, sort_keys=True).encode()),
        "digests": digests,
        "rows": prepared.about["rows"],
    }


def identity_after(identity: RunIdentity, went_on: Sequence[WentOn]) -> RunIdentity:
    """Return what identifies a run that went on with other settings, and ends otherwise than one from the start."""
    if not went_on:
        return identity
    digests = {**identity["digests"], "changes on the way": _digest(json.dumps(went_on, sort_keys=True).encode())}
    return {**identity, "key": _digest(json.dumps(digests, sort_keys=True).encode()), "digests": digests}


@cache
def _code_digest() -> str:
    """Return the digest of the code that this process runs: read once for all jobs of a sweep that it trains."""
    return files_digest(_code_files())


def _code_files() -> Iterator[Path]:
    for name in CODE:
        yield from (path for path in (_PACKAGE / name, *(_PACKAGE / name).rglob("*.py")) if path.is_file())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
