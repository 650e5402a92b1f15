"""Augmentation of byte images: bytes in, bytes out, a whole batch at a time.

A network of discrete weights takes pixels as integers, so an augmented image is rounded to bytes again.
"""

import math
from typing import Annotated, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import InputError

from .settings import Settings

__all__ = ["Augmentation", "augment"]

_Length = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Augmentation(Settings):
    """What `augment` may do to an image; the default of everything is nothing.

    Every image of a batch has its own draws, uniform within the limits. Steps follow in this order; what
    comes in from outside the image is 0.

    Attributes
    ----------
    flip
        Mirror left and right, every other image on average.
    rotate
        Largest angle, in degrees, either way.
    scale
        Smallest and largest magnification.
    shear
        Largest angle of the horizontal shear, in degrees, either way.
    shift
        Largest shift along each axis, in pixels, either way; parts of a pixel too. Rotation, magnification,
        shear and shift are one bilinear resampling.
    crop
        Pad the image by so many pixels and cut out a part of its size: a shift by whole pixels, which leaves
        every byte as it is.
    cutout
        Side of a square, in pixels, that is set to 0, centred anywhere in the image.

    Raises
    ------
    RecipeError
        If a value is unknown or out of range.
    """

    what: ClassVar[str] = "augment"

    flip: bool = False
    rotate: float = Field(default=0.0, ge=0, le=180)
    scale: tuple[_Length, _Length] = (1.0, 1.0)
    shear: float = Field(default=0.0, ge=0, le=60)
    shift: _Length = 0.0
    crop: int = Field(default=0, ge=0, le=1024)
    cutout: int = Field(default=0, ge=0, lt=2**16)

    @model_validator(mode="after")
    def _rising(self) -> "Augmentation":
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError("scale takes the smallest and the largest magnification, 0 < smallest <= largest")
        return self


def augment(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Return the images with random changes within the limits of `settings`; the given ones stay as they are.

    Parameters
    ----------
    images
        uint8 (B, C, H, W), on any device.
    settings
        The limits. Without any, the images themselves are returned and nothing is drawn.
    generator
        On the CPU; images on every device see the same draws.

    Returns
    -------
    torch.Tensor
        uint8 (B, C, H, W), on the device of `images`.

    Raises
    ------
    InputError
        If the images have another shape or type.
    """
    check_kind("augment: images", images, Tensor)
    check_kind("augment: settings", settings, Augmentation)
    check_kind("augment: generator", generator, torch.Generator)
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise InputError(f"augment takes uint8 images (B, C, H, W), got {images.dtype} {tuple(images.shape)}")
    if not images.numel():
        return images
    if settings.flip:
        mirrored = torch.rand(len(images), 1, 1, 1, generator=generator, device="cpu") < 0.5
        images = torch.where(mirrored.to(images.device), images.flip(3), images)
    if settings.rotate or settings.shear or settings.shift or settings.scale != (1.0, 1.0):
        images = _resampled(images, settings, generator)
    if settings.crop:
        images = _cropped(images, settings.crop, generator)
    if settings.cutout:
        images = _cut_out(images, settings.cutout, generator)
    return images


def _resampled(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """One bilinear resampling at p_in = M^-1 (p_out - t) around the middle, M = rotation shear magnification."""
    height, width = images.shape[2:]
    draws = torch.rand(5, len(images), generator=generator, device="cpu")
    both_ways = 2 * draws - 1
    angle = both_ways[0] * math.radians(settings.rotate)
    slant = torch.tan(both_ways[1] * math.radians(settings.shear))
    small, large = settings.scale
    shrink = 1 / (small + (large - small) * draws[2])
    x, y = both_ways[3:] * settings.shift
    cos, sin = torch.cos(angle) * shrink, torch.sin(angle) * shrink
    xx, xy, yx, yy = cos + slant * sin, sin - slant * cos, -sin, cos  # (R S)^-1, for pixel distances
    # affine_grid counts each axis from -1 to 1, whatever its length
    xy, yx = xy * (height / width), yx * (width / height)
    x, y = x * (2 / width), y * (2 / height)
    theta = torch.stack([xx, xy, -(xx * x + xy * y), yx, yy, -(yx * x + yy * y)], dim=1).reshape(-1, 2, 3)
    grid = F.affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
    sampled = F.grid_sample(images.to(torch.float32), grid, mode="bilinear", align_corners=False)
    return sampled.round_().to(torch.uint8)


def _cropped(images: Tensor, margin: int, generator: torch.Generator) -> Tensor:
    height, width = images.shape[2:]
    corner = torch.randint(2 * margin + 1, (2, len(images), 1), generator=generator, device="cpu")
    rows = (corner[0] + torch.arange(height, device="cpu")).to(images.device)
    columns = (corner[1] + torch.arange(width, device="cpu")).to(images.device)
    batch = torch.arange(len(images), device=images.device)
    padded = F.pad(images, (margin, margin, margin, margin)).permute(0, 2, 3, 1)
    return padded[batch[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def _cut_out(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    inside = []
    for size in images.shape[2:]:
        middle = torch.randint(size, (len(images), 1), generator=generator, device="cpu")
        first = middle - side // 2
        place = torch.arange(size, device="cpu")
        inside.append((place >= first) & (place < first + side))
    rows, columns = inside
    hole = (rows[:, None, :, None] & columns[:, None, None, :]).to(images.device)
    return images.masked_fill(hole, 0)
