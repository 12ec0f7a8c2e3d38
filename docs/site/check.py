"""What a built site must hold: every link and anchor leads somewhere, and no page takes anything from another host."""

import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes by which a browser fetches something by itself; `href` does so in a `<link>` alone.
FETCHED = {"src", "srcset", "data", "poster", "action"}
# Links of a page's head that a browser does not follow by itself: where a page stands, which `mkdocs serve` says too.
NAMED = {"canonical", "prev", "next"}


class _Page(HTMLParser):
    """The links of a page, what it fetches, and the anchors that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag refers to."""
        if tag == "link" and NAMED & set((dict(attrs).get("rel") or "").split()):
            return
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name in FETCHED or (name == "href" and tag == "link"):
                self.fetched.add(value)
            elif name == "href":
                self.links.add(value)
            elif name == "style":
                self.fetched |= set(re.findall(r"url\(['\"]?([^'\")]+)", value))


def problems_of(site: Path) -> list[str]:
    """Return what is wrong with the site in a folder, a line each: which page, what it refers to, what was expected."""
    pages = {path.relative_to(site).as_posix(): _read(path) for path in sorted(site.rglob("*.html"))}
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    found = []
    for name, page in pages.items():
        if name == "404.html":  # it is shown for any address, and so its own links start at the root
            continue
        found += [
            f"{name}: expected nothing from another host, received {each}"
            for each in sorted(page.fetched)
            if _is_elsewhere(each)
        ]
        for link in sorted(page.links | page.fetched):
            if _is_elsewhere(link) or urlsplit(link).scheme:
                continue
            target, _, anchor = link.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target))) if target else name
            if there not in files:
                found.append(f"{name}: expected a page or file of the site, received {link}")
            elif anchor and there in pages and unquote(anchor) not in pages[there].anchors:
                found.append(f"{name}: expected an anchor of {there}, received #{anchor}")
    for file in sorted(name for name in files if name.endswith(".css")):
        text = (site / file).read_text(encoding="utf-8")
        for each in re.findall(r"(?:url\(|@import )['\"]?((?:https?:)?//[^)'\"]+)", text):
            found.append(f"{file}: expected nothing from another host, received {each}")
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _is_elsewhere(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme in {"http", "https"}
