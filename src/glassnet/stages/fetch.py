"""Fetches the raw table into data/raw."""

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import SOURCES, write_raw


def main(settings: Settings, layout: Layout) -> None:
    """Write the chosen source as CSV, with what its columns mean beside it."""
    table = SOURCES[settings.data.name]()
    write_raw(table, layout.raw)
    print(f"fetch: {table.name}, {len(table.frame)} rows, {len(table.features)} features, to {layout.raw}")


if __name__ == "__main__":
    run_stage("fetch", main)
