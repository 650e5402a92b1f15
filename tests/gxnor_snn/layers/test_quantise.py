import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.layers.quantise import float_levels, sampled_sign
from gxnor_snn.spaces import (
    StepFunction,
    activation_levels,
    activation_thresholds,
    hrelu_steps,
    log_steps,
    mbn_steps,
    rounding_steps,
    symmetric_steps,
)


@given(
    st.integers(0, 4),
    st.floats(0, 3),
    st.sampled_from(["strict", "fire", "up", "even"]),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
    st.lists(st.floats(-9, 9), max_size=10),
)
def test_float_levels_are_those_of_float64(
    n: int, r: float, tie: str, dtype: torch.dtype, values: list[float]
) -> None:
    tie = tie if n else "up"
    thresholds = activation_thresholds(n, r, 4.0)
    near = torch.tensor([s * t for t in thresholds for s in (-1, 1)] + [0.0, -0.0, *values], dtype=dtype)
    x = torch.cat([near, *(torch.nextafter(near, torch.tensor(s * torch.inf, dtype=dtype)) for s in (-1, 1))])
    levels = float_levels(x, symmetric_steps(thresholds, tie))
    assert levels.dtype == torch.float32
    assert levels.tolist() == activation_levels(x.double(), thresholds, tie).tolist()


FUNCTIONS = [
    mbn_steps(1),
    mbn_steps(3),
    mbn_steps(8),
    hrelu_steps(4),
    log_steps(6),
    rounding_steps(8),
    mbn_steps(5, 0.3),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_float_levels_of_every_coding(
    function: StepFunction, dtype: torch.dtype, layout: torch.memory_format
) -> None:
    """A few steps are compared one by one, many are searched; both in any memory layout."""
    at = torch.tensor([step.at for step in function.steps], dtype=dtype)
    x = torch.cat([at, *(torch.nextafter(at, torch.tensor(side, dtype=dtype)) for side in (-9.0, 9.0))])
    x = x[torch.arange(4 * 5 * 6 * 7) % len(x)].reshape(4, 5, 6, 7).contiguous(memory_format=layout)
    levels = float_levels(x, function)
    assert levels.dtype == torch.float32
    assert torch.equal(levels.long(), function.levels_of(x.double()))


def test_the_sign_of_zero_survives_flushed_subnormals() -> None:
    assert torch.set_flush_denormal(True)
    try:
        levels = float_levels(torch.tensor([0.0, -0.0, 1.0, -1.0]), symmetric_steps((), "up"))
    finally:
        torch.set_flush_denormal(False)
    assert levels.tolist() == [1, 1, 1, -1]


def test_sampled_signs_follow_the_draws() -> None:
    x = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0, 7.0])
    for draw in (0.0, 0.2, 0.6, 0.999):
        expected = np.where(draw < np.clip((x.numpy() + 1) / 2, 0, 1), 1.0, -1.0)
        assert sampled_sign(x, torch.full((6,), draw)).tolist() == expected.tolist()
