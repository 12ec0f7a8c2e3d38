"""What prepared data were made from: the settings, the file that they come from, and the code that made them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from glassnet.files import JsonObject, files_digest
from glassnet.sources import DataChoice
from glassnet.tables.descriptions import DataDescription
from glassnet.tables.loading import own_files, source_digest

ROOMS = ("columns", "data", "sources", "tables")  # whose code the data depend on


@dataclass(frozen=True)
class Origin:
    """What prepared data were made from; data of the same origin are the same.

    Attributes:
        settings: those of the data.
        source_digest: of the file at data.path.
        code_digest: of our code, and of the module of a function of the user's own.
    """

    settings: JsonObject
    source_digest: str
    code_digest: str

    @classmethod
    def of(cls, about: DataDescription) -> "Origin":
        """Return the origin of data that are there."""
        return cls(about["settings"], about["source_digest"], about["code_digest"])

    def digest(self) -> str:
        """Return a digest of it, which names the folder of the data in the cache."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def origin_of(choice: DataChoice) -> Origin:
    """Return what the data that settings choose are made from.

    Raises:
        ValueError: if there is no file at data.path.
    """
    package = Path(__file__).parents[1]
    code = [path for room in ROOMS for path in (package / room).rglob("*.py")]
    code += [package / "seeding.py", *own_files(choice)]
    return Origin(choice.settings, source_digest(choice), files_digest(code))
