"""Splits the raw table and standardizes it by the statistics of its training rows."""

from glassnet.config import Settings, UserError
from glassnet.runs import Layout, run_stage
from glassnet.sources import DataChoice, RawTable
from glassnet.tables import prepare, read_prepared, read_raw
from glassnet.tables.loading import source_identity
from glassnet.tables.raw_files import read_json
from glassnet.tables.suspicions.suspicion import as_notes


def main(settings: Settings, layout: Layout) -> None:
    """Write the splits, the row assignment and the preprocessing."""
    chosen = settings.data.choice()
    _require_fetched(chosen, layout)
    raw = read_raw(layout.raw)
    rows = prepare(raw, chosen, layout.prepared)
    about = read_prepared(layout.prepared).about
    known = raw.notes if isinstance(raw, RawTable) else ()  # which fetch has said
    new = [note for note in about["notes"] if note not in known]
    for note in [*new, *as_notes(about.get("suspicions", []), about["notes"])]:
        print(f"prepare: note: {note}")
    print("prepare: " + ", ".join(f"{count} {split}" for split, count in rows.items()) + f" rows, to {layout.prepared}")


def _require_fetched(chosen: DataChoice, layout: Layout) -> None:
    """Raise a `UserError` unless the raw data are those of the settings: by hand, nobody else sees to it."""
    if not layout.fetched.is_file():
        where = (
            "" if layout.by_dvc else ", which started by hand looks in the folder of hydra.run.dir: the same for both"
        )
        raise UserError(f"{layout.raw}: expected what fetch writes, found nothing; run fetch before prepare{where}")
    fetched, expected = read_json(layout.fetched, "fetch"), source_identity(chosen)
    differing = [
        f"data.{name} was {fetched.get(name)!r} and is {expected.get(name)!r}"
        for name in sorted(fetched.keys() | expected.keys())
        if fetched.get(name) != expected.get(name)
    ]
    if differing:
        raise UserError(
            f"{layout.raw}: expected data fetched by these settings, received others: {'; '.join(differing[:5])}; run "
            "fetch again, or choose another hydra.run.dir"
        )


if __name__ == "__main__":
    run_stage("prepare", main)
