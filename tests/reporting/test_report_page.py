"""The report as a page that stands alone: its figures inside, and what looks like HTML in it as text."""

import base64
import re
import tempfile
from pathlib import Path

import pytest

from glassnet.reporting.report_page import report_page
from tests.browser import browser, needs_browser

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
REPORT = """# Model report: <b>wine</b>

Test accuracy **0.9722**, of `cultivar`.

![Loss & accuracy](figures/learning_curves.png)

| class | rows |
| ----- | ---: |
| a\\|b  |    3 |

1. **Try it**.

   ```
   python -m x 'a<b'
   ```

<script>alert(1)</script> [a link](javascript:alert(2)) ![gone](figures/none.png)
"""


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The page of a small report with one figure."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "learning_curves.png").write_bytes(PIXEL)
    (tmp_path / "model_report.md").write_text(REPORT, encoding="utf-8")
    return report_page(tmp_path / "model_report.md")


def test_the_figures_are_inside(page: str) -> None:
    """Byte for byte, so that nothing else is loaded: neither a file nor an address."""
    shown, gone = re.findall(r'<img src="([^"]*)"', page)
    assert base64.b64decode(shown.removeprefix("data:image/png;base64,")) == PIXEL
    assert gone == ""
    assert 'alt="Loss &amp; accuracy"' in page
    assert "figures/" not in page
    assert "://" not in page


def test_it_is_laid_out(page: str) -> None:
    """Headings, tables with their numbers to the right, lists and code."""
    assert "<h1>" in page
    assert "<strong>0.9722</strong>" in page
    assert re.search(r'<td style="text-align:right">3</td>', page)
    assert "<td>a|b</td>" in page
    assert re.search(r"<ol>\s*<li>\s*<p><strong>Try it</strong>", page)
    assert "<pre><code>python -m x 'a&lt;b'" in page


def test_names_from_the_data_stay_text(page: str) -> None:
    """A class may be called anything."""
    assert page.count("<script>") == 1  # ours, that sorts
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page
    assert "<title>Model report: &lt;b&gt;wine&lt;/b&gt;</title>" in page


LONG = """# Model report: wine

Text.

## Results, on the test split

| model | errors | p |
| ----- | -----: | - |
| b     |     10 | 1e-3 |
| a     |      9 | 0.5 |
| c     |     −2 | 0.04 |

### Calibration

## Calibration

| short | table |
| ----- | ----- |
| 1     | 2     |
"""


def test_the_contents_lead_to_every_heading(tmp_path: Path) -> None:
    """By names of their own, also where two have the same text; the same bytes each time."""
    report = tmp_path / "model_report.md"
    report.write_text(LONG, encoding="utf-8")
    page = report_page(report)
    links = re.findall(r'<li class="level-(\d)"><a href="#([^"]+)">([^<]+)</a></li>', page)
    assert links == [
        ("2", "results-on-the-test-split", "Results, on the test split"),
        ("3", "calibration", "Calibration"),
        ("2", "calibration-2", "Calibration"),
    ]
    for _, name, _ in links:
        assert page.count(f' id="{name}"') == 1
    assert report_page(report) == page


@needs_browser
def test_it_is_read_in_a_browser(tmp_path: Path) -> None:
    """Tables are sorted by a click; it fits a screen and a phone, in light and dark, and paper has no contents."""
    page = tmp_path / "model_report.html"
    (tmp_path / "model_report.md").write_text(LONG, encoding="utf-8")
    page.write_text(report_page(tmp_path / "model_report.md"), encoding="utf-8")
    first_column = (
        "[...document.querySelectorAll('table')[0].tBodies[0].rows].map(row => row.cells[0].textContent).join('')"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(Path(profile)) as chromium:
        for width in (1280, 390):
            chromium.resize(width)
            chromium.open(page)
            assert chromium.run("document.documentElement.scrollWidth") <= width
        assert chromium.run("document.querySelectorAll('th button').length") == 3  # two rows need no order
        orders = []
        for column in (0, 1, 1, 2):
            chromium.run(f"document.querySelectorAll('th button')[{column}].click()")
            orders.append(chromium.run(first_column))
        assert orders == ["abc", "cab", "bac", "bca"]
        assert chromium.run("document.querySelectorAll('th')[2].getAttribute('aria-sort')") == "ascending"
        papers = []
        for scheme in ("light", "dark"):
            chromium.prefer(scheme)
            papers.append(chromium.run("getComputedStyle(document.body).backgroundColor"))
        assert len(set(papers)) == 2
        chromium.call("Emulation.setEmulatedMedia", media="print")
        assert chromium.run("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert not chromium.errors
        assert all(address.startswith("file:") for address in chromium.requests)
