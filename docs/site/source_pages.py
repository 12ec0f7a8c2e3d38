"""Pages that show the source to which the documentation links: a file with its lines, a folder with its files."""

import ast
from collections.abc import Iterable

from docs.site.links import ROOT, SOURCES, is_folder, place_of, tracked

HEADER = "---\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n"
LANGUAGES = {
    ".py": "python",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".sh": "sh",
    ".json": "json",
    "": "make",
}


def source_pages(linked: Iterable[str]) -> dict[str, str]:
    """Return the pages for what is linked to and is no page itself, by their places on the site."""
    names = {name for name in linked if (place_of(name) or "").startswith(f"{SOURCES}/")}
    folders = {name for name in names if is_folder(name)}
    files = (names - folders) | {each for folder in folders for each in _files_of(folder) if _is_text(each)}
    pages = {name: _folder_page(name) for name in folders} | {name: _file_page(name) for name in files}
    return {place_of(name) or "": text for name, text in pages.items()}


def _files_of(folder: str) -> list[str]:
    return sorted(name for name in tracked() if name.rpartition("/")[0] == folder)


def _is_text(name: str) -> bool:
    return not name.endswith((".png", ".woff2", ".npz", ".npy", ".safetensors"))


def _folder_page(folder: str) -> str:
    files = [name for name in _files_of(folder) if _is_text(name)]
    rows = [f"- [{name.rpartition('/')[2]}]({name.rpartition('/')[2]}.md){_about(name)}" for name in files]
    return "\n".join([HEADER, f"# {folder}", "", *rows, ""])


def _about(name: str) -> str:
    """Return what a Python file says first of itself."""
    if not name.endswith(".py"):
        return ""
    said = ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    return f": {said.splitlines()[0]}" if said else ""


def _file_page(name: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8").rstrip("\n")
    suffix = f".{name.rpartition('.')[2]}" if "." in name.rpartition("/")[2] else ""
    fence = "`" * 8
    return "\n".join([HEADER, f"# {name}", "", f'{fence}{LANGUAGES.get(suffix, "text")} linenums="1"', text, fence, ""])
