"""The page that `dvc plots show` fills in: in Git, so that it is there; its scripts are made where they are missing."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import vl_convert
from dvc_render.html import HTML

from glassnet.reporting.plots_page import write_missing_scripts

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_one_that_dvc_takes() -> None:
    """It is the one that DVC's configuration names, and loads nothing from the network."""
    config = ConfigParser()
    config.read_string(re.sub(r"^\s+", "", (ROOT / ".dvc" / "config").read_text(), flags=re.MULTILINE))
    page = (ROOT / ".dvc" / config["plots"]["html_template"]).read_text(encoding="utf-8")
    filled = HTML(page).with_scripts('<script src="https://far.away"></script>').with_element("<p>a plot</p>").embed()
    assert filled.count("<p>a plot</p>") == 1
    assert "://" not in filled
    assert '<script src="../.dvc/vega.js">' in filled


@pytest.mark.parametrize(
    ("there", "root", "made"), [(None, ".", True), (None, "/elsewhere", False), ("mine", ".", False)]
)
def test_missing_scripts_are_made_in_the_project_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str | None, root: str, made: bool
) -> None:
    """A worktree has none at first; a queued experiment runs in a copy, and needs none."""
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda exports: exports)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", root)
    write_missing_scripts()
    assert list(tmp_path.iterdir()) == []  # no project of DVC's
    scripts = tmp_path / ".dvc" / "vega.js"
    scripts.parent.mkdir()
    if there:
        scripts.write_text(there)
    write_missing_scripts()
    assert scripts.is_file() == bool(made or there)
    if scripts.is_file():
        assert ("window.vegaEmbed" in scripts.read_text()) == made
