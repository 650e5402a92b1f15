"""Every network that is shipped, by every published method: converted and equal, or refused with the reason."""

from typing import Any

import numpy as np
import pytest
import torch

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.errors import ConversionError
from gxnor_snn.models import METHODS, lenet, mlp, resnet, vgg

from .nets import randomise_batch_norms

NETS: dict[str, Any] = {
    "mlp": lambda **kw: mlp((1, 4, 4), [9, 7], 3, **kw),
    "lenet": lambda **kw: lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3, classes=4, **kw),
    "vgg": lambda **kw: vgg((3, 8, 8), 2, 4, **kw),
    "resnet": lambda **kw: resnet((3, 8, 8), 2, 4, depth=8, **kw),
    "resnet, max": lambda **kw: resnet((3, 8, 8), 2, 4, depth=8, head="max", **kw),
}
INTEGER = ("gxnor", "bnn", "tbn", "qnn", "mbn")


def check(model: Any) -> None:
    randomise_batch_norms(model, 1)
    graph = from_torch(model, model.input_shape)
    x = np.random.default_rng(0).integers(0, 256, (7, *model.input_shape)).astype(np.uint8)
    certificate = verify(model, graph, x, lambda g, x: simulate(g, x, record="all"))
    assert certificate.equal, certificate
    assert certificate.compared["logits"] > 0


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("method", INTEGER)
def test_methods_of_integers_convert(net: str, method: str) -> None:
    torch.manual_seed(0)
    check(NETS[net](**METHODS[method]))


@pytest.mark.parametrize("norm", ["l1", "shift"])
@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"n1": 3, "n2": 4},
        {"coding1": "log", "weights": "latent", "coding2": "log", "n1": 2, "n2": 3, "window": "ste"},
    ],
)
def test_flavours_of_batch_norm_and_codings(norm: str, keywords: dict[str, Any]) -> None:
    check(NETS["resnet"](norm=norm, **keywords))


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(INTEGER)))
def test_methods_of_real_numbers_are_refused_with_the_path(method: str) -> None:
    model = NETS["lenet"](**METHODS[method])
    with pytest.raises(
        ConversionError, match=r"module '\w+' is a \w+, allowed are .*; it (gives real|holds float).*"
    ):
        from_torch(model, model.input_shape)


def test_a_wrong_input_shape_is_named() -> None:
    with pytest.raises(ConversionError, match=r"the model: mlp takes images of shape \(1, 4, 4\)"):
        from_torch(NETS["mlp"](), (1, 5, 4))
