"""The generated reference has everything: each public name, setting, command and diagnosis, and none that is not."""

import re
from importlib import import_module
from pathlib import Path

import griffe
import pytest

from docs.site.api_pages import LIBRARY, api_pages
from docs.site.commands_page import commands_page, entry_points
from docs.site.conf_files import read
from docs.site.diagnosis_page import diagnosis_page, rules
from docs.site.setting_types import type_in_words
from docs.site.settings_page import OF_THE_FILE, groups, settings_page
from glassnet.config.settings import flatten
from glassnet.diagnostics import diagnosis
from glassnet.diagnostics.diagnosis import learning_rate
from tests.settings import ROOT, params


def test_every_public_name_has_its_docstring_there() -> None:
    """By the list of each package."""
    for package in LIBRARY:
        _, text = api_pages()[f"reference/library/{package}.md"]
        listed = re.findall(rf"^::: glassnet\.{package}\.(\w+)$", text, re.MULTILINE)
        assert sorted(listed) == sorted(import_module(f"glassnet.{package}").__all__)


def test_every_public_name_says_what_it_is() -> None:
    """Constants and types too, in a string below them: mkdocstrings reads it, as it reads a docstring."""
    package = griffe.load("glassnet", search_paths=[str(ROOT / "src")])
    names = [package[part][name] for part in LIBRARY for name in import_module(f"glassnet.{part}").__all__]
    assert not [each.path for each in names if (each.final_target if each.is_alias else each).docstring is None]


def test_every_setting_is_there_and_says_what_it_is() -> None:
    """Those of params.yaml, and those of choices that it does not take."""
    keys = {key.name: key for choices in groups().values() for each in choices.values() for key in each}
    assert {name for name in flatten(params()) if name.partition(".")[0] not in OF_THE_FILE} <= {*keys, "loss"}
    assert {"data.turns", "optimizer.nesterov", "schedule.minimum_rate", "training.baseline.epochs"} <= keys.keys()
    text = settings_page()
    headings = {f"{group}.name" for group in ("data", "optimizer", "schedule", "loss")}  # a choice is a heading
    assert not [name for name in keys.keys() - headings if f"| `{name}` |" not in text]
    assert not re.findall(r"^\| `\w+\.[\w.]+` \|.*\|\s*\|$", text, re.MULTILINE), "expected each to say what it is"


def test_a_setting_has_its_range_and_default() -> None:
    """As its type and conf/ have them."""
    row = next(line for line in settings_page().splitlines() if line.startswith("| `schedule.rising_fraction` "))
    assert row == (
        "| `schedule.rising_fraction` | number > 0 and < 1 | `0.3` | "
        "The fraction of the training in which the rate rises, in (0, 1). |"
    )
    for start in ("β₁ and β₂, how much", "λ, by which", "`most_frequent`, own_category or drop."):  # as in the formula
        assert f"| {start}" in settings_page()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, "whole number ≥ 1"),
        ({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}, "number > 0 or `null`"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"type": "array", "items": {"type": "string"}}, "list, each a string"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "list, each one of `a`, `b`"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "mapping"),
        ({"type": "object", "additionalProperties": {"$ref": "#/$defs/Own"}}, "a class of your own"),
        ({"$ref": "#/$defs/X"}, "`true` or `false`"),
    ],
)
def test_types_in_words(schema: dict[str, object], words: str) -> None:
    """From JSON schema."""
    assert type_in_words(schema, {"X": {"type": "boolean"}}) == words


def test_comments_of_conf(tmp_path: Path) -> None:
    """Above a key, behind it, and inside a section; none of another key."""
    file = tmp_path / "x.yaml"
    file.write_text("# one\n# line\na: 1\nb: 2  # behind\n\n# gone\n\nc:\n  # within\n  d: 3\ne: 4\n", encoding="utf-8")
    values, comments = read(file)
    assert values == {"a": 1, "b": 2, "c": {"d": 3}, "e": 4}
    assert comments == {"a": "one line", "b": "behind", "c.d": "within"}


def test_every_command_is_there() -> None:
    """With what it prints when it is asked for help."""
    text = commands_page()
    assert {"train", "evaluate", "gate", "predict", "promote", "search", "improve", "params"} <= set(entry_points())
    for name in entry_points():
        assert f"### {name}\n\n```text\nusage: python -m glassnet.stages.{name}" in text
    assert "| `make docs` |" in text
    assert "ui [port=5000]\n" in text


def test_every_diagnosis_is_there_with_its_thresholds() -> None:
    """Each check that `diagnose` makes, and each name that a finding can have, with the numbers of its file."""
    found = {rule.function: rule for rule in rules()}
    assert {check.__name__ for check in diagnosis.CHECKS} <= found.keys()
    source = "\n".join(path.read_text() for path in (ROOT / "src/glassnet/diagnostics/diagnosis").glob("*.py"))
    direct = set(re.findall(r'Finding\(\n?\s*"([^"]+)"', source))
    assert direct <= {name for rule in found.values() for name in rule.names}
    unexplained = [name for rule in found.values() for name, (_, said) in rule.thresholds.items() if not said.strip()]
    assert not unexplained, "expected a comment beside each threshold that a rule compares with"
    thresholds = found["rate_too_high"].thresholds
    assert float(thresholds["LARGE_UPDATE"][0]) == learning_rate.LARGE_UPDATE
    assert "three such updates" in thresholds["LARGE_UPDATE"][1]
    assert "| `LARGE_UPDATE` | `0.3` |" in diagnosis_page()
    assert found["rate_too_low"].thresholds["SAME_PACE"] == ("0.5", "of the pace at first")
