"""Suspected label errors among the test images, as a section of the report with a figure."""

from pathlib import Path

import numpy as np

from glassnet.evaluation import Calibration
from glassnet.evaluation.label_errors import AGREE, NEIGHBOURS, LabelErrors, SuspectedLabel
from glassnet.reporting.drawing import Figures, literal, new_figure, save

ACROSS = 6  # images side by side
CAPTION = 0.48  # of the height of an image, for three lines below it


def label_errors_section(
    found: LabelErrors | None, learnt: LabelErrors | None, calibration: Calibration, figures: Figures
) -> str:
    """Draw the suspected images, and return the section; nothing of a table.

    Args:
        found: of the test images.
        learnt: of an ensemble, of the images that its members learnt from.
        calibration: of the probabilities of the test images.
        figures: the report's.
    """
    if found is None:
        return ""
    lines = [
        "### Suspected label errors",
        "",
        f"Of {found['rows']} test image{'s' if found['rows'] > 1 else ''}, {found['improbable']} "
        f"{'has' if found['improbable'] == 1 else 'have'} a label that the network contradicts: it gives another class "
        "at least the probability that it gives this class on average in the images labelled so (confident learning; "
        "Northcutt et al., 2021)." + _suspected(found),
        "",
    ]
    if found["suspected"]:
        lines += [
            "That is no proof. Where two classes look alike, a right label can have the same evidence against it; who "
            f"looks at the image decides. {_of_calibration(calibration)}{_of_others(learnt)}",
            "",
            *_shown(found, "Test images whose labels are suspected", "label_errors.png", figures),
        ]
    if learnt is not None:
        lines += [
            f"Of the {learnt['rows']} images that the ensemble learnt from, each judged by the one member that did not "
            f"learn from it (cross-validation), {learnt['improbable']} "
            f"{'has' if learnt['improbable'] == 1 else 'have'} a label that this member contradicts."
            + _suspected(learnt),
            "",
        ]
        if learnt["suspected"]:
            lines += _shown(learnt, "Images learnt from, with suspected labels", "label_errors_learnt.png", figures)
    return "\n".join(lines) + "\n"


def _of_others(learnt: LabelErrors | None) -> str:
    if learnt is not None:
        return ""
    return (
        " Of the images that the network learnt from nothing is said, since it may know their labels by heart; with "
        "`training.ensemble=5` networks that have not seen them say it."
    )


def _suspected(found: LabelErrors) -> str:
    if not found["improbable"]:
        return ""
    return (
        f" For {found['suspected']} of these, {AGREE} or more of the {NEIGHBOURS} nearest training images are of that "
        "class too: their labels are suspected."
    )


def _shown(found: LabelErrors, title: str, name: str, figures: Figures) -> list[str]:
    """Draw the suspected images, and return the lines that show them."""
    figures.draw(name, draw_suspected, found["shown"])
    count = len(found["shown"])
    if count < found["suspected"]:
        which = f"Shown are the {count} whose own label is the least probable,"
    else:
        which = "It is shown" if count == 1 else "They are shown, the least probable label first,"
    return [
        f"{which} with the given label, the predicted class, and the probability of each:",
        "",
        f"![{title}](figures/{name})",
        "",
    ]


def _of_calibration(calibration: Calibration) -> str:
    """Return what the probabilities are worth: whether the confidence is right as often as it says."""
    temperature = calibration.get("temperature")
    error = calibration["error"] if temperature is None else calibration["error_after"] or 0.0
    used = "as trained" if temperature is None else "with the temperature above"
    worth = "as may happen by chance" if error <= calibration["error_by_chance"] else "more than by chance"
    return f"The probabilities are those {used}; their calibration error is {error:.4f}, {worth}."


def draw_suspected(shown: list[SuspectedLabel], path: Path) -> None:
    """Draw the images side by side, each with its label, the predicted class and their probabilities below it."""
    across = min(ACROSS, max(2, len(shown)))  # one alone would leave no room for long names
    down = -(-len(shown) // across)
    figure = new_figure(1.62 * across, 1.3 * (1 + CAPTION) * down)
    axes = figure.subplots()
    for place, each in enumerate(shown):
        pixels = np.array([list(bytes.fromhex(line)) for line in each["pixels"]])
        left, top = 1.25 * (place % across), (1 + CAPTION) * (place // across)
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=max(1, int(pixels.max())), extent=(left, left + 1, top + 1, top))
        caption = (
            f"row {each['row']}\n"
            f"label {literal(each['given'])} {_probability(each['probability_given'])}\n"
            f"pred. {literal(each['predicted'])} {_probability(each['probability_predicted'])}"
        )
        axes.text(left + 0.5, top + 1.04, caption, ha="center", va="top", fontsize=7, linespacing=1.1)
    axes.set(xlim=(-0.15, 1.25 * across - 0.1), ylim=((1 + CAPTION) * down, -0.02))
    axes.axis("off")
    save(figure, path)


def _probability(value: float) -> str:
    return "<0.001" if value < 0.0005 else f"{value:.3f}"
