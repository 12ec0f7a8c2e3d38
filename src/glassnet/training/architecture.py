"""The architecture of a multilayer perceptron: what a plan asks for, and what a model file builds the network from."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import numpy as np

from glassnet import nn
from glassnet.components import TARGET, OwnClass, construct, import_target
from glassnet.files import JsonObject

FindClass: TypeAlias = Callable[[str, object], Any]
KEY = "model.activation"  # where the settings have it


@dataclass(frozen=True)
class Architecture:
    """The arguments of `nn.mlp`, but for its random generators.

    Attributes:
        sizes: of the features, each hidden layer and the outputs.
        activation: one of `nn.ACTIVATIONS`, or a class of one's own.
        dropout: the probability of dropping a hidden unit.
        normalization: between a Dense layer and its activation, or None.
        init: the rule for the weights.
        input_scale: whether the features are scaled by learnt factors first.
        zero_output: whether the last layer starts at 0.
    """

    sizes: tuple[int, ...]
    activation: str | OwnClass = "relu"
    dropout: float = 0.0
    normalization: Literal["batch", "layer"] | None = None
    init: str | float = "he_normal"
    input_scale: bool = False
    zero_output: bool = False

    @property
    def classes(self) -> int | None:
        """How many classes there are; None for a regression, which has one output."""
        return self.sizes[-1] if self.sizes[-1] > 1 else None

    def build(
        self, rng: np.random.Generator, dropout_rng: np.random.Generator, find_class: FindClass = import_target
    ) -> nn.Sequential:
        """Return the network with fresh weights.

        Args:
            rng: draws the weights.
            dropout_rng: draws the dropout masks.
            find_class: returns an activation's class, if it is one's own, from where its path stands and the path.

        Raises:
            ValueError: if that is no module, or does not take its arguments.
        """
        activation = self.activation if isinstance(self.activation, str) else _maker(self.activation, find_class)
        return nn.mlp(
            self.sizes,
            activation=activation,
            dropout=self.dropout,
            normalization=self.normalization,
            init=self.init,
            input_scale=self.input_scale,
            zero_output=self.zero_output,
            rng=rng,
            dropout_rng=dropout_rng,
        )

    def to_json(self) -> JsonObject:
        """Return what a model file holds of it; what came later only where it is used, so that old files stay equal."""
        later = {"input_scale": self.input_scale, "zero_output": self.zero_output}
        return {
            "sizes": list(self.sizes),
            "activation": self.activation if isinstance(self.activation, str) else self.activation.to_json(),
            "dropout": self.dropout,
            "normalization": self.normalization,
            "init": self.init,
            **{name: value for name, value in later.items() if value},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Architecture":
        """Return what `to_json` described.

        Raises:
            ValueError: for a key that it does not know, or no sizes.
        """
        known = [field.name for field in fields(cls)]
        if not {"sizes"} <= set(data) <= set(known):
            raise ValueError(f"expected an architecture with sizes, of {', '.join(known)}, received {', '.join(data)}")
        activation = data.get("activation", "relu")
        own = OwnClass.from_json(activation) if isinstance(activation, dict) else activation
        return cls(**{**data, "sizes": tuple(data["sizes"]), "activation": own})


def _maker(own: OwnClass, find_class: FindClass) -> Callable[[], nn.Module]:
    """Return what makes an activation of one's own; one is made here already, so that a mistake is seen."""
    where = f"{KEY}.{TARGET}"
    made = find_class(where, own.target)
    if not (inspect.isclass(made) and issubclass(made, nn.Module)):
        raise ValueError(f"{where}: expected a subclass of Module, received {own.target}, which is none")

    def make() -> nn.Module:
        activation: nn.Module = construct(KEY, own.to_json(), made)
        return activation

    make()
    return make
