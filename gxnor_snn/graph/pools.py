"""The projections without weights, channel by channel: pools and the identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .fields import FieldReader
from .projection import FanOut, Projection, Shape, Tensors, Wires
from .region import Region
from .window import Window, flat_index, image, zeros_like

__all__ = ["Identity", "Pool2d"]

_MOST_IN_INT8 = 127
_MAX_POOL_AREA = 1 << 16  # a pool has no weights in the file that would bound it


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool2d(Projection):
    """Maximum, minimum or sum over a window, per channel.

    Padding stands for the lowest level of the source's coding (maximum), the highest (minimum) or 0 (sum); a
    window that lies wholly in padding is refused.

    Attributes
    ----------
    mode
        "max", "min", "sum", or a tuple with "max" or "min" for every channel.
    kernel, stride, padding, dilation, ceil_mode
        See `Window`; the stride is the kernel unless given.
    """

    mode: str | tuple[str, ...] = "max"
    kernel: tuple[int, int] = (2, 2)
    stride: tuple[int, int] | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    ceil_mode: bool = False
    window: Window = field(init=False, repr=False)

    kind: ClassVar[str] = "pool2d"
    own_keys: ClassVar[tuple[str, ...]] = (
        "mode", "kernel", "stride", "padding", "dilation", "ceil_mode",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.mode, str):
            good = self.mode in ("max", "min", "sum")
        else:
            good = bool(self.mode) and set(self.mode) <= {"max", "min"}
        if not good:
            raise GraphError(
                f"{self.where}: mode is {self.mode!r:.60}, allowed are max, min, sum, or max|min per channel"
            )
        stride = self.kernel if self.stride is None else self.stride
        window = Window(self.kernel, stride, self.padding, self.dilation, self.ceil_mode)
        window.check(self.where)
        if self.kernel[0] * self.kernel[1] > _MAX_POOL_AREA:
            raise GraphError(
                f"{self.where}: kernel {self.kernel} has more than the {_MAX_POOL_AREA} places allowed"
            )
        object.__setattr__(self, "window", window)

    @property
    def selects(self) -> bool:
        return self.mode != "sum"

    def minimum(self, channels: int) -> NDArray[np.bool_]:
        """Which of the channels take the minimum."""
        modes = (self.mode,) * channels if isinstance(self.mode, str) else self.mode
        return np.asarray([m == "min" for m in modes])

    def output_shape(self, source_shape: Shape) -> Shape:
        channels, height, width = image(source_shape, self.where)
        if not isinstance(self.mode, str) and len(self.mode) != channels:
            raise GraphError(f"{self.where}: mode names {len(self.mode)} channels, the source has {channels}")
        size = self.window.output_size(height, width, self.where)
        for axis, extent in enumerate((height, width)):
            if int(self.window.taps_in_range(extent, axis).min()) < 1:
                raise GraphError(
                    f"{self.where}: padding {self.padding} lets a window of kernel {self.kernel} "
                    f"lie wholly in padding"
                )
        return (channels, *size)

    def apply(self, levels: Any, coding: Coding, xp: Any) -> Any:
        batch, channels, height, width = levels.shape
        shape = (batch, channels, *self.window.output_size(height, width, self.where))
        taps = self.window.taps(height, width)
        if self.mode == "sum":
            total = zeros_like(levels, shape, xp)
            for tap in taps:
                total[(..., *tap.outputs)] += levels[(..., *tap.inputs)]
            return total
        given = levels.dtype
        if coding.max_abs <= _MOST_IN_INT8:  # an eighth of the memory to go through
            levels = levels.astype(np.int8) if xp is np else levels.to(xp.int8)
        # min(v) = -max(-v): channels that take the minimum are negated on the way in and out
        minima = self.minimum(channels)
        if minima.any():
            negate = np.where(minima, -1, 1).reshape(channels, 1, 1)
            sign = (
                negate.astype(levels.dtype)
                if xp is np
                else xp.as_tensor(negate, device=levels.device).to(levels.dtype)
            )
            signed = levels * sign
        else:
            signed = levels
        best = (
            zeros_like(levels, shape, xp) - coding.max_abs
        )  # at most any level, and every window sees at least one
        for tap in taps:
            place = (..., *tap.outputs)
            best[place] = xp.maximum(best[place], signed[(..., *tap.inputs)])
        best = best * sign if minima.any() else best
        return best.astype(given) if xp is np else best.to(given)

    def bounds(self, source_shape: Shape, coding: Coding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        channels, height, width = image(source_shape, self.where)
        low, high = coding.lo, coding.hi
        if self.mode == "sum":
            rows, columns = self.window.taps_in_range(height, 0), self.window.taps_in_range(width, 1)
            fewest, most = int(rows.min() * columns.min()), int(rows.max() * columns.max())
            low, high = min(fewest * low, most * low), max(fewest * high, most * high)
        return np.full(channels, low, np.int64), np.full(channels, high, np.int64)

    def magnitude(self, source_shape: Shape, coding: Coding) -> int:
        area = self.kernel[0] * self.kernel[1] if self.mode == "sum" else 1
        return area * coding.max_abs

    def grow(self, region: Region, source_shape: Shape) -> Region:
        return region  # every window of a pool sees its source

    def reads(self, region: Region, source_shape: Shape) -> Region:
        _, height, width = image(source_shape, self.where)
        rows, columns = (
            self.window.reads(span, size, axis)
            for axis, (span, size) in enumerate(zip(region.box, (height, width), strict=True))
        )
        return Region(region.channels, rows, columns)

    def part(self, region: Region, source_shape: Shape) -> "Pool2d":
        _, height, width = image(source_shape, self.where)
        mode = self.mode if isinstance(self.mode, str) else tuple(self.mode[c] for c in region.channels)
        padding = self.window.crop(region.box, height, width)
        return replace(self, mode=mode, padding=padding, stride=self.window.stride, ceil_mode=False)

    def pick(self, outputs: Sequence[int], inputs: Sequence[int], source_shape: Shape) -> "Pool2d | None":
        if list(outputs) != list(inputs):
            return None
        return self if isinstance(self.mode, str) else replace(self, mode=tuple(self.mode[c] for c in outputs))

    def constant(self, levels: Mapping[int, int], source_shape: Shape) -> NDArray[np.int64] | None:
        channels, height, width = image(source_shape, self.where)
        area = 1
        if self.mode == "sum":
            taps = np.multiply.outer(self.window.taps_in_range(height, 0), self.window.taps_in_range(width, 1))
            if int(taps.min()) < int(taps.max()) and any(levels.values()):
                return None
            area = int(taps.max())
        total = np.zeros(channels, np.int64)
        for channel, level in levels.items():
            total[channel] = level * area
        return total

    def wires(self, place: Shape, source_shape: Shape) -> Wires:
        channel, row, column = place
        rows, columns = (
            self.window.seen(at, size, axis)[1]
            for axis, (at, size) in enumerate(zip((row, column), source_shape[1:], strict=True))
        )
        sources = flat_index(np.ix_(np.array([channel]), rows, columns), source_shape)
        return Wires(sources, np.ones(len(sources), np.int64))

    def shares(self, place: Shape, wires: Wires, levels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Every level of a sum; of a maximum or minimum the first level that is it."""
        mode = self.mode if isinstance(self.mode, str) else self.mode[place[0]]
        if mode == "sum":
            return levels
        chosen = int(np.argmax(levels) if mode == "max" else np.argmin(levels))
        shares = np.zeros_like(levels)
        shares[chosen] = levels[chosen]
        return shares

    def fan_out(self, source_shape: Shape) -> FanOut:
        channels, height, width = image(source_shape, self.where)
        out_h, out_w = self.window.output_size(height, width, self.where)
        area = np.multiply.outer(self.window.readers(height, 0), self.window.readers(width, 1))
        pairs = np.broadcast_to(area, (channels, height, width)).copy()
        return FanOut(pairs, pairs, pairs, channels * self.kernel[0] * self.kernel[1] * out_h * out_w)

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        spec = {
            "mode": self.mode if isinstance(self.mode, str) else list(self.mode),
            "kernel": list(self.kernel),
            "stride": list(self.window.stride),
            "padding": list(self.padding),
            "dilation": list(self.dilation),
            "ceil_mode": self.ceil_mode,
        }
        return spec, {}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        one = isinstance(reader.raw("mode"), str)
        return {
            "mode": reader.text("mode") if one else reader.texts("mode"),
            "kernel": reader.integers("kernel", 2),
            "stride": reader.integers("stride", 2),
            "padding": reader.integers("padding", 4),
            "dilation": reader.integers("dilation", 2),
            "ceil_mode": reader.boolean("ceil_mode"),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Identity(Projection):
    """Every source neuron feeds the target neuron at the same place."""

    kind: ClassVar[str] = "identity"

    @property
    def selects(self) -> bool:
        return True

    def output_shape(self, source_shape: Shape) -> Shape:
        return source_shape

    def apply(self, levels: Any, coding: Coding, xp: Any) -> Any:
        return levels

    def bounds(self, source_shape: Shape, coding: Coding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        channels = source_shape[0]
        return np.full(channels, coding.lo, np.int64), np.full(channels, coding.hi, np.int64)

    def magnitude(self, source_shape: Shape, coding: Coding) -> int:
        return coding.max_abs

    def grow(self, region: Region, source_shape: Shape) -> Region:
        return region

    def reads(self, region: Region, source_shape: Shape) -> Region:
        return region

    def part(self, region: Region, source_shape: Shape) -> "Identity":
        return self

    def pick(self, outputs: Sequence[int], inputs: Sequence[int], source_shape: Shape) -> "Identity | None":
        return self if list(outputs) == list(inputs) else None

    def constant(self, levels: Mapping[int, int], source_shape: Shape) -> NDArray[np.int64]:
        total = np.zeros(source_shape[0], np.int64)
        for channel, level in levels.items():
            total[channel] = level
        return total

    def wires(self, place: Shape, source_shape: Shape) -> Wires:
        source = np.ravel_multi_index(place, source_shape)
        return Wires(np.array([source], np.int64), np.ones(1, np.int64))

    def fan_out(self, source_shape: Shape) -> FanOut:
        one = np.ones(source_shape, np.int64)
        return FanOut(one, one, one, one.size)

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        return {}, {}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        return {}
