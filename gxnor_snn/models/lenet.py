"""The MNIST network of GXNOR-Net."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Unpack

from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import PixelEncoder

from .net import DiscreteNet, NetSpec, image_shape, size, sizes
from .options import NetKeywords, NetOptions
from .parts import Parts

__all__ = ["lenet"]


def lenet(
    in_shape: Sequence[int] = (1, 28, 28),
    classes: int = 10,
    *,
    channels: Sequence[int] = (32, 64),
    hidden: int = 512,
    kernel: int = 5,
    padding: int = 0,
    **keywords: Unpack[NetKeywords],
) -> DiscreteNet:
    """32C5-MP2-64C5-MP2-512FC, the MNIST network of GXNOR-Net, with sizes as keywords.

    Children: encoder, conv1, pool1, bn1, act1, conv2, pool2, bn2, act2, flatten, fc1, bn3, act3, fc2, bn4 (for
    two convolutions).

    Parameters
    ----------
    in_shape
        (C, H, W) of one image.
    classes
        Size of the last layer.
    channels
        Output channels of each convolution; a 2x2 max-pool follows each.
    hidden
        Size of the dense layer.
    kernel, padding
        Of each convolution.
    keywords
        What weights, activations and batch norms are; see `NetOptions`.

    Raises
    ------
    InputError
        If a size or keyword is out of range, or the image is too small for the convolutions.
    """
    options = NetOptions(**keywords)
    input_shape = image_shape(in_shape)
    channels, classes = sizes("lenet: channels", channels), size("lenet: classes", classes)
    hidden, kernel = size("lenet: hidden", hidden), size("lenet: kernel", kernel)
    padding = size("lenet: padding", padding, least=0)
    shape = {
        "in_shape": list(input_shape),
        "classes": classes,
        "channels": channels,
        "hidden": hidden,
        "kernel": kernel,
        "padding": padding,
    }
    parts = Parts(options)
    children: dict[str, nn.Module] = {"encoder": PixelEncoder()}
    depth, height, width = input_shape
    for i, out in enumerate(channels, start=1):
        reads = parts.sent if i > 1 else parts.pixels
        children[f"conv{i}"] = parts.conv(depth, out, kernel, reads, padding=padding)
        children[f"pool{i}"] = nn.MaxPool2d(2)
        children[f"bn{i}"] = parts.norm2d(out)
        children[f"act{i}"] = parts.activation(out)
        depth, height, width = out, *((s + 2 * padding - kernel + 1) // 2 for s in (height, width))
        if min(height, width) < 1:
            raise InputError(
                f"lenet: an image of shape {input_shape} is too small for {len(channels)} convolutions of "
                f"kernel {kernel} and padding {padding}, each followed by a 2x2 pool"
            )
    k = len(channels)
    reads = parts.sent if channels else parts.pixels
    children["flatten"] = nn.Flatten()
    children["fc1"] = parts.linear(depth * height * width, hidden, reads)
    children[f"bn{k + 1}"] = parts.norm1d(hidden)
    children[f"act{k + 1}"] = parts.activation(hidden)
    children["fc2"] = parts.linear(hidden, classes, parts.sent)
    children[f"bn{k + 2}"] = parts.norm1d(classes)
    return DiscreteNet(children, NetSpec("lenet", {**shape, **asdict(options)}), input_shape)
