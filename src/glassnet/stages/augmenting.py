"""What the settings of a run want of images alone: changed training images, first weights that look at places."""

from glassnet.config import Settings
from glassnet.data import Augmentation
from glassnet.nn.mlp import LOCAL
from glassnet.tables import ImagePreprocessing, PreparedData


def augmentation_of(settings: Settings, prepared: PreparedData) -> Augmentation | None:
    """Return how the settings want training images changed, if at all.

    Raises:
        ValueError: if they want it of a table, or weights by place of anything but square images.
    """
    shift, flip = settings.training.shift, settings.training.flip
    wants_places = settings.model.init == LOCAL
    if not (shift or flip or wants_places):
        return None
    if not isinstance(prepared.preprocessing, ImagePreprocessing):
        table = f"a table such as {prepared.about['dataset']}"
        if wants_places:
            raise ValueError(f"model.init: expected another rule than {LOCAL} for {table}; only images have places")
        raise ValueError(
            f"training.shift, training.flip: expected them unset for {table}, received {shift} and {flip}; only images "
            "are augmented"
        )
    height, width = prepared.preprocessing.shape
    if wants_places and height != width:
        raise ValueError(f"model.init={LOCAL}: expected square images, received {height} x {width} pixels")
    if not (shift or flip):
        return None
    background = prepared.preprocessing.background
    return Augmentation(prepared.preprocessing.shape, shift, flip, background, settings.seed)
