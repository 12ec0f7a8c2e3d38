"""What the figures share: their colours, and how one is made and written."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Told apart in every common colour blindness (Okabe & Ito, "Color universal design", 2008).
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def shade(share: float) -> Any:
    """Return a colour of an ordered scale that is safe for the colour-blind, from dark blue (0) to yellow (1)."""
    from matplotlib import colormaps

    return colormaps["cividis"](0.92 * share)


def save(figure: "Figure", path: Path) -> None:
    """Write a figure: the same bytes for the same content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
