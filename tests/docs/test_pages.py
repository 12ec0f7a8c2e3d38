"""Every block of README and docs/ runs, in its order, and prints what the page shows."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.docs.page import LANGUAGES, Play
from tests.pipeline.conftest import clone, run_in
from tests.settings import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SKIP = re.compile(r"^<!-- skip.*$", re.MULTILINE)


def _runs_commands(page: Path) -> bool:
    """Return whether a page has a shell block that runs, shown or not."""
    text = page.read_text(encoding="utf-8")
    shown, hidden = text.count("\n```sh\n"), text.count("<!-- invisible-code: sh\n")
    return shown + hidden > len(re.findall(rf"{SKIP.pattern}\n+```sh$", text, re.MULTILINE))


# Pages whose commands take seconds to minutes each; the others are quick.
WITH_COMMANDS = [page for page in PAGES if _runs_commands(page)]
# How many blocks do not run, each for the reason that stands above it in the source of its page: servers, clusters,
# network drives, releases, and the tests themselves.
SKIPPED = 18


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def project_to_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with an environment, as `make setup` leaves one; each page gets a copy."""
    project = clone(tmp_path_factory.mktemp("pages") / "glassnet", own_settings=False)  # what a reader has
    (project / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith(".installed-"):
            (project / ".venv" / path.name).symlink_to(path)
    cksum = run_in(project, "cksum", "requirements.lock").stdout.split()[0]
    (project / ".venv" / f".installed-{cksum}").touch()
    return project


def _run_shell(folder: Path, script: str) -> str:
    """Run a script with the variables that those before it exported, and return its output."""
    state = folder.parent / "state"
    before = f"source {state}\n" if state.exists() else ""
    return run_in(folder, "bash", "-euo", "pipefail", "-c", f"{before}{script}\nexport -p >{state}").stdout


def test_what_does_not_run_is_counted() -> None:
    """Each with a reason."""
    directives = SKIP.findall("\n".join(page.read_text(encoding="utf-8") for page in PAGES))
    assert not [each for each in directives if not re.fullmatch(r'<!-- skip: next ".+" -->', each)]
    assert len(directives) == SKIPPED


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_says_its_language(page: Path) -> None:
    """What says none would neither run nor be compared."""
    fences = re.findall(r"^ *(`{3,})(\S*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {language for _, language in fences[::2]} <= set(LANGUAGES), "expected each fence to begin with its language"
    assert not [language for _, language in fences[1::2] if language]


# The course's pages run in test_course.py, where their figures are drawn from what the blocks leave.
OF_PYTHON = [page for page in PAGES if page not in WITH_COMMANDS and ROOT / "docs" / "learn" not in page.parents]


@pytest.mark.parametrize("page", OF_PYTHON, ids=_name)
def test_pages_of_python(page: Path, tmp_path: Path) -> None:
    """In this process, in an empty folder."""
    Play(page, tmp_path, _run_shell).play()


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=_name)
def test_pages_with_commands(page: Path, project_to_copy: Path, tmp_path: Path) -> None:
    """In a fresh clone."""
    Play(page, shutil.copytree(project_to_copy, tmp_path / "glassnet", symlinks=True), _run_shell).play()
