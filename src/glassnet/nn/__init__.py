"""The network: modules with hand-written forward and backward passes, in NumPy alone.

A layer's first lines: its weights are drawn from a generator with a seed, and a batch has their dtype.

    layer = nn.Dense(3, 2, rng=np.random.default_rng(0))
    Z = layer.forward(np.array([[1, 2, 3]], dtype=np.float32))
    dX = layer.backward(np.ones_like(Z))

To learn how backpropagation works, read the files in the order of `READING`: layers, then what judges their outputs,
then the containers that make networks of them. Each body is the formula of its docstring. `glassnet.optim` trains them.

What all of them stand on is for looking things up: `arrays` and `checks` (shapes and dtypes), `parameter` (a value and
its gradient), `init` (how large weights begin), `module` and `loss` (the contract between forward and backward),
`summary` (the printed table).
"""

from glassnet.nn.adjusted_cross_entropy import AdjustedCrossEntropy
from glassnet.nn.arrays import FloatArray, as_batch
from glassnet.nn.choices import choices
from glassnet.nn.containers import Sequential
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.init import INITIALIZERS
from glassnet.nn.l2_penalty import L2Penalty
from glassnet.nn.loss import Loss
from glassnet.nn.mish import Mish
from glassnet.nn.mlp import NORMALIZATIONS, mlp
from glassnet.nn.module import Module
from glassnet.nn.neural_tangent import NeuralTangentDense
from glassnet.nn.normalization import BatchNorm, LayerNorm
from glassnet.nn.parameter import Parameter, fresh_gradients
from glassnet.nn.regression_losses import MeanAbsoluteError, MeanSquaredError
from glassnet.nn.relu import LeakyReLU, ReLU
from glassnet.nn.residual import Residual
from glassnet.nn.scale import Scale
from glassnet.nn.selu import SELU
from glassnet.nn.sigmoid import Sigmoid, SiLU
from glassnet.nn.softmax import log_softmax, softmax
from glassnet.nn.tanh import GELU, Tanh

ACTIVATIONS = choices("glassnet.nn", "ACTIVATIONS")
"""The activations by the names that `mlp` and conf/ take."""
LOSSES = choices("glassnet.nn", "LOSSES")
"""The losses by the names that conf/ takes."""

READING = (
    "dense", "elementwise", "relu", "sigmoid", "tanh", "softmax", "cross_entropy", "adjusted_cross_entropy",
    "containers", "regression_losses", "l2_penalty", "dropout", "normalization", "residual", "selu", "mish", "scale",
    "neural_tangent", "mlp",
)  # fmt: skip

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "INITIALIZERS",
    "LOSSES",
    "NORMALIZATIONS",
    "SELU",
    "AdjustedCrossEntropy",
    "BatchNorm",
    "Dense",
    "Dropout",
    "FloatArray",
    "L2Penalty",
    "LayerNorm",
    "LeakyReLU",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Mish",
    "Module",
    "NeuralTangentDense",
    "Parameter",
    "ReLU",
    "Residual",
    "Scale",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
    "as_batch",
    "choices",
    "fresh_gradients",
    "log_softmax",
    "mlp",
    "softmax",
]
