"""Settings in sentences are typed as they stand there: a shell passes them on as they are meant."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from glassnet.overrides import as_setting


@pytest.mark.parametrize(
    "text", ["a", "#VALUE!", "US$price", "`a`", "a b", "it's", 'say "hi"', "$x's", "\\N", "!'", "a$\\", "1,5", "None"]
)
def test_a_setting_reaches_the_command_as_it_is_meant(text: str) -> None:
    """Whatever a shell does within double quotation marks; its history of commands too, which `!` calls up."""
    typed = as_setting("data.drop", [text])
    assert typed.startswith("'") or not set("!$`") & set(typed)
    override = OverridesParser.create().parse_override(shlex.split(typed)[0])
    assert [str(value) for value in override.value()] == [text]
    assert as_setting("data.target", "x") == "data.target=x"


def test_quotation_marks_are_there_where_a_shell_needs_them() -> None:
    """Single ones where double ones do not hide a sign."""
    assert as_setting("data.drop", ["a b"]) == "\"data.drop=['a b']\""
    assert as_setting("data.drop", ["#VALUE!"]) == "'data.drop=[\"#VALUE!\"]'"
