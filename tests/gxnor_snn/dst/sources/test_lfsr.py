import math

import numpy as np
import pytest
import torch

from gxnor_snn.dst import DST
from gxnor_snn.dst.sources import Lfsr
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.spaces import DiscreteSpace

from ..closed_form import TAUS, assert_follows, closed_form, gate

DTYPES = {3: torch.int8, 5: torch.int8, 7: torch.int8, 15: torch.int16, 32: torch.int32}


@pytest.mark.parametrize("bits", [3, 5, 7, 15])
def test_a_register_runs_through_all_nonzero_states(bits: int) -> None:
    state, seen = torch.ones(1, dtype=DTYPES[bits]), []
    for _ in range(2**bits - 1):
        seen.append(int(Lfsr(bits).advance(state)))
    assert sorted(seen) == list(range(1, 2**bits))
    assert seen[-1] == 1


def test_the_longest_register_has_the_full_period_too() -> None:
    """The step is linear over two elements: its order divides 2^32 - 1 and no maximal part of it."""
    units = torch.tensor([1 << i if i < 31 else -(1 << 31) for i in range(32)], dtype=torch.int32)
    stepped = Lfsr(32).advance(units.clone()).numpy().view(np.uint32)
    matrix = ((stepped[None, :] >> np.arange(32, dtype=np.uint32)[:, None]) & 1).astype(np.int64)

    def power(exponent: int) -> np.ndarray:
        result, base = np.eye(32, dtype=np.int64), matrix
        while exponent:
            result = result @ base % 2 if exponent & 1 else result
            base, exponent = base @ base % 2, exponent >> 1
        return result

    period = 2**32 - 1
    assert math.prod((3, 5, 17, 257, 65537)) == period
    assert (power(period) == np.eye(32)).all()
    assert not any((power(period // prime) == np.eye(32)).all() for prime in (3, 5, 17, 257, 65537))


@pytest.mark.parametrize("bits", [3, 5, 7, 15, 32])
@pytest.mark.parametrize("rounding", ["tanh", "unbiased", "lut16", "piecewise"])
def test_weights_jump_where_the_state_lies_below_the_gate(bits: int, rounding: str) -> None:
    space, size = DiscreteSpace(2), 20_000
    for update in (0.004, -0.02, 0.15, -0.4):
        p = DiscreteParameter(torch.zeros(size, dtype=torch.int8), space)
        dst = DST([p], lr=abs(update), rounding=rounding, source=f"lfsr{bits}", seed=bits)
        p.grad = torch.full((size,), -math.copysign(1.0, update))  # the first step of Adam is lr
        dst.step()
        expected = closed_form(0, update, space, 3.0, TAUS[rounding], gated=gate(bits))
        assert_follows(p.detach(), expected)


def test_registers_go_on_at_every_step_and_with_the_state() -> None:
    p = DiscreteParameter.drawn((50,), DiscreteSpace(1), torch.Generator().manual_seed(0))
    dst = DST([p], lr=1e-9, source="lfsr7")
    p.grad = torch.ones(50)
    dst.step()
    first = dst.state_dict()["state"][0]["lfsr"].clone()
    dst.step()
    second = dst.state_dict()["state"][0]["lfsr"]
    assert first.dtype == torch.int8
    assert torch.equal(Lfsr(7).advance(first.clone()), second)
    assert (second > 0).all()


def test_other_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="bits is 4; allowed are 3, 5, 7, 15, 32"):
        Lfsr(4)
