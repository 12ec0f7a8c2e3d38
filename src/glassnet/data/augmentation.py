"""Augmentation of images: small shifts and mirror images, in training only, vectorized and seeded."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.seeding import stream


@dataclass(frozen=True)
class Augmentation:
    """Moves each image of a batch by up to `shift` pixels each way, and mirrors half of them if `flip`.

    Attributes:
        shape: height and width of an image; a batch holds its pixels row by row, `(N, height·width)`.
        shift: the most pixels, up or down and left or right; what comes in from outside is background.
        flip: whether to mirror an image left to right, with probability ½.
        background: the value of a background pixel.
        seed: the seed; a batch's changes are a function of (seed, epoch, batch) alone.
    """

    shape: tuple[int, int]
    shift: int = 0
    flip: bool = False
    background: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.shift < min(self.shape):
            raise ValueError(
                f"Augmentation: expected a shift of 0 to {min(self.shape) - 1} pixels for images of {self.shape[0]}×"
                f"{self.shape[1]}, received {self.shift!r}"
            )

    def __call__(self, X: npt.NDArray[np.float32], epoch: int, batch: int) -> npt.NDArray[np.float32]:
        """Return a changed copy of the batch `X (N, height·width)`.

        Every image is cut out of one with a border of background, at an offset of its own: with a view of all windows
        of a padded image, `(N, 2s + 1, 2s + 1, height, width)`, one gather moves them all.
        """
        height, width = self.shape
        if X.shape[1] != height * width:
            raise ValueError(f"Augmentation: expected {height}×{width} pixels a row, received {X.shape[1]}")
        rng = stream(self.seed, "augmentation", epoch, batch)
        images = X.reshape(-1, height, width)
        if self.shift:
            s = self.shift
            padded = np.full((len(X), height + 2 * s, width + 2 * s), self.background, dtype=X.dtype)
            padded[:, s : s + height, s : s + width] = images
            down, right = rng.integers(0, 2 * s + 1, (2, len(X)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
            images = windows[np.arange(len(X)), down, right]
        if self.flip:
            mirrored = rng.random(len(X)) < 0.5
            images = np.where(mirrored[:, np.newaxis, np.newaxis], images[:, :, ::-1], images)
        return np.ascontiguousarray(images).reshape(X.shape)
