"""Shapes and types without tensors, against torch's own."""

import operator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters.specs import Spec, combined, flattened, joined, padded, reshaped, windowed
from gxnor_snn.errors import InputError
from gxnor_snn.graph.window import Window


def spec(x: torch.Tensor) -> Spec:
    return Spec(x.shape, x.dtype)


sizes = st.lists(st.integers(1, 4), min_size=2, max_size=4)


@settings(max_examples=100)
@given(sizes, st.data())
def test_flattening_and_reshaping(shape: list[int], data: st.DataObject) -> None:
    x = torch.zeros(shape)
    start = data.draw(st.integers(0, len(shape) - 1))
    end = data.draw(st.integers(start, len(shape) - 1))
    assert flattened(spec(x), start, end) == spec(x.flatten(start, end))
    assert flattened(spec(x), start, -1) == spec(x.flatten(start))
    wanted = data.draw(st.permutations(shape))
    assert reshaped(spec(x), wanted) == spec(x.reshape(wanted))
    assert reshaped(spec(x), [shape[0], -1]) == spec(x.reshape(shape[0], -1))


@pytest.mark.parametrize("wanted", [[5, -1], [-1, -1], [7], [0, -1]])
def test_shapes_that_do_not_fit_are_refused(wanted: list[int]) -> None:
    with pytest.raises(InputError, match="cannot become"):
        reshaped(spec(torch.zeros(3, 4)), wanted)


@pytest.mark.parametrize("types", [(torch.float32, torch.float64), (torch.float32, torch.float32)])
def test_sums_and_joins(types: tuple[torch.dtype, torch.dtype]) -> None:
    left, right = torch.zeros(2, 3, 4, dtype=types[0]), torch.zeros(2, 1, 4, dtype=types[1])
    assert combined(spec(left), spec(right), 3) == spec(operator.add(left, right) + 3)
    assert joined([spec(left), spec(right)], 1) == spec(torch.cat([left, right], 1))
    with pytest.raises(InputError, match="cannot be joined"):
        joined([spec(left), spec(torch.zeros(3, 3, 4))], 1)
    with pytest.raises(InputError, match="do not fit"):
        combined(spec(left), spec(torch.zeros(5, 4)))


def test_windows_take_images() -> None:
    x = torch.zeros(2, 3, 8, 7)
    pool = torch.nn.MaxPool2d((3, 2), 2, (1, 0), ceil_mode=True)
    window = Window((3, 2), (2, 2), (1, 1, 0, 0), ceil_mode=True)
    assert windowed(spec(x), 3, window, "pool") == spec(pool(x))
    assert padded(spec(x), 1, 2, 3, 4) == spec(torch.nn.functional.pad(x, (3, 4, 1, 2)))
    for shape in ((3, 8, 7), (2, 3)):
        with pytest.raises(InputError, match=r"takes .B, C, H, W."):
            windowed(spec(torch.zeros(shape)), 3, window, "pool")
        with pytest.raises(InputError, match=r"takes .B, C, H, W."):
            padded(spec(torch.zeros(shape)), 1, 1, 1, 1)
