"""Stages that run within a test write their figures without pictures, which would take most of the time of a report."""

import base64
from pathlib import Path

import pytest

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg==")


@pytest.fixture
def pictures() -> None:
    """For a test that has its figures drawn in full."""


@pytest.fixture(autouse=True)
def _figures_of_one_pixel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Axes, lines and legends are put together as ever, and the file is there; what is left out is to draw them."""
    if "pictures" in request.fixturenames:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def write(canvas: FigureCanvasAgg, path: Path, **options: object) -> None:
        path.write_bytes(PIXEL)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", write)
