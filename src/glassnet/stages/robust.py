"""How robust the network of a run is: its answers to altered test images."""

import numpy as np

from glassnet.evaluation.robustness import AlteredScore, Images, robustness
from glassnet.evaluation.scores import LabelArray
from glassnet.seeding import stream
from glassnet.tables import ImagePreprocessing, PreparedData, TrainedModel

SEED = 0  # the same test images always have the same alterations


def robustness_of(
    prepared: PreparedData, preprocessing: ImagePreprocessing, network: TrainedModel
) -> list[AlteredScore]:
    """Return the accuracy of a network on the test images, as they are and altered."""
    test = prepared.split("test")

    def decide(images: Images) -> LabelArray:
        return network.decide(network.outputs(preprocessing.transform(images)))

    images = preprocessing.pixels(np.asarray(test.X))
    return robustness(images, np.asarray(test.y), decide, stream(SEED, "robustness"))
