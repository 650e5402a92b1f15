"""Networks of one's own: residuals, concatenations, padding, pools, several outputs, torch's batch norm."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gxnor_converters import from_torch, verify
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import execute
from gxnor_snn.layers import (
    Affine,
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteLinear,
    PixelEncoder,
    ResidualBlock,
    ScaleBias,
    SumPool2d,
)

from .own import Model, conv, converted, linear, reference


def test_a_residual_block_adds_integers_before_the_batch_norm() -> None:
    block = ResidualBlock(
        conv(2, 3), BatchNorm2d(3), DiscreteActivation(), conv(3, 2), BatchNorm2d(2), DiscreteActivation(), gain=-3
    )
    graph = converted(nn.Sequential(block, nn.Flatten(), linear(32, 4)), (2, 4, 4))
    feeds = {p.name: (p.source, p.gain) for p in graph.incoming("0.act2")}
    assert feeds == {"0.conv2": ("0.act1", 1), "0.mul.in": ("input", -3)}


def test_a_shortcut_may_be_a_convolution() -> None:
    block = ResidualBlock(
        conv(2, 3, stride=2),
        BatchNorm2d(3),
        DiscreteActivation(2),
        conv(3, 3),
        BatchNorm2d(3),
        DiscreteActivation(0),
        shortcut=conv(2, 3, 1, stride=2),
    )
    graph = converted(nn.Sequential(block, nn.Flatten(), linear(12, 4)), (2, 4, 4))
    assert {p.kind for p in graph.incoming("0.act2")} == {"conv2d"}


def test_a_concatenation_of_levels_is_read_part_by_part() -> None:
    model = Model(
        lambda m, x: m.head(m.act(m.bn(m.wide(torch.cat([m.a(m.na(m.first(x))), x], dim=1)))).flatten(1)),
        first=conv(2, 3),
        na=BatchNorm2d(3),
        a=DiscreteActivation(2),
        wide=conv(5, 4),
        bn=BatchNorm2d(4),
        act=DiscreteActivation(),
        head=linear(4 * 16, 3),
    )
    graph = converted(model, (2, 4, 4))
    parts = {p.name: (p.source, p.weights.shape[1]) for p in graph.incoming("act")}
    assert parts == {"wide.part0": ("a", 3), "wide.part1": ("input", 2)}


def test_a_grouped_convolution_reads_a_concatenation_through_one_relay() -> None:
    def model(activation: DiscreteActivation) -> Model:
        return Model(
            lambda m, x: m.head(m.act(m.wide(torch.cat([m.a(m.first(x)), x], dim=1))).flatten(1)),
            first=conv(2, 2),
            a=activation,
            wide=conv(4, 4, groups=2),
            act=DiscreteActivation(),
            head=linear(4 * 16, 3),
        )

    assert converted(model(DiscreteActivation()), (2, 4, 4)).populations["wide.in"].kind == "level"
    assert converted(model(DiscreteActivation(2)), (2, 4, 4)).populations["wide.in"].kind == "sum"


def test_a_concatenation_of_sums_feeds_ranges_of_channels() -> None:
    model = Model(
        lambda m, x: m.head(m.act(m.bn(torch.cat([m.one(x), m.two(x), x], 1))).flatten(1)),
        one=conv(2, 3),
        two=conv(2, 1, 1),
        bn=BatchNorm2d(6),
        act=DiscreteActivation(),
        head=linear(6 * 16, 3),
    )
    graph = converted(model, (2, 4, 4))
    assert {p.name: p.target_channels for p in graph.incoming("act")} == {
        "one": (0, 3),
        "two": (3, 4),
        "cat.in2": (4, 6),
    }


def test_vectors_may_be_joined_after_the_flatten() -> None:
    model = Model(
        lambda m, x: m.head(torch.cat([m.a(m.conv(x)).flatten(1), x.flatten(1)], dim=1)),
        conv=conv(2, 3),
        a=DiscreteActivation(),
        head=linear(5 * 16, 3),
    )
    assert {p.weights.shape for p in converted(model, (2, 4, 4)).incoming("readout")} == {(3, 48), (3, 32)}


def test_sums_that_two_layers_read_stand_once() -> None:
    model = Model(
        lambda m, x: m.head(torch.cat([m.act1(m.n1(s := m.fc(x))), m.act2(m.n2(s))], 1)),
        fc=linear(6, 4),
        n1=BatchNorm1d(4),
        n2=BatchNorm1d(4),
        act1=DiscreteActivation(),
        act2=DiscreteActivation(3),
        head=linear(8, 2),
    )
    graph = converted(model, (6,))
    assert graph.populations["fc"].kind == "sum"
    assert {p.target for p in graph.outgoing("fc")} == {"act1", "act2"}


def test_pixels_are_too_wide_for_a_sum_relay() -> None:
    model = Model(
        lambda m, x: m.b(m.a(s := m.fc(x)) + s),
        fc=linear(600, 4),
        a=DiscreteActivation(),
        b=DiscreteActivation(),
    )
    with pytest.raises(
        ConversionError, match=r"module 'fc': needs the sums of 'fc'.*reach .*32767.*Put an activation"
    ):
        from_torch(model, (600,), "pixels")


@pytest.mark.parametrize("behind", ["product", "norm", "sums"])
def test_sum_pools(behind: str) -> None:
    layers: dict[str, list[nn.Module]] = {
        "product": [SumPool2d(2), conv(2, 3), BatchNorm2d(3), DiscreteActivation()],
        "norm": [SumPool2d(3, 1, 1), BatchNorm2d(2), DiscreteActivation(), nn.MaxPool2d(2), conv(2, 3)],
        "sums": [conv(2, 3), SumPool2d(2), BatchNorm2d(3), DiscreteActivation()],
    }
    head = [nn.Flatten(), linear(12, 4)] if behind != "norm" else []
    graph = converted(nn.Sequential(*layers[behind], *head), (2, 4, 4))
    assert any(getattr(p, "mode", "") == "sum" for p in graph.projections.values())


def test_a_pool_of_sums_may_be_added() -> None:
    model = Model(
        lambda m, x: m.head(m.act(m.bn(m.pool(m.conv(x)) + 2 * x)).flatten(1)),
        conv=conv(2, 2),
        pool=nn.MaxPool2d(3, 1, 1),
        bn=BatchNorm2d(2),
        act=DiscreteActivation(),
        head=linear(32, 3),
    )
    graph = converted(model, (2, 4, 4))
    assert graph.populations["pool.in"].kind == "sum"
    assert graph.projections["pool"].target == "act"


def test_asymmetric_padding_joins_that_of_the_convolution() -> None:
    model = nn.Sequential(
        nn.ZeroPad2d((0, 1, 2, 0)), conv(2, 3, stride=2), DiscreteActivation(), nn.Flatten(), linear(27, 2)
    )
    assert converted(model, (2, 4, 4)).projections["1"].padding == (3, 1, 1, 2)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.MaxPool2d(2), "module '1': reads padded levels"),
        (DiscreteActivation(), "module '1': reads padded levels"),
    ],
)
def test_padding_in_front_of_anything_else_is_refused(layer: nn.Module, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_torch(nn.Sequential(nn.ZeroPad2d(1), layer, conv(2, 2)), (2, 4, 4), ("zn", 1))
    with pytest.raises(ConversionError, match="module '1': reads padded levels"):
        from_torch(nn.Sequential(nn.ZeroPad2d(1), nn.Flatten(), linear(72, 2)), (2, 4, 4), ("zn", 1))
    with pytest.raises(ConversionError, match="allowed are numbers of at least 0"):
        from_torch(nn.Sequential(nn.ZeroPad2d((-1, 0, 0, 0)), conv(2, 2)), (2, 4, 4), ("zn", 1))


def test_several_outputs_become_several_readouts() -> None:
    layers = {
        "body": linear(6, 5),
        "act": DiscreteActivation(),
        "one": linear(5, 3),
        "two": linear(5, 2),
        "bn": BatchNorm1d(2),
    }
    model = Model(lambda m, x: {"main": m.one(h := m.act(m.body(x))), "side": m.bn(m.two(h))}, **layers)
    graph = converted(model, (6,))
    assert graph.readouts == ("readout.main", "readout.side")
    pair = Model(lambda m, x: (m.one(h := m.act(m.body(x))), m.bn(m.two(h))), **layers)
    assert converted(pair, (6,)).readouts == ("readout.0", "readout.1")
    early = Model(
        lambda m, x: (s := m.body(x), m.one(m.act(s))),
        body=linear(6, 5),
        act=DiscreteActivation(),
        one=linear(5, 3),
    )
    assert {p.kind for p in converted(early, (6,)).incoming("readout.0")} == {"identity"}


@pytest.mark.parametrize("seed", range(5))
def test_torch_s_own_batch_norm_folds_where_torch_switches(seed: int) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(
        PixelEncoder(),
        conv(1, 4),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(4),
        DiscreteActivation(2),
        nn.Flatten(),
        linear(64, 9),
        nn.BatchNorm1d(9, affine=seed % 2 == 0),
        DiscreteActivation(),
        linear(9, 3),
        nn.BatchNorm1d(3),
    )
    for module in model:
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.uniform_(-300, 300)
            module.running_var.uniform_(1, 90_000)
            if module.affine:
                module.weight.data.uniform_(-2, 2)
                module.bias.data.uniform_(-1, 1)
    graph = from_torch(model, (1, 8, 8))
    x = np.random.default_rng(seed).integers(0, 256, (64, 1, 8, 8)).astype(np.uint8)
    certificate = verify(model, graph, x, reference)
    assert certificate.equal
    assert certificate.compared["spikes"] > 0
    assert certificate.compared["logits"] == 0
    assert certificate.notes == (
        "logits and predictions of 'readout' are the graph's: torch rounds what follows its exact sums",
    )
    logits = execute(graph, x).logits
    with torch.no_grad():
        np.testing.assert_allclose(logits, model.eval()(torch.from_numpy(x)).numpy(), rtol=1e-4, atol=1e-4)


def test_stock_batch_norm_needs_statistics_and_float32() -> None:
    def model(norm: nn.Module) -> nn.Module:
        return nn.Sequential(linear(6, 4), norm, DiscreteActivation(), linear(4, 2))

    for norm, message in [
        (nn.BatchNorm1d(4, track_running_stats=False), "module '1': keeps no running statistics"),
        (nn.BatchNorm1d(4).double(), "module '1': is of torch.float64"),
    ]:
        with pytest.raises(ConversionError, match=message):
            from_torch(model(norm), (6,), ("zn", 1))
    wide = nn.Sequential(
        DiscreteLinear(6, 4, max_input=2**24), nn.BatchNorm1d(4), DiscreteActivation(), linear(4, 2)
    )
    with pytest.raises(ConversionError, match=r"module .1.: its input reaches sums beyond 2.24"):
        from_torch(wide, (6,), (0, 30000))


class Half(Affine):
    """y = x / 2, as a user might write it."""

    _ndims = (2,)
    _form = "(B, C)"

    def affine(self) -> tuple[Tensor, Tensor]:
        return torch.full((self.num_features,), 0.5).double(), torch.zeros(self.num_features).double()

    def _train(self, x: Tensor) -> Tensor:
        return x / 2


def test_every_affine_layer_converts() -> None:
    model = nn.Sequential(linear(6, 4), Half(4), DiscreteActivation(), linear(4, 2), ScaleBias(2))
    graph = converted(model, (6,))
    assert np.all(np.diff(graph.populations["2"].thresholds) == 3)  # -2 < s / 2 * 2 < 2 for r = 1/2


def test_sums_that_float32_would_round_are_refused() -> None:
    one, two = (DiscreteLinear(1, 1, max_input=12_000_000) for _ in range(2))
    for layer in (one, two):
        layer.levels.data[:] = 1
    model = Model(lambda m, x: m.one(x) + m.two(x), one=one, two=two)
    assert from_torch(model, (1,), (0, 30_000)).bounds("readout")[1].tolist() == [60_000]
    many = Model(lambda m, x: m.one(x) + 600 * m.two(x), one=one, two=two)
    with pytest.raises(
        ConversionError, match=r"operation 'mul': its sums reach 18000000.*layer.widen\(18000000\)"
    ):
        from_torch(many, (1,), (0, 30_000))
    one.widen(20_000_000)
    two.widen(20_000_000)
    assert verify(many, from_torch(many, (1,), (0, 30_000)), np.array([[30_000], [29_999]]), reference).equal


class Optional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = linear(4, 3)

    def forward(self, x: Tensor, double: bool = False, *, negate: bool = True) -> Tensor:
        y = self.fc(x)
        y = 2 * y if double else y
        return -y if negate else y


def test_arguments_with_defaults_keep_them() -> None:
    graph = converted(Optional(), (4,))
    assert graph.projections["fc"].gain == -1
