"""What averages add to the single network: over the networks of all seeds, and over views of each test picture."""

import csv
import shlex
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from docs.capstone.runs import EvaluatedRun
from docs.capstone.statistics import mean_of
from glassnet.config import CONF, register_resolvers, to_settings
from glassnet.config.compose import composed
from glassnet.config.precedence import let_ablation_win
from glassnet.evaluation.intervals import exact_interval
from glassnet.evaluation.robustness import Images, shifted_images
from glassnet.reporting.tables import markdown_table
from glassnet.tables import ImagePreprocessing, load_model, open_prepared

PREFIX = "probability_"
SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))


def averages_section(runs: Sequence[EvaluatedRun], views: Sequence[float]) -> str:
    """Return the table of what averaging comes to.

    Args:
        runs: of the seeds.
        views: the accuracy of each of their networks with its probabilities averaged over views; empty if unknown.
    """
    right = int(np.sum(_called_together(runs) == runs[0].actual))
    rows = len(runs[0].actual)
    low, high = exact_interval(right, rows)
    table = [
        ["one network", mean_of([run.metrics["accuracy"] for run in runs]).text(), 1],
        *([[f"one network, mean of {2 * len(SHIFTS)} views", mean_of(views).text(), 2 * len(SHIFTS)]] if views else []),
        [f"the mean of {len(runs)} networks", f"{right / rows:.4f} ({low:.4f} to {high:.4f})", len(runs)],
    ]
    told = (
        " Views are the picture as it is and mirrored, each unmoved and moved by a pixel in eight directions."
        if views else ""
    )  # fmt: skip
    return (
        f"{markdown_table(['what is averaged', 'test accuracy (95% interval)', 'passes a picture'], table)}\n\n"
        "Averages are of probabilities. They are told apart from the single network, since each costs as many forward "
        f"passes as it has parts.{told} The interval of the mean of networks is the exact one, over other test rows."
    )


def accuracies_over_views(runs: Sequence[EvaluatedRun]) -> list[float]:
    """Return the test accuracy of each run's network when it looks at each picture several times.

    Raises:
        ValueError: if the data of the runs are no pictures.
    """
    register_resolvers(CONF)
    overrides = [each for each in runs[0].job.overrides if not each.startswith("hydra.")]
    settings = to_settings(composed(let_ablation_win(overrides)), shlex.join(overrides))
    prepared = open_prepared(settings.data.choice(), runs[0].layout.prepared, by_dvc=False)
    if not isinstance(prepared.preprocessing, ImagePreprocessing):
        raise ValueError(f"{runs[0].job.folder.parent}: expected pictures to look at, received {settings.data.name}")
    test = prepared.split("test")
    images, labels = prepared.preprocessing.pixels(np.asarray(test.X)), np.asarray(test.y)
    accuracies = []
    for run in runs:
        network = load_model(run.layout.model)
        P = sum(network.predict_features(prepared.preprocessing.transform(view)) for view in _views(images))
        accuracies.append(float(np.mean(np.argmax(P, axis=1) == labels)))
    return accuracies


def _views(images: Images) -> Iterator[Images]:
    for mirrored in (images, images[:, :, ::-1]):
        for down, right in SHIFTS:
            yield shifted_images(mirrored, down, right)


def _called_together(runs: Sequence[EvaluatedRun]) -> npt.NDArray[np.str_]:
    """Return the class of the highest mean probability for each test row, by name."""
    total: npt.NDArray[np.float64] = np.zeros(())
    for run in runs:
        with run.layout.predictions.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = [name for name in reader.fieldnames or () if name.startswith(PREFIX)]
            total = total + np.array([[float(row[name]) for name in names] for row in reader])
    classes = np.array([name.removeprefix(PREFIX) for name in names])
    called: npt.NDArray[np.str_] = classes[np.argmax(total, axis=1)]
    return called
