"""How the settings of a run want training images changed."""

from glassnet.config import Settings
from glassnet.data import Augmentation
from glassnet.tables import ImagePreprocessing, PreparedData


def augmentation_of(settings: Settings, prepared: PreparedData) -> Augmentation | None:
    """Return how the settings want training images changed, if at all.

    Raises:
        ValueError: if they want it of a table.
    """
    shift, flip = settings.training.shift, settings.training.flip
    if not (shift or flip):
        return None
    if not isinstance(prepared.preprocessing, ImagePreprocessing):
        raise ValueError(
            f"training.shift, training.flip: expected them unset for a table such as {prepared.about['dataset']}, "
            f"received {shift} and {flip}; only images are augmented"
        )
    background = prepared.preprocessing.background
    return Augmentation(prepared.preprocessing.shape, shift, flip, background, settings.seed)
