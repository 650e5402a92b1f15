"""Window geometry against torch's own pooling and convolution."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.graph import Coding, Conv2d, Pool2d
from gxnor_snn.graph.window import Window

T = Coding.ternary()


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.booleans(),
    st.integers(0, 99),
)
def test_pooling_is_torchs(size, kernel, stride, dilation, ceil_mode, seed) -> None:
    padding = (kernel[0] // 2, kernel[1] // 2)
    x = np.random.default_rng(seed).integers(-1, 2, (2, 3, *size))
    module = torch.nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    try:
        expected = module(torch.from_numpy(x).double()).numpy()
    except RuntimeError:
        return  # torch finds the output too small
    pool = Pool2d(
        name="p", source="a", target="b", kernel=kernel, stride=stride, dilation=dilation, ceil_mode=ceil_mode,
        padding=(padding[0], padding[0], padding[1], padding[1]),
    )  # fmt: skip
    if np.isinf(expected).any():
        return  # a window wholly in padding, which Pool2d refuses
    assert pool.output_shape(x.shape[1:]) == expected.shape[1:]
    np.testing.assert_array_equal(pool.apply(x, T, np), expected)
    low = Pool2d(**{**vars_of(pool), "mode": "min"})
    np.testing.assert_array_equal(low.apply(-x, T, np), -expected)


def vars_of(pool: Pool2d) -> dict:
    names = ("name", "source", "target", "kernel", "stride", "padding", "dilation", "ceil_mode")
    return {n: getattr(pool, n) for n in names}


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.sampled_from([1, 2]),
    st.integers(0, 99),
)
def test_convolution_is_torchs(size, kernel, stride, padding, dilation, groups, seed) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 10, (2, 4, *size)), rng.integers(-1, 2, (6, 4 // groups, *kernel))
    try:
        expected = torch.nn.functional.conv2d(
            torch.from_numpy(x).double(), torch.from_numpy(w).double(), None, stride, padding, dilation, groups
        ).numpy()
    except RuntimeError:
        return
    conv = Conv2d(
        name="c", source="a", target="b", weights=w, coding=T, stride=stride, dilation=dilation, groups=groups,
        padding=(padding[0], padding[0], padding[1], padding[1]),
    )  # fmt: skip
    assert conv.output_shape(x.shape[1:]) == expected.shape[1:]
    np.testing.assert_array_equal(conv.apply(x, Coding.signmag(5), np), expected)
    fan_out = conv.fan_out(x.shape[1:])
    assert fan_out.padded == w.size * expected.shape[2] * expected.shape[3]


@pytest.mark.parametrize("size", [4, 5, 6, 7])
def test_ceil_mode_rounds_up(size: int) -> None:
    assert Window((2, 2), (2, 2)).output_size(size, size, "w") == (size // 2, size // 2)
    assert Window((2, 2), (2, 2), ceil_mode=True).output_size(size, size, "w") == (-(-size // 2), -(-size // 2))
