import gc
import math
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gxnor_converters import from_torch
from gxnor_sims import simulate
from gxnor_snn.data import load
from gxnor_snn.errors import InputError, RecipeError
from gxnor_snn.layers import DiscreteActivation, DiscreteConv2d, DiscreteLinear, PixelEncoder
from gxnor_snn.models import mlp
from gxnor_snn.spaces import DiscreteSpace
from gxnor_snn.train import EventPenalty, EventSettings, Recipe, fit

PLAIN = EventSettings(weight=1.0)


def watched(model: nn.Module, x: torch.Tensor, given: EventSettings = PLAIN) -> EventPenalty:
    penalty = EventPenalty(model.train(), given)
    with penalty:
        model(x)
    return penalty


@settings(max_examples=25)
@given(
    st.integers(0, 2**31),
    st.sampled_from([(1, 1), (2, 2), (4, 1), (6, 3)]),
    st.integers(0, 2),
    st.integers(1, 2),
    st.integers(0, 3),
)
def test_the_share_is_the_gated_share_that_is_counted_by_hand(seed, channels, padding, stride, n) -> None:
    c, groups = channels
    g = torch.Generator().manual_seed(seed)
    conv = DiscreteConv2d(c, 2 * groups, 3, stride, padding, 1, groups, DiscreteSpace(n), generator=g, max_input=2)
    x = torch.randint(-2, 3, (3, c, 5, 6), generator=g).float()
    x[0, 0, 0, 0] = 0
    penalty = watched(conv, x, EventSettings(weight=1.0, costs={"": 2.5}))
    open_ = nn.functional.conv2d((x != 0).double(), (conv.levels != 0).double(), None, stride, padding, 1, groups)
    dense = nn.functional.conv2d(
        torch.ones_like(x).double(), torch.ones(conv.levels.shape).double(), None, stride, padding, 1, groups
    )
    assert penalty.share().item() == pytest.approx(float(open_.sum() / dense.sum()), rel=1e-6)


def test_the_share_of_a_network_is_what_the_engine_counts() -> None:
    g = torch.Generator().manual_seed(3)
    model = nn.Sequential(
        PixelEncoder(),
        DiscreteConv2d(1, 4, 3, padding=1, generator=g),
        DiscreteActivation(
            r=200.0, half_range=400.0
        ),  # no batch norm: training and eval mode are the same function
        DiscreteConv2d(4, 6, 3, stride=2, padding=1, generator=g, max_input=1),
        DiscreteActivation(r=2.0, half_range=4.0),
        nn.Flatten(),
        DiscreteLinear(6 * 16, 5, generator=g, max_input=1),
    )
    x = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    share = watched(model, torch.from_numpy(x)).share().item()
    counts = simulate(from_torch(model.eval(), (1, 8, 8)), x).counts
    later = [counts.projections[name] for name in ("3", "6")]
    gated, dense = (sum(int(np.sum(getattr(c, f))) for c in later) for f in ("n_gated", "n_dense"))
    assert 0.1 < share < 0.9
    assert share == pytest.approx(gated / dense, rel=1e-5)


def test_its_gradient_pushes_what_is_on_towards_zero_and_leaves_what_is_off() -> None:
    layer = DiscreteLinear(3, 2, max_input=2)
    layer.levels.copy_(torch.tensor([[1, 0, -1], [1, 1, 0]], dtype=torch.int8))
    x = torch.tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]], requires_grad=True)
    watched(layer, x, EventSettings(weight=1.0, costs={"": 1.0})).share().backward()
    share = torch.tensor([0.5, 1.0, 0.5]) / 6  # of samples in which each input is on, by synapses
    torch.testing.assert_close(layer.levels.grad, torch.tensor([[1.0, 0, -1], [1, 1, 0]]) * share)
    fan_out = torch.tensor([2.0, 1.0, 1.0]) / 2 / 6
    slope = torch.tensor([[1.0, -1, 0], [0, 0, 1]])  # beyond one level there is none
    torch.testing.assert_close(x.grad, slope * fan_out)


def test_weights_and_inputs_without_zero_have_no_slope() -> None:
    layer = DiscreteLinear(4, 3, DiscreteSpace(0), max_input=1)
    x = torch.ones(2, 4, requires_grad=True)
    share = watched(layer, x, EventSettings(weight=1.0, costs={"": 1.0})).share()
    assert share.item() == 1.0
    assert not share.requires_grad


