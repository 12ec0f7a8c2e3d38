"""The network: modules with hand-written forward and backward passes, in NumPy alone.

A layer's first lines: its weights are drawn from a generator with a seed, and a batch has their dtype.

    layer = nn.Dense(3, 2, rng=np.random.default_rng(0))
    Z = layer.forward(np.array([[1, 2, 3]], dtype=np.float32))
    dX = layer.backward(np.ones_like(Z))

To learn how backpropagation works, read the files in this order: `arrays` (shapes), `parameter` (a value and its
gradient), `module` (the contract between forward and backward), `dense`, `init`, `relu`, `containers`, `loss`,
`cross_entropy`: that is a whole network, and `glassnet.optim` (`flat`, `optimizer`, `sgd`) trains it. Then what makes
networks better: `sigmoid`, `tanh`, `dropout`, `normalization`, `residual`, `regression_losses`, `l2_penalty`.
"""

from glassnet.nn.arrays import FloatArray, as_batch
from glassnet.nn.containers import ACTIVATIONS, NORMALIZATIONS, Sequential, mlp
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy, log_softmax, softmax
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.init import INITIALIZERS
from glassnet.nn.l2_penalty import L2Penalty
from glassnet.nn.loss import Loss
from glassnet.nn.module import Module
from glassnet.nn.normalization import BatchNorm, LayerNorm
from glassnet.nn.parameter import Parameter
from glassnet.nn.regression_losses import MeanAbsoluteError, MeanSquaredError
from glassnet.nn.relu import LeakyReLU, ReLU
from glassnet.nn.residual import Residual
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
    "L2Penalty",
    "LayerNorm",
    "LeakyReLU",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Module",
    "Parameter",
    "ReLU",
    "Residual",
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
