"""The sections of the report that images alone have, one after another."""

from typing import Any

from glassnet.evaluation import Calibration
from glassnet.reporting.confusions_section import confusions_section
from glassnet.reporting.copies_section import copies_section
from glassnet.reporting.drawing import Figures
from glassnet.reporting.label_errors_section import label_errors_section
from glassnet.reporting.robustness_section import robustness_section


def image_sections(analysis: dict[str, Any], calibration: Calibration | None, figures: Figures) -> str:
    """Return robustness, copies, suspected labels and confusions, as far as analysis.json has them."""
    if calibration is None:  # of a regression
        return ""
    return (
        robustness_section(analysis.get("robustness", []))
        + copies_section(analysis.get("copies"))
        + label_errors_section(analysis.get("label_errors"), analysis.get("label_errors_learnt"), calibration, figures)
        + confusions_section(analysis.get("confusions", []))
    )
