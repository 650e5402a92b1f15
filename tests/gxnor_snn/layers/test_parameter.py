import copy
import io

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteLinear, DiscreteParameter, discrete_parameters
from gxnor_snn.spaces import DiscreteSpace


def layer(n: int = 1, seed: int = 0) -> DiscreteLinear:
    return DiscreteLinear(4, 3, DiscreteSpace(n), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n", range(8))
def test_levels_are_int8_of_the_space(n: int) -> None:
    p = DiscreteParameter.drawn((50, 50), DiscreteSpace(n), torch.Generator().manual_seed(0))
    assert p.dtype == torch.int8
    assert not p.requires_grad
    assert np.unique(p.detach().numpy()).tolist() == DiscreteSpace(n).levels.tolist()


def test_the_largest_space_takes_int16() -> None:
    p = DiscreteParameter.drawn((50, 50), DiscreteSpace(8), torch.Generator().manual_seed(0))
    assert p.dtype == copy.deepcopy(p).dtype == torch.int16
    assert np.unique(p.detach().numpy()).tolist() == DiscreteSpace(8).levels.tolist()
    with torch.device("meta"):
        assert DiscreteParameter.drawn((2,), DiscreteSpace(8), None).dtype == torch.int16


def test_a_generator_makes_weights_reproducible_and_none_leaves_them_free() -> None:
    space = DiscreteSpace(1)
    assert torch.equal(layer().levels, layer().levels)
    assert not torch.equal(layer(seed=0).levels, layer(seed=1).levels)
    drawn = [DiscreteParameter.drawn((100,), space, None) for _ in range(2)]
    assert not torch.equal(*drawn)


def test_drawing_leaves_torch_s_own_generator_alone() -> None:
    state = torch.get_rng_state()
    DiscreteParameter.drawn((100,), DiscreteSpace(1), None)
    assert torch.equal(state, torch.get_rng_state())


def test_gradients_reach_the_parameter_and_accumulate() -> None:
    linear = layer()
    x = torch.tensor([[1.0, -1.0, 0.0, 2.0]])
    linear(x).sum().backward()
    assert linear.levels.grad.dtype == torch.float32
    assert torch.equal(linear.levels.grad, x.expand(3, 4))
    linear(2 * x).sum().backward()
    assert torch.equal(linear.levels.grad, 3 * x.expand(3, 4))
    linear.zero_grad()
    assert linear.levels.grad is None


def test_a_layer_used_twice_in_one_pass_gets_both_gradients() -> None:
    linear = layer()
    x = torch.ones(1, 4)
    (linear(x) + linear(3 * x)).sum().backward()
    assert torch.equal(linear.levels.grad, torch.full((3, 4), 4.0))


def test_no_gradient_is_prepared_without_grad_mode() -> None:
    with torch.no_grad():
        assert not layer()(torch.ones(1, 4)).requires_grad


def test_deepcopy_keeps_space_and_sharing_and_separates_storage() -> None:
    linear = layer(n=2)
    shared = DiscreteLinear(4, 3, DiscreteSpace(2))
    shared.levels = linear.levels
    first, second = copy.deepcopy(nn.ModuleList([linear, shared]))
    assert isinstance(first.levels, DiscreteParameter)
    assert first.levels is second.levels
    assert first.levels.space == DiscreteSpace(2)
    first.levels.detach().fill_(2)
    assert not torch.equal(first.levels, linear.levels)
    first(torch.ones(1, 4)).sum().backward()
    assert linear.levels.grad is None
    assert first.levels.grad is not None


def test_saving_the_whole_module_keeps_the_parameter() -> None:
    linear = layer(n=3)
    buffer = io.BytesIO()
    torch.save(linear, buffer)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=False)
    assert isinstance(loaded.levels, DiscreteParameter)
    assert loaded.levels.space == DiscreteSpace(3)
    assert torch.equal(loaded.levels, linear.levels)


def test_conversions_leave_levels_int8() -> None:
    linear = layer().half().to(torch.float64).to("cpu")
    assert isinstance(linear.levels, DiscreteParameter)
    assert linear.levels.dtype == torch.int8
    linear(torch.ones(1, 4)).sum().backward()
    assert linear.levels.grad.dtype == torch.float32


def test_state_dict_round_trip() -> None:
    source, target = layer(seed=0), layer(seed=1)
    assert list(source.state_dict()) == ["levels"]
    target.load_state_dict(source.state_dict())
    assert torch.equal(target.levels, source.levels)
    assert isinstance(target.levels, DiscreteParameter)


def test_discrete_parameters_finds_each_once() -> None:
    linear = layer()
    net = nn.Sequential(linear, nn.Linear(3, 3), nn.Sequential(linear, layer(seed=1)))
    found = list(discrete_parameters(net))
    assert [id(p) for p in found] == [id(linear.levels), id(net[2][1].levels)]


def test_the_meta_device_holds_shapes_only() -> None:
    with torch.device("meta"):
        assert layer().levels.is_meta


class Taker:
    """An owner for tests; what it consumes is in `taken`."""

    def __init__(self, consumes: bool) -> None:
        self.consumes = consumes
        self.taken: list[torch.Tensor] = []

    def consume(self, parameter: DiscreteParameter, gradient: torch.Tensor) -> None:
        self.taken.append(gradient)

    def check_readable(self, parameter: DiscreteParameter) -> None:
        if self.taken:
            raise GxnorError("taken")


def test_an_owner_may_consume_gradients_at_once() -> None:
    linear, taker = layer(), Taker(consumes=True)
    linear.levels.claim(taker)
    assert linear.levels.grad is None
    linear(torch.ones(1, 4)).sum().backward()
    assert torch.equal(taker.taken.pop(), torch.ones(3, 4))
    assert linear.levels.grad is None
    taker.taken.append(torch.ones(()))
    with pytest.raises(GxnorError, match="taken"):
        _ = linear.levels.grad
    with pytest.raises(GxnorError, match="set by hand"):
        linear.levels.grad = torch.ones(3, 4)
    linear.levels.grad = None


def test_a_parameter_has_one_owner_as_long_as_that_exists() -> None:
    p, first, second = layer().levels, Taker(consumes=False), Taker(consumes=False)
    assert p.owner is None
    p.claim(first)
    p.claim(first)
    with pytest.raises(InputError, match=r"shape \(3, 4\) is claimed twice"):
        p.claim(second)
    p.release(second)
    assert p.owner is first
    p.release(first)
    p.claim(second)
    second.itself = second  # a reference cycle, as learning-rate schedulers make
    del second
    p.claim(first)
    assert copy.deepcopy(p).owner is None
