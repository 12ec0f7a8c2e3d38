"""`python -m glassnet.reporting.plots_page` writes the scripts that make `dvc plots show` readable offline.

DVC's own page loads Vega from the network. Ours, .dvc/plots_page.html, loads it from the file beside it, which is made
of the package vl-convert-python: 0.9 MB of other people's code do not belong in Git.
"""

import os
from pathlib import Path

from glassnet.files import write_whole

SCRIPTS = Path(".dvc", "vega.js")
EXPORTS = "window.vegaEmbed = vegaEmbed;"  # DVC's plots call this function


def write_scripts() -> None:
    """Write them, in a scope of their own."""
    import vl_convert

    write_whole(SCRIPTS, f"(function () {{ {vl_convert.javascript_bundle(EXPORTS)} }})()\n")


def write_missing_scripts() -> None:
    """Write them where they are missing, as in a new worktree; the copy of a queued experiment needs none."""
    is_project = SCRIPTS.parent.is_dir() and Path(os.environ.get("DVC_ROOT", ".")).resolve() == Path.cwd().resolve()
    if is_project and not SCRIPTS.is_file():
        write_scripts()


if __name__ == "__main__":
    write_scripts()
