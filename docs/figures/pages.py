"""Runs the Python blocks of a page of the course, and writes below each what it prints.

The blocks of a page run in order, in one namespace, as somebody types them. What a block prints stands in a text block
below it. A link to a file of `src` whose text is a name in backquotes leads to the line that defines this name.

`python -m docs.figures.pages` brings lines, outputs and figures of all pages, or of those that are named, up to date,
`python -m docs.figures.pages --lines` the lines alone. A test tells where they are not.
"""

import ast
import contextlib
import io
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from docs.figures.course import FIGURES
from glassnet.reporting.drawing import save

ROOT = Path(__file__).resolve().parents[2]
LEARN = ROOT / "docs" / "learn"
PAGES = sorted(LEARN.rglob("*.md"))
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n.*?^```\n)?", re.DOTALL | re.MULTILINE)
SOURCE_LINK = re.compile(r"\[`(?P<name>[\w.]+)`\]\((?P<path>[./]+src/[\w/]+\.py)(?:#L\d+)?\)")


def run_page(path: Path) -> tuple[str, dict[str, Any]]:
    """Run the blocks of a page, in an empty folder.

    Returns:
        The text of the page with what the blocks print, and the namespace that they leave.
    """
    text = path.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "__main__"}

    def with_output(block: re.Match[str]) -> str:
        code = block["code"]
        lines_before = text.count("\n", 0, block.start("code"))  # so that an error names the line of the page
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
            exec(compile("\n" * lines_before + code, path, "exec"), namespace)  # noqa: S102
        output = printed.getvalue()
        return f"```python\n{code}```\n" + (f"\n```text\n{output}```\n" if output else "")

    with tempfile.TemporaryDirectory() as folder:
        return BLOCK.sub(with_output, text), namespace


def with_lines(path: Path) -> str:
    """Return the text of a page in which each link to a name of the source leads to its line.

    Raises:
        LookupError: if a file does not define the name.
    """

    def with_line(link: re.Match[str]) -> str:
        body = ast.parse((path.parent / link["path"]).read_text(encoding="utf-8")).body
        line = 0
        for part in link["name"].split("."):
            found = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == part]
            if not found:
                raise LookupError(f"{path.name}: expected {link['path']} to define {link['name']}, found none")
            line, body = found[0].lineno, found[0].body
        return f"[`{link['name']}`]({link['path']}#L{line})"

    return SOURCE_LINK.sub(with_line, path.read_text(encoding="utf-8"))


def draw_figures(page: Path, namespace: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the figures of a page into `folder`, from the namespace that its blocks left, and return their paths."""
    paths = []
    for draw in FIGURES.get(page.relative_to(LEARN).as_posix(), ()):
        paths.append(folder / f"{draw.__name__}.png")
        save(draw(namespace), paths[-1])
    return paths


def main(arguments: list[str]) -> None:
    """Bring pages up to date."""
    warnings.simplefilter("error")  # as the tests have it
    named = [Path(name).resolve() for name in arguments if name != "--lines"]
    for page in named or PAGES:
        page.write_text(with_lines(page), encoding="utf-8")
        if "--lines" not in arguments:
            text, namespace = run_page(page)
            page.write_text(text, encoding="utf-8")
            draw_figures(page, namespace, LEARN / "figures")
        print(page.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
