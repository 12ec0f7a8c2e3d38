"""What MkDocs calls while it builds the site: it adds the generated pages, and turns links into those of the site."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.site.api_pages import api_pages
from docs.site.check import problems_of
from docs.site.commands_page import commands_page
from docs.site.diagnosis_page import diagnosis_page
from docs.site.links import OUTSIDE, ROOT, linked_pages, links_of, place_of, rewritten, tracked
from docs.site.navigation import INDEX, index_on_the_site, navigation
from docs.site.settings_page import settings_page
from docs.site.source_pages import source_pages

GENERATED = {
    "reference/settings.md": ("Every setting", settings_page),
    "reference/commands.md": ("Every command", commands_page),
    "reference/diagnoses.md": ("Every diagnosis", diagnosis_page),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the navigation from docs/README.md."""
    try:
        config["nav"] = navigation((ROOT / INDEX).read_text(encoding="utf-8"), _titles())
    except ValueError as error:
        raise PluginError(str(error)) from error
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what does not lie in docs/: pages of the root, the report, the reference, the source that is linked to."""
    pages = {place: write() for place, (_, write) in GENERATED.items()} | {
        place: text for place, (_, text) in api_pages().items()
    }
    texts = {f"docs/{place}": text for place, text in pages.items()}
    for name in tracked():
        if (name.startswith("docs/") and name.endswith(".md")) or name in OUTSIDE:
            texts[name] = (ROOT / name).read_text(encoding="utf-8")
    linked = {target for name, text in texts.items() for target in links_of(name, text)}
    for place, text in (pages | source_pages(linked)).items():
        files.append(File.generated(config, place, content=text))
    for name in sorted({*OUTSIDE, *linked}):
        there = place_of(name)
        if there and there.startswith("project/"):
            files.append(File.generated(config, there, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn the links of a page, which GitHub follows in the repository, into those of the site."""
    place = page.file.src_uri
    if place.startswith("source/"):
        return markdown
    if "\n```mermaid" in markdown:
        raise PluginError(f"{place}: expected a figure, received a mermaid block, whose script comes from another host")
    if f"docs/{place}" == INDEX:
        markdown = index_on_the_site(markdown, _titles())
    outside = {there: name for name, there in OUTSIDE.items()}
    return rewritten(outside.get(place, f"docs/{place}"), place, markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Turn what a docstring says of a page, such as `docs/learn/4-backward.md`, into a link to it."""
    place = page.file.src_uri
    return linked_pages(html, place) if place.startswith("reference/library/") else html


def on_post_build(config: MkDocsConfig) -> None:
    """Look at the HTML itself: anchors of lines of code are in no Markdown, and a theme may ask another host."""
    if problems := problems_of(Path(config["site_dir"])):
        raise PluginError("\n".join(["the site:", *problems]))


def _titles() -> dict[str, str]:
    """Return the generated pages by their places, each with its title."""
    return {place: title for place, (title, _) in (api_pages() | GENERATED).items()}
