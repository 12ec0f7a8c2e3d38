"""The reference of the commands: what each entry point prints when it is asked for help, and the targets of make."""

import contextlib
import io
import re
import runpy
import sys
from importlib.util import find_spec

from docs.site.links import ROOT
from glassnet.runs.arguments import STAGE_ARGUMENTS

STAGES = "glassnet.stages"


def commands_page() -> str:
    """Return the page."""
    lines = [
        "# Every command",
        "",
        "Each is typed in the project's folder, with its environment. The text is what a command prints with `--help`.",
        "",
        "## make",
        "",
        "| target | what it does |",
        "|---|---|",
        *(f"| `make {target}` | {about} |" for target, about in targets()),
        "",
        "## python -m glassnet.stages.…",
        "",
    ]
    said = {name: usage(name) for name in entry_points()}
    of_stages = STAGE_ARGUMENTS.strip()
    shared = next(text[text.index(of_stages) :] for text in said.values() if of_stages in text)
    lines += [
        "Those that take a `<setting>` take [every setting](settings.md). Of them all it holds:",
        "",
        "```text",
        shared,
        "```",
        "",
    ]
    for name, text in said.items():
        lines += [f"### {name}", "", "```text", text.replace(shared, "").strip(), "```", ""]
    return "\n".join(lines)


def targets() -> list[tuple[str, str]]:
    """Return the targets of the Makefile, each with what `make help` says of it."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return [(name, about.strip()) for name, about in re.findall(r"^([a-z-]+):.*?## (.+)$", text, re.MULTILINE)]


def entry_points() -> list[str]:
    """Return the names of the files of `glassnet.stages` that can be started."""
    files = sorted((ROOT / "src" / "glassnet" / "stages").glob("*.py"))
    return [path.stem for path in files if '__name__ == "__main__"' in path.read_text(encoding="utf-8")]


def usage(name: str) -> str:
    """Return what an entry point prints with `--help`, in this process: a new one for each would take a second."""
    spec = find_spec(f"{STAGES}.{name}")
    if spec is None or spec.origin is None:
        raise ValueError(f"expected an entry point of {STAGES}, received {name!r}")
    arguments, printed = sys.argv, io.StringIO()
    sys.argv = [spec.origin, "--help"]
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            runpy.run_path(spec.origin, run_name="__main__")
    finally:
        sys.argv = arguments
    return printed.getvalue().strip()
