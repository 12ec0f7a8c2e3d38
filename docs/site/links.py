"""Links between files of the repository, as GitHub follows them, turned into links between pages of the site."""

import posixpath
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
# Pages of the site that do not lie in docs/: where in the repository, and where on the site.
OUTSIDE = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changes.md",
    "reports/model_report.md": "project/report/model_report.md",
}
# What a command writes beside the report and Git does not keep: the site has the page that says how to write it.
WRITTEN = {"reports/look.html": "how-to/look-under-glass.md"}
SOURCES = "source"
_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)| (?:src|href)=\"([^\"]+)\"")


@cache
def tracked() -> frozenset[str]:
    """Return the files that Git tracks, or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return frozenset(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def is_folder(name: str) -> bool:
    """Return whether Git tracks files in a folder of this name."""
    return any(each.startswith(f"{name}/") for each in tracked())


def place_of(name: str) -> str | None:
    """Return where on the site a file or folder of the repository is; None if Git has no such file.

    A page of docs/ is a page, so are those of `OUTSIDE`, and the pictures of a report lie beside it. Of anything else
    the site has the source, under `source/`.
    """
    if there := (OUTSIDE | WRITTEN).get(name):
        return there
    if name == "README.md":
        return "README.md"
    if name.startswith("docs/") and name in tracked() and not name.endswith(".py"):
        return name.removeprefix("docs/")
    if name.startswith("reports/") and name.endswith(".png") and name in tracked():
        return f"project/report/{name.removeprefix('reports/')}"
    shown = "/".join(part.lstrip(".") for part in name.split("/"))  # MkDocs leaves out what begins with a dot
    if name in tracked():
        return f"{SOURCES}/{shown}.md"
    return f"{SOURCES}/{shown}/index.md" if is_folder(name) else None


def links_of(page: str, text: str) -> Iterator[str]:
    """Yield the files and folders of the repository to which a page links."""
    for _, link in _links(text):
        target = link.partition("#")[0]
        if target and not _is_address(target):
            yield resolved(page, target)


def rewritten(page: str, place: str, text: str) -> str:
    """Return the text of a page with its links as the site has them.

    Args:
        page: where the page is in the repository; links in it start from there.
        place: where it is on the site.
        text: its Markdown.
    """
    parts, end = [], 0
    for start, link in _links(text):
        target, mark, anchor = link.partition("#")
        if not target or _is_address(target):
            continue
        there = place_of(resolved(page, target))
        if there is not None:  # what is not there is left as it is: the strict build names it
            anchor = re.sub(r"^L(\d+)$", r"__codelineno-0-\1", anchor)
            parts += [text[end:start], posixpath.relpath(there, posixpath.dirname(place)), mark, anchor]
            end = start + len(link)
    return "".join([*parts, text[end:]])


def linked_pages(html: str, place: str) -> str:
    """Return the HTML of a page with a link for every name of a page of docs/ that its text has."""

    def link(match: re.Match[str]) -> str:
        there = posixpath.relpath(f"{match[1]}.html", posixpath.dirname(place))
        return f'<a href="{re.sub(r"README.html$", "index.html", there)}">{match[0]}</a>'

    return re.sub(r"(?<![\w/])docs/([\w/-]+)\.md(?=[^<>]*<)", link, html)


def resolved(page: str, target: str) -> str:
    """Return what a relative link of a page points to, from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(target)))


def _links(text: str) -> list[tuple[int, str]]:
    """Return the targets of links and pictures with where they begin, but not those inside code."""
    code = [match.span() for match in _CODE.finditer(text)]
    found = [(match.start(match.lastindex or 1), match[match.lastindex or 1]) for match in _LINK.finditer(text)]
    return [(at, link) for at, link in found if not any(start <= at < end for start, end in code)]


def _is_address(target: str) -> bool:
    return re.match(r"[a-z][a-z+.-]*:", target) is not None
