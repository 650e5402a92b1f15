"""The convolution: a window of weights slides over an image."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .fields import FieldReader
from .projection import FanOut, Shape, Tensors, Wires
from .region import Region
from .weighted import Weighted
from .window import Window, flat_index, image, zeros_like

__all__ = ["Conv2d"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Conv2d(Weighted):
    """Cross-correlation as in torch, weights (O, I / groups, kh, kw).

    Attributes
    ----------
    stride, dilation
        (rows, columns).
    padding
        (top, bottom, left, right); padding is silent: it makes no synapse and adds nothing.
    groups
        Channel groups.
    """

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    window: Window = field(init=False, repr=False)

    kind: ClassVar[str] = "conv2d"
    own_keys: ClassVar[tuple[str, ...]] = (
        "shape", "packing", "coding", "stride", "padding", "dilation", "groups",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_weights(4, "(outputs, inputs / groups, rows, columns)")
        if type(self.groups) is not int or self.groups < 1 or self.weights.shape[0] % self.groups:
            raise GraphError(
                f"{self.where}: groups is {self.groups}, "
                f"allowed is a divisor of the {self.weights.shape[0]} outputs"
            )
        kernel = (self.weights.shape[2], self.weights.shape[3])
        window = Window(kernel, self.stride, self.padding, self.dilation)
        window.check(self.where)
        object.__setattr__(self, "window", window)

    def output_shape(self, source_shape: Shape) -> Shape:
        channels, height, width = image(source_shape, self.where)
        if channels != self.weights.shape[1] * self.groups:
            raise GraphError(
                f"{self.where}: weights read {self.weights.shape[1]} x {self.groups} channels, "
                f"the source {source_shape} has {channels}"
            )
        return (self.weights.shape[0], *self.window.output_size(height, width, self.where))

    def product(self, levels: Any, weights: Any, xp: Any) -> Any:
        batch, _, height, width = levels.shape
        outputs, per_group = weights.shape[:2]
        kernels = weights.reshape(self.groups, outputs // self.groups, per_group, *weights.shape[2:])
        out_h, out_w = self.window.output_size(height, width, self.where)
        total = zeros_like(levels, (batch, outputs, out_h, out_w), xp)
        for tap in self.window.taps(height, width):
            (rows, columns), (out_rows, out_columns) = tap.inputs, tap.outputs
            seen = levels[:, :, rows, columns]
            size = seen.shape[2:]
            seen = seen.reshape(batch, self.groups, per_group, size[0] * size[1])
            part = kernels[..., tap.row, tap.column] @ seen
            total[:, :, out_rows, out_columns] += part.reshape(batch, outputs, *size)
        return total

    def bounds(self, source_shape: Shape, coding: Coding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._sum_bounds(coding, padded=any(self.padding))

    def grow(self, region: Region, source_shape: Shape) -> Region:
        """Whole groups where the groups keep different numbers of channels; windows that see the image."""
        _, height, width = image(source_shape, self.where)
        rows, columns = (
            self.window.grow(span, size, axis)
            for axis, (span, size) in enumerate(zip(region.box, (height, width), strict=True))
        )
        per_group = self.weights.shape[0] // self.groups
        kept = Counter(c // per_group for c in region.channels)
        channels = region.channels
        if len(set(kept.values())) > 1:
            channels = tuple(g * per_group + c for g in sorted(kept) for c in range(per_group))
        return Region(channels, rows, columns)

    def reads(self, region: Region, source_shape: Shape) -> Region:
        _, height, width = image(source_shape, self.where)
        rows, columns = (
            self.window.reads(span, size, axis)
            for axis, (span, size) in enumerate(zip(region.box, (height, width), strict=True))
        )
        outputs, per_group = self.weights.shape[0] // self.groups, self.weights.shape[1]
        groups = sorted({c // outputs for c in region.channels})
        return Region(tuple(g * per_group + i for g in groups for i in range(per_group)), rows, columns)

    def part(self, region: Region, source_shape: Shape) -> "Conv2d":
        _, height, width = image(source_shape, self.where)
        outputs = self.weights.shape[0] // self.groups
        return replace(
            self,
            weights=self.weights[list(region.channels)],
            padding=self.window.crop(region.box, height, width),
            groups=len({c // outputs for c in region.channels}),
        )

    def pick(self, outputs: Sequence[int], inputs: Sequence[int], source_shape: Shape) -> "Conv2d | None":
        """Groups stay groups: neighbours in the new order must come from one group, and groups stay alike."""
        per_in, per_out = self.weights.shape[1], self.weights.shape[0] // self.groups
        groups = [g for g, _ in itertools.groupby(c // per_in for c in inputs)]
        if len(set(groups)) < len(groups) or len(inputs) % len(groups) or len(outputs) % len(groups):
            return None
        width, height = len(inputs) // len(groups), len(outputs) // len(groups)
        blocks = []
        for k, g in enumerate(groups):
            own_in, own_out = inputs[k * width : (k + 1) * width], outputs[k * height : (k + 1) * height]
            if {c // per_in for c in own_in} != {g} or {c // per_out for c in own_out} != {g}:
                return None
            blocks.append(self.weights[list(own_out)][:, [c - g * per_in for c in own_in]])
        return replace(self, weights=np.concatenate(blocks), groups=len(groups))

    def constant(self, levels: Mapping[int, int], source_shape: Shape) -> NDArray[np.int64] | None:
        outputs, per_group = self.weights.shape[0] // self.groups, self.weights.shape[1]
        total = np.zeros(self.weights.shape[0], np.int64)
        for channel, level in levels.items():
            group, own = divmod(channel, per_group)
            rows = slice(group * outputs, (group + 1) * outputs)
            taps = self.weights[rows, own]
            if level and any(self.padding) and taps.any():
                return None  # at the border some taps read padding
            total[rows] += level * taps.sum(axis=(1, 2), dtype=np.int64)
        return total

    def wires(self, place: Shape, source_shape: Shape) -> Wires:
        output, row, column = place
        per_group = self.weights.shape[1]
        first = output // (self.weights.shape[0] // self.groups) * per_group
        kernel_rows, rows = self.window.seen(row, source_shape[1], 0)
        kernel_columns, columns = self.window.seen(column, source_shape[2], 1)
        at = np.ix_(np.arange(first, first + per_group), rows, columns)
        taken = self.weights[output][np.ix_(np.arange(per_group), kernel_rows, kernel_columns)]
        return Wires(flat_index(at, source_shape), taken.reshape(-1).astype(np.int64))

    def fan_out(self, source_shape: Shape) -> FanOut:
        channels, height, width = image(source_shape, self.where)
        outputs, per_group, rows, columns = self.weights.shape

        def per_tap(values: NDArray[Any]) -> NDArray[np.int64]:
            grouped = values.reshape(self.groups, outputs // self.groups, per_group, rows, columns)
            return np.asarray(grouped.sum(axis=1, dtype=np.int64)).reshape(channels, rows, columns)

        out_h, out_w = self.window.output_size(height, width, self.where)
        dense, nonzero, planes = (
            self.window.scatter(per_tap(v), channels, height, width)
            for v in (np.ones_like(self.weights), self.weights != 0, self.coding.ones(self.weights))
        )
        return FanOut(dense, nonzero, planes, self.weights.size * out_h * out_w)

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        spec, tensors = super()._own_spec()
        spec |= {
            "stride": list(self.stride),
            "padding": list(self.padding),
            "dilation": list(self.dilation),
            "groups": self.groups,
        }
        return spec, tensors

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        return {
            **super()._own_fields(reader, tensors),
            "stride": reader.integers("stride", 2),
            "padding": reader.integers("padding", 4),
            "dilation": reader.integers("dilation", 2),
            "groups": reader.integer("groups"),
        }
