import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import SumPool2d


@given(
    st.sampled_from([1, 2, 3, (2, 3)]),
    st.sampled_from([None, 1, (1, 2)]),
    st.sampled_from([0, (0, 1)]),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_sums_are_exact_integers(kernel, stride, padding, channels_last: bool, seed: int) -> None:
    padding = 0 if kernel == 1 else padding
    pool = SumPool2d(kernel, stride, padding).eval()
    x = torch.randint(-(2**40), 2**40, (2, 3, 6, 7), generator=torch.Generator().manual_seed(seed))
    layout = torch.channels_last if channels_last else torch.contiguous_format
    y = pool(x.double().contiguous(memory_format=layout))
    (kh, kw), (sh, sw), (ph, pw) = pool.kernel_size, pool.stride, pool.padding
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), (2, 3))[:, :, ::sh, ::sw]
    np.testing.assert_array_equal(y.numpy(), windows.sum((-1, -2)))


def test_gradients_are_ones() -> None:
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    SumPool2d(2)(x).sum().backward()
    assert torch.equal(x.grad, torch.ones(1, 1, 4, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SumPool2d(0), "kernel_size is 0"),
        (lambda: SumPool2d(2, 0), "stride is 0"),
        (lambda: SumPool2d(2, padding=2), "up to half of the kernel"),
        (lambda: SumPool2d(2)(torch.zeros(2, 3, 4)), "got shape"),
        (lambda: SumPool2d(3)(torch.zeros(1, 1, 2, 4)), "does not fit"),
        (lambda: SumPool2d(2).eval()(torch.full((1, 1, 2, 2), 2.0**51)), "could reach 2\\^53"),
        (lambda: SumPool2d(2).eval()(torch.full((1, 1, 2, 2), torch.nan)), "could reach 2\\^53"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
