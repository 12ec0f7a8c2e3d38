"""The course in docs/learn: its pages run and show what they print, its figures are drawn, its exercises solved."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from docs.figures.pages import LEARN, PAGES, ROOT, SOURCE_LINK, draw_figures, run_page, with_lines

CHAPTERS = sorted(LEARN.glob("[1-6]-*.md"))


def _name(page: Path) -> str:
    return page.relative_to(LEARN).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_shows_what_it_prints(page: Path, tmp_path: Path) -> None:
    """To the byte, and its figures are those that its code draws; `python -m docs.figures.pages` mends both.

    Another processor rounds differently in the last digit of a training, which moves the colour of a pixel by 1/255.
    """
    text, namespace = run_page(page)
    assert page.read_text(encoding="utf-8") == text
    for figure in draw_figures(page, namespace, tmp_path):
        drawn, committed = imread(figure), imread(LEARN / "figures" / figure.name)
        assert drawn.shape == committed.shape, figure.name
        assert np.mean(np.abs(drawn - committed) > 0.02) < 1e-3, figure.name


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_link_to_the_source_leads_to_the_line(page: Path) -> None:
    """On which the name is defined; `python -m docs.figures.pages --lines` brings the lines up to date."""
    assert page.read_text(encoding="utf-8") == with_lines(page)


def test_every_figure_is_drawn_and_shown() -> None:
    """No picture lies there that no page shows, and none is shown that no code draws."""
    shown = {name for page in PAGES for name in re.findall(r"figures/(\w+\.png)\)", page.read_text(encoding="utf-8"))}
    assert shown == {path.name for path in (LEARN / "figures").iterdir()}


def test_the_source_links_back() -> None:
    """A file of the source that names a chapter is one to which this chapter links, and the other way round."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")}
    for page in CHAPTERS:
        links = SOURCE_LINK.finditer(page.read_text(encoding="utf-8"))
        linked = {(page.parent / link["path"]).resolve() for link in links}
        naming = {path for path, text in sources.items() if f"docs/learn/{page.name}" in text}
        assert naming <= linked, page.name
    named = {path for path, text in sources.items() if "docs/learn/" in text}
    linked_anywhere = {
        (page.parent / link["path"]).resolve()
        for page in CHAPTERS
        for link in SOURCE_LINK.finditer(page.read_text(encoding="utf-8"))
    }
    assert linked_anywhere == named


def _exercises(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "docs/exercises", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_solutions_solve_the_exercises() -> None:
    """All of them, by the tests that come with the exercises."""
    done = _exercises("--solutions")
    assert done.returncode == 0, done.stdout


def test_an_exercise_fails_until_it_is_solved() -> None:
    """Each for that reason, and for no other; and each chapter has three."""
    done = _exercises("--tb=short", "-k", "chapter4")
    assert done.returncode == 1, done.stdout
    assert len(re.findall(r"^E +NotImplementedError: exercise", done.stdout, re.MULTILINE)) == 3, done.stdout
    for chapter in range(1, 7):
        text = (ROOT / "docs" / "exercises" / f"chapter{chapter}.py").read_text(encoding="utf-8")
        asked = set(re.findall(rf"NotImplementedError\(\"exercise (\d) of chapter {chapter}\"\)", text))
        assert asked == {"1", "2", "3"}
        tests = ast.parse((ROOT / "docs" / "exercises" / f"test_chapter{chapter}.py").read_text(encoding="utf-8"))
        assert sum(isinstance(node, ast.FunctionDef) for node in tests.body) == 3
