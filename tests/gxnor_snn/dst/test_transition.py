import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.dst import Lut, Piecewise, Power, Tanh, Unbiased, transition
from gxnor_snn.spaces import DiscreteSpace

from .closed_form import TAUS, assert_follows, closed_form

ROUNDINGS = {
    "tanh": Tanh(),
    **{f"power{k}": Power(float(k)) for k in (2, 3, 4)},
    "unbiased": Unbiased(),
    "piecewise": Piecewise(),
    **{f"lut{bins}": Lut(bins) for bins in Lut.BINS},
}

CASES = [
    (1, 1.0, 0, 0.1, 3.0),
    (1, 1.0, 0, -0.4, 3.0),
    (1, 1.0, -1, 1.3, 3.0),
    (1, 1.0, 1, 0.7, 3.0),
    (0, 1.0, -1, 0.5, 3.0),
    (0, 0.5, 1, -0.2, 1.0),
    (3, 1.0, -3, 0.6, 2.0),
    (3, 2.0, 2, -1.7, 0.5),
]


@pytest.mark.parametrize(("n", "half_range", "level", "update", "m"), CASES)
def test_transitions_follow_the_closed_form(n, half_range, level, update, m) -> None:
    space, draws = DiscreteSpace(n, half_range), 40_000
    uniform = torch.rand(draws, generator=torch.Generator().manual_seed(7))
    levels = torch.full((draws,), level, dtype=torch.int8)
    after = transition(levels, torch.full((draws,), update), uniform, space, m)
    assert_follows(after, closed_form(level, update, space, m))


@given(
    st.integers(0, 7),
    st.floats(0.1, 10),
    st.floats(0.1, 20),
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 1, exclude_max=True)), min_size=1, max_size=30),
    st.integers(0, 2**31),
)
def test_transitions_stay_in_the_space_and_go_the_right_way(n, half_range, m, pairs, seed) -> None:
    space = DiscreteSpace(n, half_range)
    drawn = space.random((len(pairs),), np.random.default_rng(seed))
    levels = torch.tensor(drawn, dtype=torch.int8)
    update, uniform = torch.tensor(pairs).T * torch.tensor([[half_range], [1.0]])
    after = transition(levels, update, uniform, space, m)
    assert after.dtype == torch.int8
    assert np.isin(after.numpy(), space.levels).all()
    moved = (after.long() - levels.long()).sign()
    assert ((moved == 0) | (moved == update.sign().long())).all()
    still = transition(levels, torch.zeros(len(pairs)), uniform, space, m)
    assert torch.equal(still, levels)


def test_a_weight_at_the_boundary_cannot_leave() -> None:
    space = DiscreteSpace(1)
    levels = torch.ones(100, dtype=torch.int8)
    uniform = torch.zeros(100)
    assert torch.equal(transition(levels, torch.full((100,), 0.9), uniform, space, 3.0), levels)
    assert (transition(levels, torch.full((100,), -5.0), uniform, space, 3.0) == -1).all()


@given(
    st.sampled_from(sorted(ROUNDINGS)), st.floats(0.1, 20), st.lists(st.floats(0, 1, exclude_max=True), min_size=2)
)
def test_every_rounding_keeps_its_contract(name: str, m: float, fractions: list[float]) -> None:
    """tau(0) = 0, tau rises, is a probability, and tau(p) <= c p, by which candidates are found."""
    p = torch.tensor([0.0, *sorted(fractions)], dtype=torch.float64)
    tau = ROUNDINGS[name].probability(p.clone(), m)
    assert tau[0] == 0
    assert (tau.diff() >= 0).all()
    assert (tau <= 1).all()
    assert (tau <= ROUNDINGS[name].slope(m) * p * (1 + 1e-12)).all()


@pytest.mark.parametrize("name", ROUNDINGS)
@pytest.mark.parametrize("zero_bias", [0.0, 0.7])
def test_every_rounding_follows_its_closed_form(name: str, zero_bias: float) -> None:
    space, draws, g = DiscreteSpace(3), 20_000, torch.Generator().manual_seed(3)
    for level, update in [(0, 0.03), (0, -0.11), (2, 0.2), (2, -0.2), (-1, 0.3), (-3, -0.33), (1, -0.6), (4, 0.1)]:
        levels = torch.full((draws,), level, dtype=torch.int8)
        uniform = torch.rand(draws, generator=g, dtype=torch.float64)
        given_update = torch.full((draws,), update, dtype=torch.float64)
        after = transition(
            levels, given_update, uniform, space, 2.5, rounding=ROUNDINGS[name], zero_bias=zero_bias
        )
        assert_follows(after, closed_form(level, update, space, 2.5, TAUS[name], zero_bias))


def test_a_zero_bias_favours_zero_and_none_is_exactly_symmetric() -> None:
    space, g = DiscreteSpace(1), torch.Generator().manual_seed(0)
    levels = torch.randint(-1, 2, (5000,), generator=g, dtype=torch.int8)
    update, uniform = 0.3 * torch.randn(5000, generator=g), torch.rand(5000, generator=g)
    plain = transition(levels, update, uniform, space)
    assert torch.equal(plain, transition(levels, update, uniform, space, zero_bias=0.0))
    assert torch.equal(plain, -transition(-levels, -update, uniform, space))
    zeros = [int((transition(levels, update, uniform, space, zero_bias=z) == 0).sum()) for z in (0.0, 0.5, 2.0)]
    assert zeros[0] < zeros[1] < zeros[2]
