"""The door of a pixel network: bytes in, integer levels out."""

import torch
from torch import Tensor, nn

from gxnor_snn.errors import InputError

__all__ = ["PixelEncoder"]


class PixelEncoder(nn.Module):
    """uint8 images (B, C, H, W) or (B, H, W) -> the same integers 0..255 as float32 (B, C, H, W).

    A missing channel axis is added. A black pixel is level 0, hence silent; the shift to [-1, 1] that
    GXNOR-Net applies is absorbed by the batch norm behind the first layer.
    """

    max_level = 255

    def forward(self, pixels: Tensor) -> Tensor:
        """Turn bytes into levels.

        Raises
        ------
        InputError
            If the tensor is not uint8 (floats have no exact levels), or not of one of the two shapes.
        """
        if pixels.dtype != torch.uint8:
            raise InputError(f"PixelEncoder takes uint8 pixels 0..255, got {pixels.dtype}")
        if pixels.ndim not in (3, 4):
            raise InputError(f"PixelEncoder takes (B, C, H, W) or (B, H, W), got shape {tuple(pixels.shape)}")
        images = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels
        # channels last in memory: on a CPU, convolutions and pools behind it take that over and are faster
        layout = torch.channels_last if pixels.device.type == "cpu" else torch.contiguous_format
        return images.to(torch.float32, memory_format=layout)
