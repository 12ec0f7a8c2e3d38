"""The site: built strictly and without a network, from pages whose links lead somewhere on GitHub too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

from docs.figures.architecture import pictures
from docs.site.check import problems_of
from docs.site.hooks import on_page_markdown
from docs.site.links import linked_pages, links_of, place_of, rewritten
from docs.site.navigation import index_on_the_site, navigation
from tests.pipeline.conftest import clone
from tests.settings import ROOT

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


def test_links_become_those_of_the_site() -> None:
    """To pages, pages of the root, pictures, and the source with the line; not in code, and no addresses."""
    text = (
        "[a](../architecture.md#x) [b](../../CONTRIBUTING.md) [c](../../src/glassnet/nn/dense.py#L7) "
        "[d](../../conf/data) ![e](../learn/figures/blobs.png) `[f](../x.md)` [g](https://example.org/a.md) [h](#here) "
        "[i](../../gone.md)"
    )
    assert rewritten("docs/how-to/p.md", "how-to/p.md", text) == (
        "[a](../architecture.md#x) [b](../project/contributing.md) "
        "[c](../source/src/glassnet/nn/dense.py.md#__codelineno-0-7) [d](../source/conf/data/index.md) "
        "![e](../learn/figures/blobs.png) `[f](../x.md)` [g](https://example.org/a.md) [h](#here) [i](../../gone.md)"
    )
    assert list(links_of("docs/how-to/p.md", text))[:2] == ["docs/architecture.md", "CONTRIBUTING.md"]
    assert place_of(".github/workflows/ci.yml") == "source/github/workflows/ci.yml.md"
    report = rewritten("reports/model_report.md", "project/report/model_report.md", "[look.html](look.html)")
    assert report == "[look.html](../../how-to/look-under-glass.md)"


def test_docstrings_lead_to_pages() -> None:
    """Their names in the text become links; not those in attributes."""
    html = '<p>see docs/learn/4-backward.md, docs/README.md</p><a href="docs/x.md">y</a>'
    assert linked_pages(html, "reference/library/nn.md") == (
        '<p>see <a href="../../learn/4-backward.html">docs/learn/4-backward.md</a>, '
        '<a href="../../index.html">docs/README.md</a></p><a href="docs/x.md">y</a>'
    )


def test_the_index_is_the_navigation() -> None:
    """Headings are the parts, links the pages, indented ones below those above them, generated ones in their line."""
    index = (
        "# T\n\n## Learn\n\n- [A `b`](architecture.md): c\n  - [D](reference/tables.md)\n\n## Reference\n\n"
        "- Generated from the code, on the site\n- [E](../CHANGELOG.md)\n"
    )
    assert navigation(index, {"g.md": "G"}) == [
        {"glassnet": "README.md"},
        {"Learn": [{"A b": [{"A b": "architecture.md"}, {"D": "reference/tables.md"}]}]},
        {"Reference": [{"G": "g.md"}, {"E": "project/changes.md"}]},
    ]
    assert "- [G](g.md)\n- [E]" in index_on_the_site(index, {"g.md": "G"})
    assert "\n    - [D](reference/tables.md)" in index_on_the_site(index, {})
    with pytest.raises(ValueError, match=r"expected a page of the repository, received gone\.md"):
        navigation(index.replace("architecture.md", "gone.md"), {})
    with pytest.raises(ValueError, match="expected one line that begins with `- Generated from the code, `"):
        navigation("## Learn\n", {})


def test_what_is_wrong_with_a_site_is_named(tmp_path: Path) -> None:
    """A link and an anchor that lead nowhere, and whatever a browser would fetch from another host."""
    (tmp_path / "b.html").write_text('<h1 id="x"></h1>')
    (tmp_path / "s.css").write_text("a { background: url('//fonts.example.org/f.woff2') }")
    (tmp_path / "a.html").write_text(
        '<a href="b.html#x"></a><a href="b.html#y"></a><a href="gone.html"></a><a href="https://example.org"></a>'
        '<script src="https://cdn.example.org/k.js"></script><link href="//cdn.example.org/k.css"><img src="s.css">'
        '<link rel="canonical" href="http://127.0.0.1:8000/a.html">'
    )
    assert problems_of(tmp_path) == [
        "a.html: expected nothing from another host, received //cdn.example.org/k.css",
        "a.html: expected nothing from another host, received https://cdn.example.org/k.js",
        "a.html: expected an anchor of b.html, received #y",
        "a.html: expected a page or file of the site, received gone.html",
        "s.css: expected nothing from another host, received //fonts.example.org/f.woff2",
    ]


def test_the_pictures_are_drawn_by_the_code() -> None:
    """To the byte; `python -m docs.figures.architecture` draws them anew."""
    for name, text in pictures().items():
        assert (ROOT / "docs" / "figures" / name).read_text(encoding="utf-8") == text


def _build(folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "true", "PYTHONPATH": "src"}
    command = [sys.executable, "-m", "mkdocs", "build"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_site_is_built_strictly(tmp_path: Path) -> None:
    """Without a word where all is well, formulas drawn; a link, an anchor or name that is not there ends the build."""
    project = clone(tmp_path / "glassnet", own_settings=False)  # its pages link to files of conf/
    done = _build(project)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    site = project / "site"
    for page in (
        "index.html",
        "reference/settings.html",
        "reference/library/nn.html",
        "project/report/model_report.html",
    ):
        assert (site / page).is_file()
    if BROWSER:
        _require_formulas(site / "how-to" / "write-a-layer.html")
    edited = project / "docs" / "architecture.md"
    wrong = "[x](gone.md) [x](explanation/speed.md#gone) [x][glassnet.nn.Gone]"
    edited.write_text(f"{edited.read_text(encoding='utf-8')}\n{wrong}\n", encoding="utf-8")
    done = _build(project)
    assert done.returncode != 0
    for said in ("gone.md", "expected an anchor of explanation/speed.html, received #gone", "glassnet.nn.Gone"):
        assert said in done.stdout + done.stderr


def test_a_diagram_that_needs_another_host_is_refused() -> None:
    """GitHub draws it; the site would have to fetch a script."""
    page = SimpleNamespace(file=SimpleNamespace(src_uri="architecture.md"))
    with pytest.raises(PluginError, match="expected a figure, received a mermaid block"):
        on_page_markdown("# x\n\n```mermaid\nflowchart\n```\n", cast(Page, page))


def _require_formulas(page: Path) -> None:
    assert BROWSER
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert 'class="katex-html"' in done.stdout
    assert "katex-error" not in done.stdout
