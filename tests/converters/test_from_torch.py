"""Networks to graphs: equal integer by integer on random networks, and refused with the module's path."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Coding, execute
from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
    PixelEncoder,
)
from gxnor_snn.models import lenet, mlp

from .nets import randomise_batch_norms


def reference(graph, x):
    return simulate(graph, x, engine="reference", record="all")


def native(graph, x):
    return simulate(graph, x, record="all")


@pytest.mark.parametrize(
    "build", [lambda: lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3), lambda: mlp((1, 4, 4), [7, 6], 3)]
)
def test_shipped_models_convert_with_names_of_their_modules(build) -> None:
    model = build()
    randomise_batch_norms(model, 1)
    graph = from_torch(model, model.input_shape)
    modules = dict(model.named_modules())
    assert {n for n in graph.populations if n.startswith("act") and "." not in n} == {
        n for n in modules if n.startswith("act")
    }
    assert set(graph.projections) == {n for n in modules if n.startswith(("conv", "fc", "pool"))}
    x = np.random.default_rng(0).integers(0, 256, (9, *model.input_shape)).astype(np.uint8)
    assert verify(model, graph, x, reference).equal


def test_a_pool_in_front_of_batch_norm_takes_the_minimum_where_the_gain_is_negative() -> None:
    model = lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3)
    model.bn1.weight.data = torch.tensor([1.0, -1.0, 0.0])
    graph = from_torch(model, (1, 12, 12))
    assert graph.projections["pool1"].mode == ("max", "min", "max")
    assert graph.populations["act1.pre"].internal
    assert graph.populations["act1.pre"].increasing.tolist() == [True, False, True]


def test_conversion_leaves_the_model_as_it_was() -> None:
    model = lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3).train()
    model.bn1.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    graph = from_torch(model, (1, 12, 12))
    verify(model, graph, np.zeros((2, 1, 12, 12), np.uint8), reference)
    assert not model.bn1.training
    assert model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize(
    ("given", "coding"),
    [
        (("zn", 0), Coding.pm1(1)),
        (("zn", 1), Coding.ternary()),
        (("zn", 3), Coding.signmag(3)),
        (("mbn", 2), Coding.pm1(2)),
        ((-5, 9), Coding.sums(-5, 9)),
        ("pixels", Coding.bits(8)),
    ],
)
def test_inputs_of_every_kind(given, coding: Coding) -> None:
    model = nn.Sequential(DiscreteLinear(6, 4), BatchNorm1d(4), DiscreteActivation(), DiscreteLinear(4, 3))
    randomise_batch_norms(model, 0)
    graph = from_torch(model, (6,), input=given)
    assert graph.coding("input") == coding
    x = np.random.default_rng(0).choice(coding.levels, (20, 6))
    assert verify(model, graph, x, reference).equal


def test_activation_directly_on_levels() -> None:
    model = nn.Sequential(
        PixelEncoder(),
        BatchNorm2d(2),
        DiscreteActivation(2),
        nn.MaxPool2d(2),
        nn.Dropout(),
        nn.Flatten(),
        DiscreteLinear(8, 3),
    )
    randomise_batch_norms(model, 5)
    graph = from_torch(model, (2, 4, 4))
    x = np.random.default_rng(0).integers(0, 256, (20, 2, 4, 4)).astype(np.uint8)
    assert verify(model, graph, x, reference).equal


def test_thresholds_that_float32_would_round() -> None:
    """r is just above 3; a sum of 3 is below it, in torch as in the graph."""
    act = DiscreteActivation(1, r=(0.1 + 0.2) * 10, tie="fire", half_range=100)
    model = nn.Sequential(DiscreteLinear(4, 3), act, DiscreteLinear(3, 2))
    model[0].levels.data[:] = 1
    graph = from_torch(model, (4,), input=("zn", 1))
    assert graph.populations["1"].thresholds.tolist() == [[-3, 4]] * 3
    x = np.array([[1, 1, 1, 0], [-1, -1, -1, 0], [1, 1, 1, 1], [-1, -1, -1, -1]])
    assert verify(model, graph, x, reference).equal


def conv(**kw: object) -> DiscreteConv2d:
    return DiscreteConv2d(1, 2, 3, **kw)


def nan_norm() -> BatchNorm2d:
    norm = BatchNorm2d(2)
    norm.bias.data[1] = float("nan")
    return norm


def negative_variance() -> BatchNorm2d:
    norm = BatchNorm2d(2)
    norm.running_var[1] = -1
    return norm


REFUSED = {
    "not sequential": (nn.Linear(3, 3), "Linear; allowed is nn.Sequential"),
    "no encoder": (nn.Sequential(conv()), "input is 'auto'"),
    "float layer": (nn.Sequential(PixelEncoder(), nn.Conv2d(1, 2, 3)), "module '1' is a Conv2d, allowed are"),
    "unknown activation": (nn.Sequential(PixelEncoder(), conv(), nn.ReLU()), "module '2' is a ReLU"),
    "late encoder": (nn.Sequential(PixelEncoder(), PixelEncoder()), "a PixelEncoder stands first"),
    "nested path": (nn.Sequential(PixelEncoder(), nn.Sequential(conv(), nn.ReLU())), r"module '1\.1' is a ReLU"),
    "two products": (nn.Sequential(PixelEncoder(), conv(), DiscreteConv2d(2, 2, 3)), "module '2': a second product follows '1'"),
    "two norms": (nn.Sequential(PixelEncoder(), conv(), BatchNorm2d(2), BatchNorm2d(2)), "module '3': a second batch norm"),
    "nan": (nn.Sequential(PixelEncoder(), conv(), nan_norm()), "module '2': offset of channel 1 is nan"),
    "variance": (nn.Sequential(PixelEncoder(), conv(), negative_variance()), "module '2': scale of channel 1 is nan"),
    "wrong channels": (nn.Sequential(PixelEncoder(), conv(), BatchNorm2d(3)), "has 3 channels, '1' gives 2"),
    "too large": (nn.Sequential(PixelEncoder(), conv(max_input=1)), "max_input is 1, its input has levels up to 255"),
    "ends with activation": (nn.Sequential(PixelEncoder(), conv(), DiscreteActivation()), "the network ends with '2'"),
    "ends with pool": (nn.Sequential(PixelEncoder(), conv(), nn.MaxPool2d(2)), "ends with pool '2'"),
    "linear on image": (nn.Sequential(PixelEncoder(), DiscreteLinear(8, 2)), "put an nn.Flatten before it"),
    "conv after flatten": (nn.Sequential(PixelEncoder(), nn.Flatten(), conv()), "got shape .3, 64"),
    "flatten sums": (nn.Sequential(PixelEncoder(), conv(), nn.Flatten()), "flattens the sums of '1'"),
    "odd flatten": (nn.Sequential(PixelEncoder(), nn.Flatten(2)), "allowed is 1..-1"),
    "indices": (nn.Sequential(PixelEncoder(), nn.MaxPool2d(2, return_indices=True)), "return_indices is set"),
    "wrong shape": (nn.Sequential(PixelEncoder(), DiscreteConv2d(3, 2, 3)), "module '1': DiscreteConv2d takes .B, 3, H, W"),
    "norm after flatten": (nn.Sequential(PixelEncoder(), nn.Flatten(), BatchNorm1d(64)), "put it before the flatten"),
    "empty": (nn.Sequential(), "input is 'auto'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_exact_graph_is_refused_with_its_path(case: str) -> None:
    model, message = REFUSED[case]
    with pytest.raises(ConversionError, match=message):
        from_torch(model, (1, 8, 8))


@pytest.mark.parametrize(
    "given",
    ["bytes", ("zn", "x"), (5, 1), 7, ("zn", 9), ("zn", True), ("mbn", 0), ("mbn", 99), (0, 2**40), (True, 2)],
)
def test_an_unknown_input_is_refused(given) -> None:
    with pytest.raises(ConversionError, match="input is"):
        from_torch(nn.Sequential(DiscreteLinear(2, 2)), (2,), input=given)


@pytest.mark.parametrize("shape", [("a",), 6, None, (6.7,), (), (0,), (-6,)])
def test_a_wrong_input_shape_is_refused(shape) -> None:
    with pytest.raises(ConversionError):
        from_torch(nn.Sequential(DiscreteLinear(6, 2)), shape, input=("zn", 1))


@pytest.mark.parametrize("name", ["input", "readout"])
def test_names_of_the_graph_itself_are_taken(name: str) -> None:
    layers = OrderedDict({"fc": DiscreteLinear(6, 2), name: DiscreteActivation(), "out": DiscreteLinear(2, 2)})
    with pytest.raises(ConversionError, match=f"module '{name}': the name is taken"):
        from_torch(nn.Sequential(layers), (6,), input=("zn", 1))


def test_a_pool_that_stands_twice_is_two_pools() -> None:
    pool = nn.MaxPool2d(2)
    model = nn.Sequential(
        PixelEncoder(),
        conv(),
        pool,
        BatchNorm2d(2),
        DiscreteActivation(),
        pool,
        nn.Flatten(),
        DiscreteLinear(18, 3),
    )
    randomise_batch_norms(model, 0)
    graph = from_torch(model, (1, 14, 14))
    assert {"2", "5"} <= set(graph.projections)
    x = np.random.default_rng(0).integers(0, 256, (20, 1, 14, 14)).astype(np.uint8)
    assert verify(model, graph, x, reference).equal


def twice(kind: str) -> nn.Sequential:
    parts = {
        "product": DiscreteLinear(4, 4),
        "norm": BatchNorm1d(4),
        "activation": DiscreteActivation(),
        "first": DiscreteActivation(),
        "product2": DiscreteLinear(4, 4),
        "norm2": BatchNorm1d(4),
    }
    parts[f"{kind}2" if kind != "activation" else "again"] = parts[kind]
    if kind == "activation":
        del parts["first"]
    return nn.Sequential(OrderedDict(parts))


@pytest.mark.parametrize(("kind", "second"), [("product", "product2"), ("norm", "norm2"), ("activation", "again")])
def test_a_layer_that_stands_twice_is_refused_with_both_paths(kind: str, second: str) -> None:
    with pytest.raises(ConversionError, match=f"modules '{kind}' and '{second}' are one and the same"):
        from_torch(twice(kind), (4,), input=("zn", 1))


class Doubling(nn.Sequential):
    def forward(self, x):
        return super().forward(2 * x)


class Named(nn.Sequential):
    """A subclass that computes what its base does."""


def with_forward_replaced() -> nn.Sequential:
    model = nn.Sequential(DiscreteLinear(4, 2))
    model[0].forward = lambda x: x
    return model


def plain() -> nn.Sequential:
    return nn.Sequential(DiscreteLinear(4, 2))


def test_a_replaced_forward_is_refused() -> None:
    with pytest.raises(ConversionError, match="module '0' is a DiscreteLinear with a forward of its own"):
        from_torch(with_forward_replaced(), (4,), input=("zn", 1))
    model = plain()
    model.forward = lambda x: x
    with pytest.raises(ConversionError, match="the model is a Sequential with a forward of its own"):
        from_torch(model, (4,), input=("zn", 1))


def test_a_forward_of_one_s_own_is_traced() -> None:
    model = nn.Sequential(Doubling(DiscreteLinear(4, 2)))
    graph = from_torch(model, (4,), input=("zn", 1))
    x = np.random.default_rng(0).integers(-1, 2, (9, 4))
    assert verify(model, graph, x, reference).equal
    np.testing.assert_array_equal(execute(graph, x).readouts["readout"], 2 * x @ model[0][0].levels.numpy().T)


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
@pytest.mark.parametrize(("path", "where"), [("", "the model"), ("0", "module '0'"), ("0.0", r"module '0\.0'")])
def test_forward_hooks_are_refused(register: str, path: str, where: str) -> None:
    model = nn.Sequential(plain())
    handle = getattr(model.get_submodule(path), register)(lambda *_: None)
    with pytest.raises(ConversionError, match=f"{where} has forward hooks"):
        from_torch(model, (4,), input=("zn", 1))
    handle.remove()
    assert from_torch(model, (4,), input=("zn", 1)).readouts == ("readout",)


def test_a_subclass_with_the_forward_of_its_base_converts() -> None:
    assert from_torch(Named(plain()), (4,), input=("zn", 1)).readouts == ("readout",)


def test_an_empty_place_is_refused() -> None:
    model = nn.Sequential(DiscreteLinear(4, 2))
    model.add_module("gap", None)
    with pytest.raises(ConversionError, match="module 'gap' is None"):
        from_torch(model, (4,), input=("zn", 1))


def test_the_graph_counts_what_the_network_has() -> None:
    model = mlp((1, 4, 4), [7], 3)
    randomise_batch_norms(model, 2)
    counts = execute(from_torch(model, (1, 4, 4)), np.full((1, 1, 4, 4), 255, np.uint8)).counts
    weights = model.fc1.levels.numpy()
    assert counts.synapses["fc1"].n_gated[0] == np.count_nonzero(weights)
    assert counts.synapses["fc1"].n_xnor[0] == 8 * np.count_nonzero(weights)
