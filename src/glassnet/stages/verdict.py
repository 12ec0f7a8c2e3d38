"""Says in a few lines at the end of a training what the diagnosis finds in its curves and its telemetry."""

from collections.abc import Iterator

import numpy as np

from glassnet.config import Settings
from glassnet.data import ArrayDataset
from glassnet.diagnostics import Telemetry, diagnose, training_of
from glassnet.training import TrainedNetwork

SHOWN = 3  # findings; the report has them all


def verdict(
    settings: Settings, trained: TrainedNetwork, telemetry: Telemetry | None, validation: ArrayDataset
) -> Iterator[str]:
    """Yield a line for each of the most severe findings, with the change to try; one line if there is none."""
    from glassnet.reporting import override, setup_of

    training = training_of(
        trained.history,
        telemetry.rows if telemetry else [],
        setup_of(settings.describing_the_result()),
        trained.architecture.classes,
        best_epoch=trained.best_epoch,
        validation_targets=np.asarray(validation.y),
    )
    findings = diagnose(training)
    for finding in findings[:SHOWN]:
        changes = " ".join(map(override, finding.changes))
        yield f"{finding.name}: {finding.evidence}; try {finding.advice}" + (f": {changes}" if changes else "")
    if not findings:
        looked_at = "curves and telemetry" if telemetry else "curves; telemetry was not measured"
        yield f"nothing found in the {looked_at}"
    elif len(findings) > SHOWN:
        yield f"and, less severe: {', '.join(finding.name for finding in findings[SHOWN:])}"
