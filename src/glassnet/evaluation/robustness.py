"""Robustness of an image classifier: its accuracy on test images that are shifted, noisy or of another contrast."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.intervals import exact_interval
from glassnet.evaluation.scores import LabelArray

Images: TypeAlias = npt.NDArray[np.uint8]

SAMPLE = 2000  # test images that are altered; each is passed through the network once for each alteration
SHIFTS = (1, 2, 3)  # pixels
NOISES = (0.05, 0.1, 0.2)  # standard deviations, as fractions of the range of grey values
CONTRASTS = (0.5, 0.75, 1.5)  # factors


class AlteredScore(TypedDict):
    """The accuracy on altered test images, with its 95% interval; over the directions of a shift it is the mean."""

    alteration: str
    images: int
    accuracy: float
    low: float
    high: float


def robustness(
    images: Images, labels: LabelArray, decide: Callable[[Images], LabelArray], rng: np.random.Generator
) -> list[AlteredScore]:
    """Return the accuracy on a sample of images as they are, then under each alteration.

    The interval is the exact one for as many rows as there are images. Of a shift, whose accuracy is the mean over four
    directions, it is wider than need be, since the mean over directions varies less than one direction does.

    Args:
        images: grey values `(N, height, width)`; the largest of all is white, as 16 is where there are 17 values.
        labels: their class ids `(N,)`.
        decide: returns the class ids that the network gives images.
        rng: draws the sample, then the noise.
    """
    white = int(images.max())
    sample = np.sort(rng.choice(len(images), min(SAMPLE, len(images)), replace=False))
    images, labels = images[sample], labels[sample]
    scores: list[AlteredScore] = []
    for alteration, versions in _alterations(images, white, rng):
        accuracy = float(np.mean([decide(version) == labels for version in versions]))
        low, high = exact_interval(round(accuracy * len(labels)), len(labels))
        scores.append({"alteration": alteration, "images": len(labels), "accuracy": accuracy, "low": low, "high": high})
    return scores


def shifted_images(images: Images, down: int, right: int) -> Images:
    """Return images moved by so many pixels, negative ones up or left; black comes in from outside."""
    _, height, width = images.shape
    moved = np.zeros_like(images)
    target = (slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0)))
    source = (slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0)))
    moved[:, *target] = images[:, *source]
    return moved


def noisy_images(images: Images, fraction: float, white: int, rng: np.random.Generator) -> Images:
    """Return images with Gaussian noise, whose standard deviation is a fraction of the range from 0 to `white`."""
    noise = rng.standard_normal(images.shape, dtype=np.float32) * np.float32(fraction * white)
    return _grey(images + noise, white)


def contrasted_images(images: Images, factor: float, white: int) -> Images:
    """Return images whose grey values lie so many times as far from the mean of their image."""
    means = images.mean(axis=(1, 2), keepdims=True)
    return _grey(means + factor * (images - means), white)


def _alterations(images: Images, white: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Images]]]:
    yield "none", [images]
    for pixels in SHIFTS:
        if pixels < min(images.shape[1:]):  # beyond that nothing of the image is left
            directions = ((-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels))
            name = f"shift by {pixels} pixel{'s' if pixels > 1 else ''}"
            yield name, [shifted_images(images, down, right) for down, right in directions]
    for fraction in NOISES:
        yield f"Gaussian noise of {fraction:g} of the range", [noisy_images(images, fraction, white, rng)]
    for factor in CONTRASTS:
        yield f"contrast times {factor:g}", [contrasted_images(images, factor, white)]


def _grey(values: npt.NDArray[np.floating], white: int) -> Images:
    return np.clip(np.rint(values), 0, white).astype(np.uint8)
