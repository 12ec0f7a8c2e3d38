"""Makes the page of the capstone, docs/capstone/README.md, from its runs: `python -m docs.capstone multirun/capstone`.

Beside the page it puts the report of the first seed, as a page of its own, and some of its figures.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from docs.capstone.averages import accuracies_over_views
from docs.capstone.page import page
from docs.capstone.runs import read_runs, read_seeds, require_pairs
from glassnet.files import write_whole
from glassnet.runs import one_line_errors

FOLDER = Path(__file__).parent
FIGURES = ("learning_curves.png", "confusion_matrix.png", "reliability.png", "cases.png", "label_errors.png")
# What a reader of the report alone does not have: the page under glass lies beside it where somebody asked for it.
LINK = '<a href="look.html">look.html</a>'


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> None:
    """Write the page into a folder; nothing, if a run is missing."""
    parser = argparse.ArgumentParser(prog="python -m docs.capstone", description=__doc__)
    parser.add_argument("sweep", type=Path, help="the folder of the sweep over seeds")
    parser.add_argument("--default", type=Path, help="the folder of the default network's sweep over the same seeds")
    parser.add_argument("--ablation", type=Path, help="the folder of a sweep over ablation and seed")
    parser.add_argument("--views", action="store_true", help="average each network over views of each test picture")
    given = parser.parse_args(arguments)
    with one_line_errors("docs.capstone"):
        runs = read_seeds(given.sweep)
        defaults = read_seeds(given.default) if given.default else []
        if defaults:
            require_pairs(runs, defaults)
        layout = runs[0].layout
        if not layout.report_page.is_file():
            raise FileNotFoundError(
                f"{layout.report_page}: expected the report of seed {runs[0].seed}, found none; run report as evaluate"
            )
        figures = [name for name in FIGURES if (layout.figures / name).is_file()]
        views = accuracies_over_views(runs) if given.views else []
        text = page(runs, defaults, read_runs(given.ablation) if given.ablation else [], views, figures)
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for name in figures:
            shutil.copyfile(layout.figures / name, folder / "figures" / name)
        write_whole(folder / "report.html", layout.report_page.read_text(encoding="utf-8").replace(LINK, "look.html"))
        write_whole(folder / "README.md", text)
        print(f"docs.capstone: {folder / 'README.md'}, of {len(runs)} seeds")


if __name__ == "__main__":
    main()
