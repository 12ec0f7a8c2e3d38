"""Later stages by hand: whether settings and data are those of the run that they are to finish."""

import json
from collections.abc import Callable

from glassnet.config.errors import UserError
from glassnet.config.layout import Layout
from glassnet.config.settings import Settings, flatten

SHOWN = 3  # differences


def require_same_run(settings: Settings, layout: Layout) -> None:
    """Raise a `UserError` unless the folder's run was trained with these settings; DVC sees to that for its own.

    A setting that came after the run was trained has no say.
    """
    if layout.by_dvc:
        return
    if not layout.run_card.is_file():
        raise UserError(f"{layout.run_card}: expected the card of a trained run here, found no file; run train first")
    try:
        trained = flatten(json.loads(layout.run_card.read_text(encoding="utf-8"))["settings"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{layout.run_card}: expected the card of a run, received a damaged one; train again") from None
    given = flatten(json.loads(json.dumps(settings.describing_the_result())))
    differing = [
        f"{name}={given.get(name)!r}, not {value!r}" for name, value in trained.items() if given.get(name) != value
    ]
    if differing:
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        raise UserError(
            f"{layout.root}: expected the settings that its run was trained with, received "
            f"{'; '.join(differing[:SHOWN])}{more}; give the same overrides as to train"
        )


def require_same_data(layout: Layout, digest_now: Callable[[], str]) -> None:
    """Raise a `UserError` unless the folder's run was trained on rows of this digest; DVC sees to that for its own.

    Of a table that changed since, rows that the run has learnt from may be for testing now.
    """
    if layout.by_dvc:
        return
    digest = digest_now()
    learnt = json.loads(layout.run_card.read_text(encoding="utf-8")).get("digests", {}).get("data", digest)
    if learnt != digest:
        raise UserError(
            f"{layout.root}: expected the data that its run was trained on, received others (digest {digest}, not "
            f"{learnt}); the source changed since: train again, in another hydra.run.dir to keep this run"
        )
