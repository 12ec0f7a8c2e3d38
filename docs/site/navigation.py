"""The navigation of the site: the pages that docs/README.md lists, under its headings, in its order."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from docs.site.links import place_of, resolved

Entries: TypeAlias = list[dict[str, "str | Entries"]]
INDEX = "docs/README.md"
# In the index, where GitHub has a line of text, the site has the generated pages.
GENERATED = re.compile(r"^- Generated from the code, .*\n", re.MULTILINE)


def navigation(index: str, generated: Mapping[str, str]) -> Entries:
    """Return MkDocs' navigation.

    Args:
        index: the text of docs/README.md. A page that is indented below another belongs to it.
        generated: the generated pages by their places, each with its title; they stand where the index has the line
            that says so.

    Raises:
        ValueError: if a page that it lists is not on the site, or the line for the generated ones is missing.
    """
    entries: Entries = [{"glassnet": "README.md"}]
    for heading, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", index, re.DOTALL | re.MULTILINE):
        rows: list[tuple[int, str, str]] = []
        for line in text.splitlines():
            if GENERATED.match(line + "\n"):
                rows += [(0, title, place) for place, title in generated.items()]
            elif found := re.match(r"( *)- \[([^\]]+)\]\(([^)#]+)", line):
                place = place_of(resolved(INDEX, found[3]))
                if place is None:
                    raise ValueError(f"{INDEX}: expected a page of the repository, received {found[3]}")
                rows.append((len(found[1]), found[2].replace("`", ""), place))
        entries.append({heading: _nested(rows)})
    if len(GENERATED.findall(index)) != 1:
        raise ValueError(f"{INDEX}: expected one line that begins with `- Generated from the code, `")
    return entries


def index_on_the_site(index: str, generated: Mapping[str, str]) -> str:
    """Return the text of docs/README.md with links to the generated pages, which GitHub does not have.

    An entry below another is indented by twice as much: Python's Markdown asks for four spaces.
    """
    links = "".join(f"- [{title}]({place})\n" for place, title in generated.items())
    index = re.sub(r"^( +)- ", r"\1\1- ", index, flags=re.MULTILINE)
    return GENERATED.sub(lambda _: links, index)


def _nested(rows: Sequence[tuple[int, str, str]]) -> Entries:
    """Return rows of indentation, title and place as entries; what is indented is inside what stands above it."""
    entries: Entries = []
    at = 0
    while at < len(rows):
        indent, title, place = rows[at]
        end = next((k for k in range(at + 1, len(rows)) if rows[k][0] <= indent), len(rows))
        below = _nested(rows[at + 1 : end])
        entries.append({title: [{title: place}, *below]} if below else {title: place})
        at = end
    return entries
