"""Networks of discrete layers, as sequences of named children.

Every block is linear map, max-pool (where there is one), batch norm, activation; the last block is a linear
map and a batch norm (GXNOR-Net's published networks). What weights and activations are is said by keywords that
all networks share (`NetOptions`); `METHODS` names those of the published methods.
"""

from collections.abc import Callable, Mapping

from .lenet import lenet
from .methods import METHODS
from .mlp import mlp
from .net import DiscreteNet, NetSpec
from .options import NetKeywords, NetOptions
from .resnet import resnet
from .vgg import vgg

__all__ = [
    "FACTORIES",
    "METHODS",
    "DiscreteNet",
    "NetKeywords",
    "NetOptions",
    "NetSpec",
    "lenet",
    "mlp",
    "resnet",
    "vgg",
]

FACTORIES: Mapping[str, Callable[..., DiscreteNet]] = {"mlp": mlp, "lenet": lenet, "vgg": vgg, "resnet": resnet}
