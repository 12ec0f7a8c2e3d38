"""What the store knows of trainings with given settings: their validation scores, over seeds, folds and repetitions."""

import statistics
from typing import Literal

from glassnet.config import REPLICATES, Settings, ValidationScores, flatten, settings_added_later
from glassnet.tracking.client.calls import call_store
from glassnet.tracking.client.limits import param_string
from glassnet.tracking.client.opening import open_store
from glassnet.tracking.client.runs import all_runs

SCORES: tuple[Literal["accuracy", "mae"], ...] = ("accuracy", "mae")


def validation_scores(uri: str, experiment: str, settings: Settings) -> ValidationScores | None:
    """Return mean and standard deviation of the best validation loss and score of all trainings with these settings.

    Seeds, folds and repetitions may be any; one training counts once, however many runs it is. None if there is none.

    Args:
        uri: where the store is.
        experiment: the experiment's name.
        settings: those of the trainings to look for; what a result does not depend on may differ.

    Raises:
        StoreError: if the store does not work.
    """
    wanted = {name: param_string(value) for name, value in flatten(settings.describing_the_result()).items()}
    found: dict[tuple[str, ...], dict[str, float]] = {}

    def collect() -> None:
        for run in all_runs(*open_store(uri, experiment)):
            params, metrics = run.data.params, run.data.metrics
            is_like = all(params.get(name) == value for name, value in wanted.items() if name not in REPLICATES)
            is_like = is_like and settings_added_later(params) == settings_added_later(wanted)
            if "best_validation_loss" in metrics and is_like:
                found[tuple(params.get(name, "") for name in REPLICATES)] = metrics  # an older run may lack one

    call_store(uri, collect)
    if not found:
        return None
    score = next(name for name in SCORES if f"best_validation_{name}" in next(iter(found.values())))
    trainings = list(found.values())
    scores: ValidationScores = {"trainings": len(found), "loss": _spread("loss", trainings)}
    scores[score] = _spread(score, trainings)
    return scores


def _spread(name: str, trainings: list[dict[str, float]]) -> list[float]:
    """Return mean and standard deviation to six digits; of a single training, the mean alone."""
    values = [metrics[f"best_validation_{name}"] for metrics in trainings]
    numbers = [statistics.fmean(values), *([statistics.stdev(values)] if len(values) > 1 else [])]
    return [float(f"{number:.6g}") for number in numbers]
