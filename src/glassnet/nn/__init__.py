"""The network: modules with hand-written forward and backward passes, in NumPy alone.

To learn how backpropagation works, read the files in this order: `arrays` (shapes), `parameter` (a value and its
gradient), `module` (the contract between forward and backward), `dense`, `relu`, `containers`, `cross_entropy`; then
`init`, `sigmoid`, `tanh`, `dropout` and `normalization`; and go on with `glassnet.optim`, which moves the parameters.
"""

from glassnet.nn.arrays import FloatArray, as_batch
from glassnet.nn.containers import ACTIVATIONS, NORMALIZATIONS, Sequential, mlp
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy, log_softmax, softmax
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.init import INITIALIZERS
from glassnet.nn.module import Module
from glassnet.nn.normalization import BatchNorm, LayerNorm
from glassnet.nn.parameter import Parameter
from glassnet.nn.relu import LeakyReLU, ReLU
from glassnet.nn.sigmoid import Sigmoid, SiLU
from glassnet.nn.tanh import GELU, Tanh

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "INITIALIZERS",
    "NORMALIZATIONS",
    "BatchNorm",
    "Dense",
    "Dropout",
    "FloatArray",
    "LayerNorm",
    "LeakyReLU",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
    "as_batch",
    "log_softmax",
    "mlp",
    "softmax",
]
