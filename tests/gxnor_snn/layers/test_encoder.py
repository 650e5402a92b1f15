import pytest
import torch

from gxnor_snn.errors import InputError
from gxnor_snn.layers import PixelEncoder


def test_bytes_become_the_same_levels() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 2, 8, 16)
    levels = PixelEncoder()(pixels)
    assert levels.dtype == torch.float32
    assert torch.equal(levels.long(), pixels.long())


def test_a_missing_channel_axis_is_added() -> None:
    assert PixelEncoder()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape == (3, 1, 8, 8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.int8, torch.bool])
def test_other_dtypes_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(InputError, match=f"takes uint8 pixels 0..255, got {dtype}"):
        PixelEncoder()(torch.zeros(1, 1, 2, 2, dtype=dtype))


def test_nan_never_gets_in() -> None:
    with pytest.raises(InputError, match="uint8"):
        PixelEncoder()(torch.full((1, 1, 2, 2), float("nan")))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 1, 1, 2, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="got shape"):
        PixelEncoder()(torch.zeros(shape, dtype=torch.uint8))


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 1, 8, 8), (3, 2, 8, 8)])
def test_levels_are_channels_last_in_memory(shape: tuple[int, ...]) -> None:
    levels = PixelEncoder()(torch.zeros(shape, dtype=torch.uint8))
    channels = levels.shape[1]
    assert levels.stride() == (64 * channels, 1, 8 * channels, channels)
