"""Checks that params.yaml was generated from conf/ as it is now, and that data.path is a file, before all other stages.

DVC would say of a missing file no more than that it is missing.
"""

from glassnet.config import Layout, Settings, run_stage
from glassnet.data.raw_files import source_digest


def main(settings: Settings, layout: Layout) -> None:
    """Leave a mark for the stages after this one; reading the settings, before, was the larger part of the check."""
    source_digest(settings.data.model_dump())
    mark = layout.root / "data" / "settings_checked"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text("params.yaml was generated from conf/ and every value is in range\n", encoding="utf-8")


if __name__ == "__main__":
    run_stage("check", main)
