"""Fashion-MNIST: 70,000 pictures of clothes, fetched from mirrors and checked."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from glassnet.nn.ranges import NotEmpty
from glassnet.sources.raw import RawImages, WithTestRows

FOLDER = Path("data", "downloads", "fashion_mnist")  # kept between runs, so that a broken download is resumed

CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The sha256 of each file's content, decompressed: mirrors compress it differently.
FILES = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def fashion_mnist(mirrors: Annotated[Sequence[str], NotEmpty()]) -> Annotated[RawImages, WithTestRows()]:
    """Return the 60,000 training pictures and, after them, the 10,000 that the publisher set aside for testing.

    Args:
        mirrors: addresses and local folders that hold the four files, tried in this order.
    """
    return read_pictures(mirrors, FOLDER)


def read_pictures(mirrors: Sequence[str], folder: Path, files: dict[str, str] = FILES) -> RawImages:
    """Return the pictures in the four files, fetched from mirrors into a folder if need be.

    Args:
        mirrors: addresses and local folders that hold the four files, tried in this order.
        folder: where to keep them.
        files: their names and the digests of their content.

    Source: Xiao, Rasul & Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    from glassnet.sources.mirrors.download import download  # and with it urllib and ssl

    images, labels, test_images, test_labels = (
        read_idx(download(name, sha256, mirrors, folder)) for name, sha256 in files.items()
    )
    return RawImages(
        name="fashion_mnist",
        description="Fashion-MNIST: pictures of clothes, 28×28 grey pixels, ten classes (Xiao, Rasul & Vollgraf, 2017)",
        images=np.concatenate([images, test_images]),
        labels=np.concatenate([labels, test_labels]).astype(np.int64),
        class_names=CLASS_NAMES,
        test_rows=len(test_images),
    )


def read_idx(path: Path) -> npt.NDArray[Any]:
    """Return the array of bytes in a gzipped IDX file: two zero bytes, the type, the rank, and the sizes, big-endian.

    Raises:
        ValueError: if it is no such file.
    """
    content = gzip.decompress(path.read_bytes())
    rank = content[3] if len(content) >= 4 else 0
    sizes = np.frombuffer(content, ">u4", rank, 4) if len(content) >= 4 + 4 * rank else np.zeros(1)
    expected = 4 + 4 * rank + int(np.prod(sizes))
    if content[:3] != b"\x00\x00\x08" or len(content) != expected:
        raise ValueError(
            f"{path}: expected an IDX file of unsigned bytes, {expected} long, received {len(content)} bytes"
        )
    shape = [int(size) for size in sizes]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


SOURCES = {"fashion_mnist": fashion_mnist}
