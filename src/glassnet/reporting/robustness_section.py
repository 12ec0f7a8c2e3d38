"""The robustness of an image classifier, as a section of the report."""

from collections.abc import Sequence

from glassnet.evaluation.robustness import AlteredScore
from glassnet.reporting.tables import markdown_table


def robustness_section(scores: Sequence[AlteredScore]) -> str:
    """Return the section with the accuracy under each alteration; nothing where none was measured."""
    if not scores:
        return ""
    rows: list[list[object]] = [
        [each["alteration"], f"{each['accuracy']:.4f}", f"{each['low']:.4f} to {each['high']:.4f}"] for each in scores
    ]
    count = scores[0]["images"]
    lines = [
        "### Robustness",
        "",
        f"The accuracy on {count} test image{'s' if count > 1 else ''} after each alteration of the grey values.",
        "A shift fills in black; its accuracy is the mean over four directions (up, down, left, right), and its",
        "interval is wider than need be. Noise is Gaussian; its standard deviation is a fraction of the range, from 0",
        "to the largest grey value of the test images. Contrast multiplies the",
        "distance of each pixel from the mean of its image.",
        "",
        markdown_table(["alteration", "accuracy", "95% interval"], rows),
    ]
    return "\n".join(lines) + "\n\n"
