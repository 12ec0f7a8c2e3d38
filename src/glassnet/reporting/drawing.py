"""What the figures share: their colours, and how one is made and written."""

import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.files import whole_file
from glassnet.runs.beside import Here

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Told apart in every common colour blindness (Okabe & Ito, "Color universal design", 2008).
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
LONGEST = 24  # characters of a name


class Figures:
    """The figures of a report, drawn beside the writing of its text where the executor has processes for it.

    Attributes:
        folder: where they are.
    """

    def __init__(self, folder: Path, executor: Executor | None = None) -> None:
        """Draw into `folder`, by `executor`; without one at once."""
        self.folder, self._executor = folder, executor or Here()
        self._drawn: list[Future[None]] = []

    def draw(self, name: str, function: Callable[..., None], *arguments: object, **named: object) -> None:
        """Have `function` draw the figure `name`: it is called with these arguments, and with the file's `path`."""
        self._drawn.append(self._executor.submit(function, *arguments, **named, path=self.folder / name))

    def finish(self) -> None:
        """Wait for all figures; an error in drawing one is raised here."""
        for each in self._drawn:
            each.result()


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def shade(fraction: float) -> Any:
    """Return a colour of an ordered scale that is safe for the colour-blind, from dark blue (0) to yellow (1)."""
    from matplotlib import colormaps

    return colormaps["cividis"](0.92 * fraction)


def literal(text: str) -> str:
    """Return a name from the data so that a figure shows it as it is: between two `$` matplotlib expects a formula.

    A long one is cut short in its middle, since the axes give way to it until nothing of them is left.
    """
    line = " ".join(text.split())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]}…{line[-(LONGEST // 2 - 1) :]}"
    return line.replace("$", r"\$")


def save(figure: "Figure", path: Path) -> None:
    """Write a figure, whole or not at all: the same bytes for the same content.

    What the font has no character for is a box, and is said.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(record=True) as caught, whole_file(path) as part:
        warnings.simplefilter("always")
        # `savefig` would draw it twice, the first time to find the layout, which a drawing finds in any case.
        FigureCanvasAgg(figure).print_png(part, metadata={"Software": None})  # type: ignore[no-untyped-call]
    strange = [warning for warning in caught if "missing from font" not in str(warning.message)]
    for warning in strange:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if len(strange) < len(caught):
        print(f"report: note: {path.name} has boxes for characters that its font lacks", file=sys.stderr)
