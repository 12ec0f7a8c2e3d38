"""Whether a training can begin with some settings: its data are there, its classes and its parts are what they ask for.

A sweep, a search and `improve` ask before their first training. Else each of many would fail of the same.
"""

from glassnet.config import Settings, require_own_classes
from glassnet.runs import Layout
from glassnet.stages.augmenting import augmentation_of
from glassnet.stages.classes import ClassChoices
from glassnet.stages.members import folds_of
from glassnet.tables import PreparedData, open_prepared
from glassnet.training.train import make_loaders, make_network, make_schedule


def require_trainable(settings: Settings, layout: Layout) -> PreparedData:
    """Return the data that a training with these settings learns from, having made all that it begins with.

    Raises:
        UserError: for settings that do not fit the data, such as the weight of a class that there is not.
        ValueError: for data that cannot be read or prepared, and parts that do not fit each other.
        OSError: if a file of the data is missing.
    """
    require_own_classes(settings)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    augmentation_of(settings, prepared)
    for each in (prepared, *folds_of(settings, layout, prepared)):
        train, validation = each.split("train"), each.split("validation")
        plan = ClassChoices.of(settings, each).plan(settings, train.X.shape[1])
        network, _ = make_network(plan, train)
        rate = plan.optimizer(network.parameters()).learning_rate
        make_schedule(plan, rate, len(make_loaders(plan, train, validation)[0]))
    return prepared
