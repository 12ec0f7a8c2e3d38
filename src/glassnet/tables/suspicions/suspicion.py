"""The kinds of suspicions, and what is said of them on the console."""

from collections.abc import Mapping, Sequence

from glassnet.overrides import as_setting
from glassnet.tables.descriptions import Suspicion

TELLS = "a column tells the target"
DRIFTS = "the target drifts with time"
ALIKE = "rows belong together"
NEAR_COPIES = "near copies across splits"
IN_EVERY_ROW = "in every row"


def with_settings(suspicion: Suspicion, settings: Mapping[str, object]) -> Suspicion:
    """Return a suspicion without the settings that this choice of data does not have."""
    changes = {key: value for key, value in suspicion["changes"].items() if key.removeprefix("data.") in settings}
    return {**suspicion, "changes": changes}


def as_notes(suspicions: Sequence[Suspicion], notes: Sequence[str]) -> list[str]:
    """Return the suspicions as sentences, but for the one that notes on each column have said already."""
    said = []
    for each in suspicions:
        is_noted = each["kind"] == TELLS and f"({IN_EVERY_ROW})" in each["evidence"] and ";" not in each["evidence"]
        if is_noted and any("with the target" in note or "tells the target" in note for note in notes):
            continue
        typed = " ".join(as_setting(key, value) for key, value in each["changes"].items())
        said.append(f"suspicion: {each['evidence']}{f'; {typed} tests it' if typed else ''}")
    return said
