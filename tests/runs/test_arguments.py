"""What `--help` prints, and arguments of the form key=value."""

import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from glassnet.config import UserError
from glassnet.runs import read_arguments
from tests.settings import PROJECT

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "glassnet" / "stages"
COMMANDS = [path.stem for path in sorted(SOURCES.glob("*.py")) if '__name__ == "__main__"' in path.read_text()]


def _status(command: str) -> object:
    """Run a command in this process and return its exit status."""
    try:
        runpy.run_path(str(SOURCES / f"{command}.py"), run_name="__main__")
    except SystemExit as ended:
        return ended.code or 0
    return 0


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_how_it_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, option: str
) -> None:
    """With status 0 and on stdout, in any folder, whatever else is on the command line; and nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [command, "seed=1", option])
    assert _status(command) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"usage: python -m glassnet.stages.{command} ")
    assert len(printed.out.splitlines()) > 3
    assert printed.err == ""
    assert list(tmp_path.iterdir()) == []


def test_the_commands_are_those_of_the_house() -> None:
    """So that the test above forgets none."""
    known = {"check", "evaluate", "fetch", "gate", "predict", "prepare", "promote", "range_test", "report", "train"}
    assert known | {"params", "search", "ui"} <= set(COMMANDS)


def test_a_stage_lists_the_choices(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of conf/ as it is."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(sys, "argv", ["fetch", "--help"])
    assert _status("fetch") == 0
    printed = capsys.readouterr().out
    assert "  model=mlp|softmax\n" in printed
    assert "Fetches the raw data into data/raw." in printed


@dataclass(frozen=True)
class _Arguments:
    a: str
    b: float = 0.5
    c: float | None = None


def test_arguments_have_the_types_of_their_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not given has its default."""
    monkeypatch.setattr(sys, "argv", ["command", "a=1", "c=2"])
    assert read_arguments(_Arguments) == _Arguments("1", 0.5, 2.0)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["a=1", "d=2"], "expected arguments a=…, b=…, c=…, received 'd=2'"),
        (["a"], "received 'a'"),
        (["b=2"], "received no a"),
        (["a=1", "b=x"], "b: expected a number, received 'x'"),
        (["a=1", "c=x"], "c: expected a number, received 'x'"),
    ],
)
def test_a_wrong_argument_is_one_line(monkeypatch: pytest.MonkeyPatch, arguments: list[str], part: str) -> None:
    """With the keys there are."""
    monkeypatch.setattr(sys, "argv", ["command", *arguments])
    with pytest.raises(UserError, match=part):
        read_arguments(_Arguments)
