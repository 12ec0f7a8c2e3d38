"""Splits the raw table and standardizes it by the statistics of its training rows."""

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import RawTable, prepare, read_prepared, read_raw


def main(settings: Settings, layout: Layout) -> None:
    """Write the splits, the row assignment and the preprocessing."""
    raw = read_raw(layout.raw)
    rows = prepare(raw, settings.data.model_dump(), layout.prepared)
    for note in read_prepared(layout.prepared).about["notes"]:
        if isinstance(raw, RawTable) and note not in raw.notes:  # else fetch has said so
            print(f"prepare: note: {note}")
    print("prepare: " + ", ".join(f"{count} {split}" for split, count in rows.items()) + f" rows, to {layout.prepared}")


if __name__ == "__main__":
    run_stage("prepare", main)