def test_costs_weigh_the_layers_and_the_weight_warms_up() -> None:
    model = nn.Sequential(
        PixelEncoder(), nn.Flatten(), DiscreteLinear(4, 6), DiscreteActivation(), DiscreteLinear(6, 2)
    )
    x = torch.randint(0, 256, (5, 1, 2, 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    alone = [watched(model, x, EventSettings(weight=1.0, costs={k: 1.0})).share().item() for k in ("2", "4")]
    both = watched(model, x, EventSettings(weight=3.0, costs={"2": 1e-12, "4": 2e-12}, warm_up=0.5))
    mixed = (alone[0] * 24 + alone[1] * 12 * 2) / (24 + 12 * 2)
    assert both.share().item() == pytest.approx(mixed)
    assert [both.value(d).item() for d in (0.0, 0.25, 1.0)] == pytest.approx([0, 1.5 * mixed, 3 * mixed])
    assert watched(model, x).share().item() == pytest.approx(alone[1])  # without costs the first layer is left out


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1e300])
def test_the_unit_of_costs_does_not_matter(unit: float) -> None:
    model = mlp((1, 2, 2), [8, 8], 2)
    x = torch.randint(0, 256, (5, 1, 2, 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    share = [
        watched(model, x, EventSettings(weight=1.0, costs={"fc2": u, "fc3": 3 * u})).share() for u in (1, unit)
    ]
    assert share[0].item() == pytest.approx(share[1].item())


def test_bad_costs_and_unwatched_passes_are_named() -> None:
    model = nn.Sequential(DiscreteLinear(2, 2), DiscreteLinear(2, 2))
    for costs, words in (
        ({"7": 1.0}, "'7'"),
        ({"0": -1.0}, "-1.0"),
        ({"0": math.nan}, "nan"),
        ({"0": 0.0}, "positive"),
    ):
        with pytest.raises(InputError, match=words):
            EventPenalty(model, EventSettings(weight=1.0, costs=costs))
    with pytest.raises(InputError, match="no watched layer"):
        EventPenalty(model, PLAIN).share()
    with pytest.raises(RecipeError, match="weight"):
        EventSettings(weight=-1.0)


def test_two_penalties_do_not_watch_one_layer() -> None:
    model = mlp((1, 2, 2), [3], 2)
    with EventPenalty(model, PLAIN), pytest.raises(InputError, match="another penalty watches"):
        EventPenalty(model, PLAIN).__enter__()
    assert model.fc2.probe is None


def test_real_inputs_are_no_events() -> None:
    with pytest.raises(InputError, match=r"'fc2' reads real numbers"):
        EventPenalty(mlp((1, 2, 2), [3], 2, activation="relu"), PLAIN)


def test_windows_so_narrow_that_nothing_is_silent_are_pushed_too() -> None:
    model = mlp((1, 2, 2), [8], 2, learn_r=True, r=0.002)
    x = torch.randint(0, 256, (4, 1, 2, 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    penalty = watched(model, x)
    penalty.value(1.0).backward()
    assert penalty.share().item() == pytest.approx((model.fc2.levels != 0).float().mean().item())
    assert (model.act1.r.grad < 0).any()


def test_no_float_copy_of_the_weights_outlives_the_backward_pass() -> None:
    model = mlp((1, 2, 2), [8], 2)
    copies = []
    penalty = EventPenalty(model, PLAIN)
    with penalty:
        watch = model.fc2.probe
        model.fc2.probe = lambda layer, x, levels: (copies.append(weakref.ref(levels)), watch(layer, x, levels))
        model(torch.zeros(4, 1, 2, 2, dtype=torch.uint8))
    penalty.value(1.0).backward()
    gc.collect()
    assert [copy() for copy in copies] == [None]


def test_probes_are_gone_after_the_pass_and_after_an_error() -> None:
    layer = DiscreteLinear(2, 2)
    with pytest.raises(InputError), EventPenalty(layer, EventSettings(weight=1.0, costs={"": 1.0})):
        layer(torch.zeros(1, 3))
    assert layer.probe is None


def test_a_recipe_with_events_trains_a_sparser_network() -> None:
    data = load("digits")
    recipe = Recipe(
        epochs=4,
        batch_size=50,
        lr=(0.05, 0.001),
        float_lr=(0.01, 0.001),
        betas=(0.98, 0.999),
        loss="cross_entropy",
    )
    gated = {}
    for name, events in (("plain", None), ("sparse", EventSettings(weight=2.0, warm_up=0.2))):
        model = mlp((1, 8, 8), [48, 32], 10)
        history = fit(model, data, recipe.replace(events=events))
        counts = simulate(from_torch(model, (1, 8, 8)), data.x_test).counts.projections
        gated[name] = sum(int(counts[k].n_gated.sum()) for k in ("fc2", "fc3"))
        assert history.epochs[-1].train_accuracy > 0.85
    assert gated["sparse"] < 0.85 * gated["plain"]


def test_the_table_events_of_a_recipe_file_is_read(tmp_path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(
        "epochs = 1\nbatch_size = 10\nlr = [0.1, 0.01]\nfloat_lr = [0.1, 0.01]\n"
        "[events]\nweight = 0.5\n[events.costs]\nfc1 = 2e-12\n"
    )
    assert Recipe.from_toml(file).events == EventSettings(weight=0.5, costs={"fc1": 2e-12})
