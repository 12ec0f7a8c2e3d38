"""Draws the two pictures of docs/architecture.md: the rooms and who may import whom, and the pipeline.

`python -m docs.figures.architecture` writes them. The rooms are those of the import contract in pyproject.toml, in its
order, so that a room which is new, or lies elsewhere, is drawn as it is.
"""

import tomllib
from collections.abc import Sequence
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYPROJECT = HERE.parents[1] / "pyproject.toml"
ABOUT = {
    "stages": "the entry points",
    "reporting": "figures, the report",
    "tracking": "MLflow, and only here",
    "runs": "how a command starts and ends, folders, locks, jobs of a sweep",
    "config": "typed settings, conf/ and params.yaml",
    "tables": "tables and images, prepared and predicted for",
    "sources": "where raw data come from",
    "columns": "how numbers and dates are written",
    "diagnostics": "gradient check, telemetry, diagnosis, the page under glass",
    "training": "fit, callbacks, checkpoints, model file",
    "components": "parts from settings, a class of one's own",
    "optim": "optimizers, schedules",
    "data": "data set, split, loader",
    "evaluation": "scores, intervals, errors",
    "compiled": "twins of a training step",
    "nn": "layers and losses",
    "seeding": "random streams",
    "files": "whole files",
    "overrides": "key=value",
    "garbage": "collected rarely",
}
FIRST_OF_THE_LIBRARY = "diagnostics"
# The stages of dvc.yaml, and what each writes.
STAGES = {
    "check": [],
    "fetch": ["data/raw"],
    "prepare": ["data/prepared"],
    "train": ["models/"],
    "evaluate": ["metrics.json", "predictions.csv"],
    "improve": ["improvements.json"],
    "report": ["model_report", "figures/", "MLflow"],
}
INK, LINE, PAPER, ABOVE, BELOW, BOX = "#1b1b2f", "#5b6180", "#ffffff", "#eef0fb", "#e6f4ef", "#ffffff"


def main() -> None:
    """Write the pictures beside this file."""
    for name, text in pictures().items():
        (HERE / name).write_text(text, encoding="utf-8")


def pictures() -> dict[str, str]:
    """Return the pictures, by the names of their files."""
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    rows = [[room.strip().removeprefix("glassnet.") for room in layer.split("|")] for layer in layers]
    return {"rooms.svg": rooms(rows), "pipeline.svg": pipeline()}


def rooms(rows: Sequence[Sequence[str]]) -> str:
    """Return the picture of the rooms, a row for each layer."""
    width, height, step, top = 720, 34, 50, 34
    border = next(k for k, row in enumerate(rows) if FIRST_OF_THE_LIBRARY in row)
    parts: list[str] = []
    for title, first, last, colour in (
        ("the application", 0, border, ABOVE),
        ("the library: NumPy, safetensors and threadpoolctl alone", border, len(rows), BELOW),
    ):
        y = top + first * step - 26 + (12 if first else 0)
        parts.append(_box(8, y, width - 16, (last - first) * step + (28 if first else 12), colour, colour))
        parts.append(_text(20, y + 17, title, 13, "start", LINE))
    for k, row in enumerate(rows):
        y = top + k * step + (20 if k >= border else 0)
        share = (width - 48) / len(row)
        if k:
            parts.append(_arrow(width / 2, y - (step - height) - (20 if k == border else 0), width / 2, y))
        for at, room in enumerate(row):
            x = 24 + at * share
            parts.append(_box(x + 3, y, share - 6, height, BOX, LINE))
            name, about = f'<tspan font-weight="bold">{room}</tspan>', f": {ABOUT[room]}"
            parts.append(_text(x + share / 2, y + 22, name + escape(about), 13, "middle", INK, is_markup=True))
    return _picture(width, top + len(rows) * step + 24, "The rooms of glassnet, and who may import whom", parts)


def pipeline() -> str:
    """Return the picture of the pipeline: the stages in their order, and what each writes."""
    width, height, step = 640, 36, 56
    parts = [_box(12, 20, 110, height, ABOVE, LINE), _text(67, 43, "conf/", 14, "middle", INK)]
    parts += [_box(230, 20, 150, height, ABOVE, LINE), _text(305, 43, "params.yaml", 14, "middle", INK)]
    parts += [_arrow(122, 38, 230, 38), _text(174, 31, "make params", 12, "middle", LINE), _arrow(305, 56, 305, 84)]
    for k, (stage, outputs) in enumerate(STAGES.items()):
        y = 84 + k * step
        if k:
            parts.append(_arrow(305, y - (step - height), 305, y))
        parts += [_box(230, y, 150, height, BELOW, LINE), _text(305, y + 23, stage, 14, "middle", INK)]
        if outputs:
            parts.append(_arrow(380, y + 18, 416, y + 18))
            parts.append(_text(424, y + 23, ", ".join(outputs), 13, "start", INK))
    return _picture(width, 84 + len(STAGES) * step, "From settings to a report: the stages of the pipeline", parts)


def _picture(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
    marker = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    arrow = f'<defs>{marker}<path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>'
    paper = _box(0, 0, width, height, PAPER, PAPER)
    return "\n".join([head, f"<title>{escape(title)}</title>", arrow, paper, *parts, "</svg>", ""])


def _box(x: float, y: float, width: float, height: float, fill: str, line: str) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {place} rx="6" fill="{fill}" stroke="{line}"/>'


def _text(x: float, y: float, text: str, size: int, anchor: str, colour: str, is_markup: bool = False) -> str:
    style = f'font-family="sans-serif" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{text if is_markup else escape(text)}</text>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{LINE}" stroke-width="1.5" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    main()
