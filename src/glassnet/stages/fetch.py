"""Fetches the raw data into data/raw."""

from glassnet.config import Settings, require_own_classes
from glassnet.runs import Layout, run_stage
from glassnet.sources import RawImages
from glassnet.tables import load_raw, write_raw
from glassnet.tables.loading import source_identity
from glassnet.tables.raw_files import write_json


def main(settings: Settings, layout: Layout) -> None:
    """Write the chosen source, with what it means beside it."""
    require_own_classes(settings)
    chosen = settings.data.choice()
    raw = load_raw(chosen)
    layout.raw.mkdir(parents=True, exist_ok=True)
    write_json(layout.fetched, source_identity(chosen))
    write_raw(raw, layout.raw)
    if isinstance(raw, RawImages):
        what = f"{len(raw.images)} images of {raw.images.shape[1]}×{raw.images.shape[2]}"
    else:
        what = f"{len(raw.frame)} rows, {len(raw.features)} columns to learn from, {raw.task}"
        for note in raw.notes:
            print(f"fetch: note: {note}")
    print(f"fetch: {raw.name}, {what}, to {layout.raw}")


if __name__ == "__main__":
    run_stage("fetch", main)
