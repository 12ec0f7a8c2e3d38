"""The report as a page that stands alone: its figures inside, and what looks like HTML in it as text."""

import base64
import re
from pathlib import Path

import pytest

from glassnet.tracking.views.report_page import report_page

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
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page
    assert "<title>Model report: &lt;b&gt;wine&lt;/b&gt;</title>" in page
