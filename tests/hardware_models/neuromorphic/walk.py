"""Synaptic events counted synapse by synapse, written apart from the package: for small nets only."""

from typing import Any

import numpy as np

__all__ = ["walked"]


def walked(edge: Any, levels: Any, zeros: bool = False) -> int:
    """Events of one sample over one projection.

    Parameters
    ----------
    edge
        A projection.
    levels
        Levels of its source, one sample.
    zeros
        Whether a spike also meets weights that are zero.
    """
    if edge.kind == "dense":
        return sum(
            int((zeros or w != 0) and a != 0)
            for row in edge.weights
            for w, a in zip(row, levels.ravel(), strict=True)
        )
    kernel = (edge.weights if edge.weighted else np.ones((levels.shape[0], 1, *edge.window.kernel))).astype(int)
    groups = edge.groups if edge.weighted else levels.shape[0]
    window, (_, height, width), found = edge.window, levels.shape, 0
    per_group = kernel.shape[0] // groups
    rows, columns = window.output_size(height, width, "test")
    for output, y, x in np.ndindex(kernel.shape[0], rows, columns):
        for channel, i, j in np.ndindex(*kernel.shape[1:]):
            row = y * window.stride[0] + i * window.dilation[0] - window.padding[0]
            column = x * window.stride[1] + j * window.dilation[1] - window.padding[2]
            inside = 0 <= row < height and 0 <= column < width
            if inside and (zeros or kernel[output, channel, i, j]):
                found += int(levels[output // per_group * kernel.shape[1] + channel, row, column] != 0)
    return found
