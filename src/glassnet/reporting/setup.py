"""What a diagnosis needs to know of a run's settings, read from its manifest."""

from collections.abc import Mapping
from typing import Any

from glassnet.diagnostics import Setup
from glassnet.files import JsonObject


def setup_of(settings: JsonObject) -> Setup:
    """Return the setup of a run.

    Args:
        settings: nested as in conf/: the sections data, model, optimizer and training, and the seed.

    Raises:
        ValueError: if one of the sections that matter most is missing.
    """
    if missing := [name for name in ("model", "optimizer", "training") if name not in settings]:
        raise ValueError(
            f"settings: expected the sections model, optimizer and training, as conf/ has them, received none called "
            f"{' or '.join(missing)}"
        )
    recorded: Mapping[str, Any] = settings
    model, optimizer, training = (recorded[name] for name in ("model", "optimizer", "training"))
    activation = model["activation"]
    return Setup(
        hidden_sizes=tuple(model["hidden_sizes"]),
        activation=activation if isinstance(activation, str) else activation["name"],  # a class of one's own
        init=model["init"],
        zero_output=model.get("zero_output", False),
        dropout=model["dropout"],
        optimizer=optimizer.get("name"),
        learning_rate=optimizer["learning_rate"],
        weight_decay=optimizer.get("weight_decay", 0.0),
        l1_decay=optimizer.get("l1_decay", 0.0),
        batch_size=training["batch_size"],
        epochs=training["epochs"],
        label_smoothing=training["label_smoothing"],
        l2=training["l2"],
        average_decay=training["average_decay"],
        max_gradient_norm=training["max_gradient_norm"],
        folds=recorded.get("data", {}).get("folds"),
        seed=recorded.get("seed"),
        decides=training.get("class_weights") is not None
        or recorded.get("evaluation", {}).get("threshold") is not None,
        keeps_last=training.get("keep") == "last",
    )
