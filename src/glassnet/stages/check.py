"""Checks, before all other stages, that params.yaml was generated from conf/ as it is now, and is what DVC can run.

DVC would say of a missing `data.path` no more than that it is missing. Of an experiment that is a sweep it would say
nothing, and train once.
"""

import shlex

from glassnet.config import Settings, UserError, require_dependencies, require_own_classes
from glassnet.files import write_whole
from glassnet.runs import Layout, run_stage
from glassnet.tables.loading import source_digest


def main(settings: Settings, layout: Layout) -> None:
    """Leave a mark for the stages after this one; reading the settings, before, was the larger part of the check."""
    if settings.by_hand is not None:
        raise UserError(
            "experiment: expected none or final, which DVC can run, received one that it cannot; start it with "
            f"`{settings.by_hand}` (`make params` undoes the choice in params.yaml)"
        )
    if settings.left_behind:
        given = " ".join(f"-S {shlex.quote(override)}" for override in settings.left_behind)
        raise UserError(
            f"params.yaml: expected {', '.join(settings.left_behind)}, which was applied, committed or edited there, "
            f"received conf/ without it, which `dvc exp run` composes anew; give it again ({given}), or write it into "
            "conf/ (`promote`, or an edit and `make params`); `make params` alone goes on without it"
        )
    require_own_classes(settings)
    require_dependencies(settings)
    source_digest(settings.data.choice())
    mark = layout.root / "data" / "settings_checked"
    mark.parent.mkdir(parents=True, exist_ok=True)
    write_whole(mark, "params.yaml was generated from conf/ and every value is in range\n")


if __name__ == "__main__":
    run_stage("check", main)
