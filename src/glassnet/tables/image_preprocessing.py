"""Preprocessing of images, learnt on the training images: grey values in, standardized pixels out."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from glassnet.tables.descriptions import ImageDescription

if TYPE_CHECKING:
    import pandas as pd


class ImagePreprocessing:
    """Takes images to rows of pixels, standardized by the mean and deviation of all training pixels together.

    Attributes:
        shape: height and width.
        mean: the mean grey value of the training images.
        scale: its standard deviation.
    """

    kind: Literal["images"] = "images"

    def __init__(self, shape: tuple[int, int], mean: float, scale: float) -> None:
        """Take what `fit` or `from_json` make."""
        self.shape, self.mean, self.scale = shape, mean, scale

    @classmethod
    def fit(cls, images: npt.NDArray[np.uint8]) -> "ImagePreprocessing":
        """Learn from the training images `(N, height, width)`, in whole numbers, which round nowhere."""
        counts = np.bincount(images.reshape(-1), minlength=256).astype(np.float64)
        grey = np.arange(256)
        mean = float((counts * grey).sum() / counts.sum())
        deviation = float(np.sqrt((counts * (grey - mean) ** 2).sum() / counts.sum()))
        return cls((images.shape[1], images.shape[2]), mean, deviation or 1.0)

    @property
    def names(self) -> list[str]:
        """The raw columns that a frame of images has: one a pixel, row by row."""
        height, width = self.shape
        return [f"pixel_{row}_{column}" for row in range(height) for column in range(width)]

    @property
    def feature_names(self) -> list[str]:
        """The name of each of the D features, the pixels."""
        return self.names

    @property
    def background(self) -> float:
        """What a black pixel becomes: what is shifted in from outside an image."""
        return float(np.float32((0 - self.mean) / self.scale))

    def transform(self, images: "npt.NDArray[Any] | pd.DataFrame") -> npt.NDArray[np.float32]:
        """Return `(N, height·width)` features of images `(N, height, width)`, or of a frame with a column a pixel.

        Raises:
            ValueError: if there are no such columns, the images have another size, or a pixel is no grey value.
        """
        if not isinstance(images, np.ndarray):
            missing = [name for name in self.names if name not in images.columns]
            if missing:
                raise ValueError(
                    f"preprocessing: expected {len(self.names)} columns pixel_row_column, received none of these: "
                    f"{missing[:5]}"
                )
            try:
                images = images[self.names].to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError) as error:
                raise ValueError(f"preprocessing: expected numbers in the pixels, received others: {error}") from error
        if images.shape[1:] not in {self.shape, (self.shape[0] * self.shape[1],)}:
            raise ValueError(f"preprocessing: expected images {self.shape}, received an array of shape {images.shape}")
        grey = images.reshape(len(images), -1)
        if images.dtype != np.uint8 and len(strange := np.argwhere(~((grey >= 0) & (grey <= 255)))):
            row, pixel = strange[0]
            raise ValueError(
                f"preprocessing: expected grey values from 0 to 255, received {grey[row, pixel]:g} in "
                f"{self.names[pixel]} of image {row + 1}"
            )
        pixels = grey.astype(np.float32)
        pixels -= np.float32(self.mean)
        pixels /= np.float32(self.scale)
        return pixels

    def pixels(self, X: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        """Return the grey images `(N, height, width)` that `transform` made the features from."""
        grey = X.astype(np.float64)
        grey *= self.scale
        grey += self.mean
        np.clip(np.rint(grey, out=grey), 0, 255, out=grey)
        return grey.astype(np.uint8).reshape(-1, *self.shape)

    def unseen_categories(self, frame: "pd.DataFrame") -> dict[str, list[str]]:
        """Return nothing: pixels have no categories."""
        return {}

    def example(self) -> "pd.DataFrame":
        """Return one raw row as it may look: a grey image."""
        import pandas as pd

        return pd.DataFrame([dict.fromkeys(self.names, self.mean)])

    def to_json(self) -> ImageDescription:
        """Return a form that JSON can hold."""
        return {"kind": self.kind, "shape": list(self.shape), "mean": self.mean, "scale": self.scale}
