"""Splits the raw table and standardizes it by the statistics of its training rows."""

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import prepare, read_raw


def main(settings: Settings, layout: Layout) -> None:
    """Write the splits, the row assignment and the preprocessing."""
    rows = prepare(read_raw(layout.raw), settings.data.model_dump(), layout.prepared)
    print("prepare: " + ", ".join(f"{count} {split}" for split, count in rows.items()) + f" rows, to {layout.prepared}")


if __name__ == "__main__":
    run_stage("prepare", main)
