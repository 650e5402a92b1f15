"""Levels that come from outside: of the layer's space, or not taken; and always a discrete parameter."""

import copy

import pytest
import torch
from torch import nn

from gxnor_snn.dst import DST
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear, DiscreteParameter, discrete_parameters
from gxnor_snn.spaces import DiscreteSpace


def net(seed: int = 0, n: int = 1) -> nn.Sequential:
    g = torch.Generator().manual_seed(seed)
    space = DiscreteSpace(n)
    return nn.Sequential(
        DiscreteConv2d(2, 3, 2, space=space, generator=g),
        nn.Flatten(),
        DiscreteLinear(12, 2, space=space, generator=g),
    )


def trains(model: nn.Module) -> bool:
    """Whether a pass leaves a gradient in every level."""
    model.train()
    model(torch.ones(1, 2, 3, 3)).sum().backward()
    found = list(discrete_parameters(model))
    return len(found) == 2 and all(isinstance(p, DiscreteParameter) and p.grad is not None for p in found)


@pytest.mark.parametrize(
    ("empty", "assign"),
    [("filled", False), ("filled", True), ("to_empty", False), ("to_empty", True), ("meta", True)],
)
def test_levels_stay_discrete_parameters(empty: str, assign: bool) -> None:
    if empty == "filled":
        target = net()
    else:
        with torch.device("meta"):
            target = net()
        if empty == "to_empty":
            target.to_empty(device="cpu")
    source = net(1).state_dict()
    target.load_state_dict(source, assign=assign)
    assert all(torch.equal(value, source[name]) for name, value in target.state_dict().items())
    assert trains(target)


def test_an_integer_of_another_size_is_taken() -> None:
    target, source = net(), {name: value.to(torch.int16) for name, value in net(1).state_dict().items()}
    target.load_state_dict(source, assign=True)
    assert target[0].levels.dtype == torch.int8
    assert trains(target)


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda levels: 4 * levels, r"0\.levels: .*levels from -4 to 4; allowed are those of .*n=1"),
        (lambda levels: 300 * levels.to(torch.int16), r"2\.levels: .*levels from -300 to 300"),
        (lambda levels: levels / 2, r"0\.levels: .*float32; allowed are integers"),
    ],
)
def test_levels_of_no_such_space_are_not_taken(make, message: str, assign: bool) -> None:
    target, source = net(), net(1)
    before = {name: value.clone() for name, value in target.state_dict().items()}
    given = {name: make(value) for name, value in source.state_dict().items()}
    with pytest.raises(RuntimeError, match=message):
        target.load_state_dict(given, assign=assign)
    assert all(torch.equal(value, before[name]) for name, value in target.state_dict().items())
    assert trains(target)


def test_a_zero_is_no_level_of_a_binary_layer() -> None:
    with pytest.raises(RuntimeError, match=r"0\.levels: .*levels from -1 to 1; allowed are those of .*n=0"):
        net(n=0).load_state_dict(net(n=1).state_dict())


def test_assigned_levels_keep_their_optimiser_and_their_ties() -> None:
    net = nn.Sequential(DiscreteLinear(4, 4), DiscreteLinear(4, 4))
    net[1].levels = net[0].levels
    dst = DST(discrete_parameters(net), 0.5)
    given = {name: torch.ones(4, 4, dtype=torch.int8) for name in net.state_dict()}
    net.load_state_dict(given, assign=True)
    assert net[1].levels is net[0].levels
    assert net[0].levels.owner is dst
    for _ in range(5):
        net(torch.ones(1, 4)).sum().backward()
        dst.step()
        dst.zero_grad()
    assert dst.transitions
    assert int(net[0].levels.sum()) < 16


def test_memory_that_is_not_filled_yet_can_be_copied() -> None:
    with torch.device("meta"):
        target = net()
    target.to_empty(device="cpu")
    target[0].levels.fill_(5)
    assert copy.deepcopy(target)[0].levels.space == target[0].levels.space
