"""A perceptron."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Unpack

from torch import nn

from gxnor_snn.layers import PixelEncoder

from .net import DiscreteNet, NetSpec, image_shape, size, sizes
from .options import NetKeywords, NetOptions
from .parts import Parts

__all__ = ["mlp"]


def mlp(
    in_features: int | Sequence[int], hidden: Sequence[int], classes: int, **keywords: Unpack[NetKeywords]
) -> DiscreteNet:
    """Perceptron with children encoder, flatten, fc1, bn1, act1, ..., fcK, bnK.

    Parameters
    ----------
    in_features
        Pixels of one image, or its shape (C, H, W). A number stands for the shape (1, 1, number).
    hidden
        Sizes of the hidden layers.
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
    if not isinstance(in_features, tuple | list):
        in_features = (1, 1, size("mlp: in_features", in_features))
    input_shape = image_shape(in_features)
    hidden, classes = sizes("mlp: hidden", hidden), size("mlp: classes", classes)
    shape = {"in_features": list(input_shape), "hidden": hidden, "classes": classes}
    parts = Parts(options)
    widths = [math.prod(input_shape), *hidden, classes]
    children: dict[str, nn.Module] = {"encoder": PixelEncoder(), "flatten": nn.Flatten()}
    for i in range(1, len(widths)):
        children[f"fc{i}"] = parts.linear(widths[i - 1], widths[i], parts.sent if i > 1 else parts.pixels)
        children[f"bn{i}"] = parts.norm1d(widths[i])
        if i < len(widths) - 1:
            children[f"act{i}"] = parts.activation(widths[i])
    return DiscreteNet(children, NetSpec("mlp", {**shape, **asdict(options)}), input_shape)
