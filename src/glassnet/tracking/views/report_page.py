"""The model report as one page of HTML with its figures inside: MLflow shows the markdown as text, figures unseen."""

import base64
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #1b1b1b; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1em 0; }
th, td { border: 1px solid #d5d5d5; padding: 0.25em 0.6em; vertical-align: top; }
th { background: #f3f3f3; }
pre { background: #f6f6f6; padding: 0.8em; overflow-x: auto; }
code { font-size: 90%; }
img { max-width: 100%; }
"""


def report_page(report: Path) -> str:
    """Return a report in markdown as a page that stands alone; what looks like HTML in it stays text.

    Figures that lie beside the report become part of the page. Others, which it has none of, are left out.
    """
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    text = report.read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens: list[Token] = parser.parse(text)
    for token in tokens:
        for inner in token.children or []:
            if inner.type == "image":
                inner.attrs["src"] = _inside(report.parent / unquote(str(inner.attrs["src"])))
    title = escape(text.partition("\n")[0].lstrip("# "))
    options: Any = parser.options
    body = parser.renderer.render(tokens, options, {})
    head = f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}</body>\n</html>\n'


def _inside(figure: Path) -> str:
    """Return the address of a figure that holds all of it."""
    return f"data:image/png;base64,{base64.b64encode(figure.read_bytes()).decode()}" if figure.is_file() else ""
