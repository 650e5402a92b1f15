"""The CIFAR-10 network of BNN and GXNOR-Net."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Unpack

from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import PixelEncoder

from .net import DiscreteNet, NetSpec, image_shape, size
from .options import NetKeywords, NetOptions
from .parts import Parts

__all__ = ["vgg"]


def vgg(
    in_shape: Sequence[int] = (3, 32, 32), width: int = 128, classes: int = 10, **keywords: Unpack[NetKeywords]
) -> DiscreteNet:
    """2x128C3-MP2-2x256C3-MP2-2x512C3-MP2-1024FC, the CIFAR-10 network of GXNOR-Net, of any width.

    Convolutions have padding 1; a pool follows every second one, before its batch norm. With width 128 it has
    12.97 million weights and 615.9 million multiply-accumulates per image. Children: encoder, conv1, bn1, act1,
    conv2, pool1, bn2, act2, ..., conv6, pool3, bn6, act6, flatten, fc1, bn7, act7, fc2, bn8.

    Parameters
    ----------
    in_shape
        (C, H, W) of one image, at least 8 x 8.
    width
        Channels of the first two convolutions; the next have twice and four times as many, the dense layer has
        eight times as many outputs.
    classes
        Size of the last layer.
    keywords
        What weights, activations and batch norms are; see `NetOptions`.

    Raises
    ------
    InputError
        If a size or keyword is out of range.
    """
    options = NetOptions(**keywords)
    input_shape = image_shape(in_shape)
    width, classes = size("vgg: width", width), size("vgg: classes", classes)
    depth, height, across = input_shape
    if min(height, across) < 8:
        raise InputError(
            f"vgg: an image of shape {input_shape} is too small for three 2x2 pools; allowed is 8 x 8"
        )
    parts = Parts(options)
    children: dict[str, nn.Module] = {"encoder": PixelEncoder()}
    for i in range(1, 7):
        stage = (i + 1) // 2
        out = width << (stage - 1)
        children[f"conv{i}"] = parts.conv(depth, out, 3, parts.sent if i > 1 else parts.pixels, padding=1)
        if i % 2 == 0:
            children[f"pool{stage}"] = nn.MaxPool2d(2)
            height, across = height // 2, across // 2
        children[f"bn{i}"] = parts.norm2d(out)
        children[f"act{i}"] = parts.activation(out)
        depth = out
    children["flatten"] = nn.Flatten()
    children["fc1"] = parts.linear(depth * height * across, 8 * width, parts.sent)
    children["bn7"] = parts.norm1d(8 * width)
    children["act7"] = parts.activation(8 * width)
    children["fc2"] = parts.linear(8 * width, classes, parts.sent)
    children["bn8"] = parts.norm1d(classes)
    sizes = {"in_shape": list(input_shape), "width": width, "classes": classes}
    return DiscreteNet(children, NetSpec("vgg", {**sizes, **asdict(options)}), input_shape)
