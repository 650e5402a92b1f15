"""A residual network in the form that an event graph can hold."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal, Unpack

from torch import nn

from gxnor_snn.arguments import is_integer, is_one_of
from gxnor_snn.errors import InputError
from gxnor_snn.layers import PixelEncoder, ResidualBlock, SumPool2d

from .net import DiscreteNet, NetSpec, image_shape, size
from .options import NetKeywords, NetOptions
from .parts import Parts

__all__ = ["resnet"]


def resnet(
    in_shape: Sequence[int] = (3, 32, 32),
    width: int = 16,
    classes: int = 10,
    *,
    depth: int = 20,
    gain: int | None = None,
    head: Literal["sum", "max"] = "sum",
    **keywords: Unpack[NetKeywords],
) -> DiscreteNet:
    """ResNet for small images (He et al., arXiv 1512.03385, sec. 4.2) whose shortcuts add integer sums.

    Three stages of (depth - 2) / 6 `ResidualBlock`, with `width`, twice and four times as many channels; the
    second and third stage halve the image in their first block, whose shortcut is a 1x1 convolution without batch
    norm. The published average pool is a sum or a maximum here. Children: encoder, conv1, bn1, act1, block1, ...,
    pool, flatten, fc, bn.

    Parameters
    ----------
    in_shape
        (C, H, W) of one image.
    width
        Channels of the first stage.
    classes
        Size of the last layer.
    depth
        6 n + 2, 8 to 1202: layers with weights on the longest path.
    gain
        Weight of the shortcuts beside the convolutions. Unless given, each block takes the whole number with which
        the two vary alike before training (our own choice): sums of many levels would drown a single level.
    head
        "sum" or "max" over the whole image in front of the last layer.
    keywords
        What weights, activations and batch norms are; see `NetOptions`.

    Raises
    ------
    InputError
        If a size or keyword is out of range.
    """
    options = NetOptions(**keywords)
    input_shape = image_shape(in_shape)
    width, classes = size("resnet: width", width), size("resnet: classes", classes)
    if not is_integer(depth, 8) or depth > 1202 or (depth - 2) % 6:
        raise InputError(f"resnet: depth is {depth!r}; allowed are 8, 14, 20 and so on, 6 n + 2 up to 1202")
    if not is_one_of(head, ("sum", "max")):
        raise InputError(f"resnet: head is {head!r}; allowed are 'sum' and 'max'")
    parts = Parts(options)
    channels, height, across = input_shape
    children: dict[str, nn.Module] = {
        "encoder": PixelEncoder(),
        "conv1": parts.conv(channels, width, 3, parts.pixels, padding=1),
        "bn1": parts.norm2d(width),
        "act1": parts.activation(width),
    }
    channels = width
    per_stage = (depth - 2) // 6
    for i in range(3 * per_stage):
        out = width << (i // per_stage)
        stride = 2 if i and i % per_stage == 0 else 1
        children[f"block{i + 1}"] = _block(parts, channels, out, stride, gain)
        channels, height, across = out, -(-height // stride), -(-across // stride)
    window = (height, across)
    children["pool"] = SumPool2d(window) if head == "sum" else nn.MaxPool2d(window)
    children["flatten"] = nn.Flatten()
    area = height * across if head == "sum" else 1
    children["fc"] = parts.linear(channels, classes, parts.sent and parts.sent * area)
    children["bn"] = parts.norm1d(classes)
    sizes = {"in_shape": list(input_shape), "width": width, "classes": classes}
    shape = {"depth": depth, "gain": gain, "head": head}
    return DiscreteNet(children, NetSpec("resnet", {**sizes, **shape, **asdict(options)}), input_shape)


def _block(parts: Parts, channels: int, out: int, stride: int, gain: int | None) -> ResidualBlock:
    conv1 = parts.conv(channels, out, 3, parts.sent, stride=stride, padding=1)
    conv2 = parts.conv(out, out, 3, parts.sent, padding=1)
    same = stride == 1 and channels == out
    shortcut = None if same else parts.conv(channels, out, 1, parts.sent, stride=stride)
    alike = parts.spread(conv2) / (1.0 if shortcut is None else parts.spread(shortcut))
    return ResidualBlock(
        conv1,
        parts.norm2d(out),
        parts.activation(out),
        conv2,
        parts.norm2d(out),
        parts.activation(out),
        shortcut=shortcut,
        gain=max(1, round(alike)) if gain is None else gain,
    )
