"""Standalone later stages: whether settings and data are those of the run that they are to finish."""

import json
import shlex
from collections.abc import Callable

from glassnet.config.added_later import with_defaults
from glassnet.config.compose import CONF
from glassnet.config.errors import UserError
from glassnet.config.origin import set_beside_conf
from glassnet.config.settings import Settings, flatten
from glassnet.files import JsonObject
from glassnet.runs.jobs import Sweep, read_job
from glassnet.runs.layout import Layout
from glassnet.runs.manifest import read_manifest

SHOWN = 3  # differences


def as_job_of_sweep(layout: Layout) -> Layout:
    """Return the layout of a standalone run; if its folder is that of a sweep's job, as one of that sweep."""
    job = None if layout.by_dvc else read_job(layout.root)
    return layout if job is None else Layout(layout.root, Sweep(layout.root.parent, tuple(job.changes)))


def require_settings_of_run(settings: Settings, layout: Layout) -> None:
    """Raise a `UserError` unless the folder's run was trained with these settings; DVC sees to that for its own.

    A setting that came after the run was trained has no say.

    Raises:
        UserError: if it was not, or did not come to its end.
        FileNotFoundError: if there is no run.
        ValueError: if its manifest is damaged.
    """
    if layout.by_dvc:
        return
    manifest = read_manifest(layout)
    if "stopped" in manifest:
        raise UserError(
            f"{layout.root}: expected a training that came to its end, received one that did not "
            f"({manifest['stopped']}); there is no model to go on with"
        )
    trained = flatten(with_defaults(manifest["settings"]))
    given = flatten(with_defaults(json.loads(json.dumps(settings.describing_the_result()))))
    differing = [
        f"{name}={given.get(name)!r}, not {value!r}" for name, value in trained.items() if given.get(name) != value
    ]
    if differing:
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        raise UserError(
            f"{layout.root}: expected the settings that its run was trained with, received "
            f"{'; '.join(differing[:SHOWN])}{more}; give the same overrides as to train"
            f"{_overrides(manifest['settings'])}"
        )


def _overrides(trained: JsonObject) -> str:
    """Return what to give for the settings of a run, as the end of a line."""
    overrides = set_beside_conf(CONF, trained)
    return f": {shlex.join(overrides)}" if overrides else ""


def require_data_of_run(layout: Layout, digest_now: Callable[[], str]) -> None:
    """Raise a `UserError` unless the folder's run was trained on rows of this digest; DVC sees to that for its own.

    Of a table that changed since, rows that the run has learnt from may be for testing now.
    """
    if layout.by_dvc:
        return
    digest, learnt = digest_now(), read_manifest(layout)["digests"]["data"]
    if learnt != digest:
        raise UserError(
            f"{layout.root}: expected the data that its run was trained on, received others (digest {digest}, not "
            f"{learnt}); the source changed since: train again, in another hydra.run.dir to keep this run"
        )
