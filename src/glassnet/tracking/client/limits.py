"""How long MLflow's names and values may be: the shorter of what it checks itself and what its tables hold.

SQLite takes a text of any length in a column of 250 characters; PostgreSQL, MySQL and SQL Server refuse it, and with
it the whole run. The lengths are those of MLflow 3's tables (`mlflow.store.tracking.dbmodels.models`,
`mlflow.store.model_registry.dbmodels.models`) and of `mlflow.utils.validation`.
"""

import hashlib
import posixpath
import re

RUN_NAME = 250  # characters, as all of them
KEY = 250  # of a parameter, a metric or a tag
PARAM = 6_000
TAG = 5_000  # MLflow 3 takes 8,000, its servers of before 5,000
MODEL_NAME = 256
EXPERIMENT_NAME = 256
DATA_SET_NAME = 500
RUN_ADDRESS = 200  # of the folder with a run's artifacts
BELOW_EXPERIMENT = len("/artifacts") + 1 + 32  # of which a run's id and what follows it take so many

_OTHER_CHARACTERS = re.compile(r"[^/\w.\- :]")


def shortened(text: str, length: int, marker: str = "… ") -> str:
    """Return a text that fits: a longer one is cut, and ends with `marker` and a digest that tells it from its like."""
    text = storable(text)
    if len(text) <= length:
        return text
    ending = marker + hashlib.sha256(text.encode()).hexdigest()[:8]
    return text[: length - len(ending)].rstrip(" ,") + ending


def param_string(value: object) -> str:
    """Return a setting as MLflow's parameters have it: one that is too long for MLflow is cut, and says so."""
    text = storable(str(value))
    if len(text) <= PARAM - 100:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: PARAM - 100]}… (cut: {len(text)} characters, digest {digest}; the run's artifact run.json has all)"


def key(name: str) -> str:
    """Return the name of a parameter or metric in characters that MLflow takes: a path of words, dots and dashes."""
    return shortened(posixpath.normpath(_OTHER_CHARACTERS.sub("_", name)).lstrip("./"), KEY, "...")


def tag_strings(tags: dict[str, str]) -> dict[str, str]:
    """Return tags with values that fit."""
    return {name: shortened(value, TAG) for name, value in tags.items()}


def storable(text: str) -> str:
    """Return a text with the characters that no database stores, NUL and halves of others, written as numbers."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
