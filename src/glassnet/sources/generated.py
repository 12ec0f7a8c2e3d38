"""Generated data, seeded: blobs, which a line tells apart, and spirals, which need a network."""

from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.nn.ranges import MOST, Count, Interval, NotNegative, Positive
from glassnet.seeding import stream
from glassnet.sources.raw import RawTable

Classes: TypeAlias = Annotated[int, Interval(2, MOST)]
Seed: TypeAlias = Annotated[int, Interval(0)]


def blobs(rows: Count, classes: Classes, features: Count, spread: Positive, seed: Seed) -> RawTable:
    """Return normal clouds with standard deviation `spread` about centres drawn uniformly from [−4, 4] per feature.

    Args:
        rows: how many points, divided evenly among the classes.
        classes: how many clouds.
        features: how many dimensions.
        spread: the standard deviation of each cloud.
        seed: of centres and points.
    """
    rng = stream(seed, "blobs")
    centres = rng.uniform(-4, 4, (classes, features))
    labels = np.arange(rows) % classes
    points = centres[labels] + spread * rng.standard_normal((rows, features))
    return _table("blobs", f"{classes} normal clouds of standard deviation {spread:g}", points, labels)


def spirals(rows: Count, classes: Classes, turns: Positive, noise: NotNegative, seed: Seed) -> RawTable:
    """Return interleaved spiral arms in the plane, one a class, from the origin to radius 1, each point displaced.

    Arm k winds `turns` times round: at radius r its angle is `2π(turns·r + k/classes)`.

    Args:
        rows: how many points, divided evenly among the classes.
        classes: how many arms.
        turns: how often an arm winds round.
        noise: the standard deviation by which a point is displaced in each coordinate.
        seed: of radii and noise.
    """
    rng = stream(seed, "spirals")
    labels = np.arange(rows) % classes
    radius = np.sqrt(rng.uniform(0.01, 1, rows))
    angle = 2 * np.pi * (turns * radius + labels / classes)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + noise * rng.standard_normal((rows, 2))
    return _table("spirals", f"{classes} spiral arms with noise of standard deviation {noise:g}", points, labels)


def _table(name: str, description: str, points: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> RawTable:
    import pandas as pd

    features = tuple(f"x{column + 1}" for column in range(points.shape[1]))
    class_names = tuple(f"class_{label}" for label in range(int(labels.max()) + 1))
    frame = pd.DataFrame(points, columns=list(features))
    frame["class"] = [class_names[label] for label in labels]
    return RawTable(
        name=name, description=description, frame=frame, features=features, target="class", class_names=class_names
    )


SOURCES = {"blobs": blobs, "spirals": spirals}
