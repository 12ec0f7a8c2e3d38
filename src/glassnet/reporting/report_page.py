"""The model report as one page of HTML with its figures inside, made of the report in markdown: for people to read."""

import base64
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from markdown_it.token import Token


def report_page(report: Path) -> str:
    """Return a report in markdown as a page that stands alone; what looks like HTML in it stays text.

    It has its contents at the side, tables that are sorted by a click on a heading, and a form for print. Figures that
    lie beside the report become part of the page. Others, which it has none of, are left out.
    """
    from markdown_it import MarkdownIt

    text = report.read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        for inner in token.children or []:
            if inner.type == "image":
                inner.attrs["src"] = _inside(report.parent / unquote(str(inner.attrs["src"])))
    contents = _contents(_named_headings(tokens))
    title = escape(text.partition("\n")[0].lstrip("# "))
    options: Any = parser.options
    body = parser.renderer.render(tokens, options, {})
    body = body.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
    folder = files("glassnet.reporting") / "templates"
    style, script = ((folder / f"report_page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{contents}<main>
{body}</main>
<script>
{script}</script>
</body>
</html>
"""


def _named_headings(tokens: "Sequence[Token]") -> list[tuple[int, str, str]]:
    """Give each heading below the title a name to link to; return its level, name and text."""
    found: list[tuple[int, str, str]] = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.tag == "h1":
            continue
        text = "".join(part.content for part in inline.children or [])
        name = plain = re.sub(r"[^\w]+", "-", text.lower()).strip("-")
        taken = {each for _, each, _ in found}
        number = 2
        while name in taken:
            name, number = f"{plain}-{number}", number + 1
        token.attrs["id"] = name
        found.append((int(token.tag[1]), name, text))
    return found


def _contents(headings: list[tuple[int, str, str]]) -> str:
    """Return the contents, with a link to each heading."""
    if not headings:
        return ""
    items = "".join(
        f'<li class="level-{level}"><a href="#{escape(name)}">{escape(text)}</a></li>\n'
        for level, name, text in headings
    )
    return f'<nav aria-label="Contents">\n<p>Contents</p>\n<ul>\n{items}</ul>\n</nav>\n'


def _inside(figure: Path) -> str:
    """Return the address of a figure that holds all of it."""
    return f"data:image/png;base64,{base64.b64encode(figure.read_bytes()).decode()}" if figure.is_file() else ""
