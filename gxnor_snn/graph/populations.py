"""The four populations of schema v1: Input, Spiking, Relay, Readout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import GraphError, GraphFormatError

from .coding import Coding
from .comparison import levels_of
from .fields import FieldReader
from .population import Population, is_real
from .projection import Projection, Tensors
from .region import Region

__all__ = ["POPULATIONS", "Input", "Readout", "Relay", "Spiking"]

_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, eq=False, kw_only=True)
class Input(Population):
    """Where levels of a sample enter."""

    coding: Coding

    role: ClassVar[str] = "input"
    has_inputs: ClassVar[bool] = False
    own_keys: ClassVar[tuple[str, ...]] = ("coding",)

    def resolve_coding(self, incoming: Sequence[tuple[Projection, Coding]]) -> Coding:
        return self.coding

    def emit(self, sums: Any, coding: Coding | None, xp: Any) -> Any:
        return sums

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        return {"coding": self.coding.to_spec()}, {}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        return {"coding": Coding.from_spec(reader.raw("coding"), f"{reader.where}.coding")}


@dataclass(frozen=True, eq=False, kw_only=True)
class Spiking(Population):
    """Neurons that compare their sum with thresholds and send a level.

    With the thresholds t_1 <= .. <= t_L of its channel a neuron with sum s sends ``coding.levels[k]``, where
    k = #{i: s >= t_i} if `increasing`, else k = #{i: s <= t_i}.

    Attributes
    ----------
    coding
        Coding of the levels; L = ``coding.n_thresholds``.
    thresholds
        int64 (channels, L), sorted along L.
    increasing
        bool (channels,); False stands for a negative batch-norm gain.
    internal
        True for the population in front of a pool: priced as neurons, left out of layer sparsity.
    """

    coding: Coding
    thresholds: NDArray[np.int64]
    increasing: NDArray[np.bool_]
    internal: bool = False

    role: ClassVar[str] = "spiking"
    own_keys: ClassVar[tuple[str, ...]] = ("coding", "internal")

    def __post_init__(self) -> None:
        super().__post_init__()
        thresholds, increasing = np.array(self.thresholds), np.array(self.increasing)
        expected = (self.n_channels, self.coding.n_thresholds)
        if thresholds.shape != expected or (thresholds.size and thresholds.dtype.kind not in "iu"):
            raise GraphError(
                f"{self.where}: thresholds are {thresholds.dtype} {thresholds.shape}, "
                f"allowed are integers {expected}"
            )
        if increasing.shape != expected[:1] or increasing.dtype != np.bool_:
            raise GraphError(
                f"{self.where}: increasing is {increasing.dtype} {increasing.shape}, "
                f"allowed is bool {expected[:1]}"
            )
        if thresholds.size and int(thresholds.max()) > np.iinfo(np.int64).max:
            raise GraphError(f"{self.where}: thresholds hold {thresholds.max()}, allowed are int64")
        thresholds = thresholds.astype(np.int64)
        if np.any(thresholds[:, 1:] < thresholds[:, :-1]):
            raise GraphError(f"{self.where}: thresholds must be sorted along each channel")
        for array in (thresholds, increasing):
            array.setflags(write=False)
        object.__setattr__(self, "thresholds", thresholds)
        object.__setattr__(self, "increasing", increasing)

    @property
    def is_internal(self) -> bool:
        return self.internal

    def resolve_coding(self, incoming: Sequence[tuple[Projection, Coding]]) -> Coding:
        return self.coding

    def reached(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of its levels each channel sends for some sum low..high: bool (channels, levels)."""
        sign = np.where(self.increasing, 1, -1)[:, None]
        first = np.where(self.increasing, low, -high)[:, None]
        last = np.where(self.increasing, high, -low)[:, None]
        rising = np.sort(self.thresholds * sign, axis=1)  # level k is sent from rising[k - 1] to rising[k] - 1
        starts = np.concatenate([first, np.maximum(rising, first)], axis=1)
        stops = np.concatenate([np.minimum(rising - 1, last), last], axis=1)
        return np.asarray(starts <= stops)

    def settle(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Spiking":
        """Clamp thresholds to what sums can reach: [lo, hi + 1] increasing, [lo - 1, hi] decreasing."""
        down = ~self.increasing
        clamped = np.clip(self.thresholds, (low - down)[:, None], (high + ~down)[:, None])
        return replace(self, thresholds=clamped)

    def part(self, region: Region) -> "Spiking":
        kept = list(region.channels)
        return replace(
            self, shape=region.shape, thresholds=self.thresholds[kept], increasing=self.increasing[kept]
        )

    def emit(self, sums: Any, coding: Coding | None, xp: Any) -> Any:
        return levels_of(sums, self.thresholds, self.increasing, self.coding, xp)

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        spec = {"coding": self.coding.to_spec(), "internal": self.internal}
        return spec, {
            "thresholds": np.array(self.thresholds),
            "increasing": self.increasing.astype(np.uint8),
        }

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        increasing = _take(tensors, "increasing", reader, np.uint8)
        if increasing.size and int(increasing.max()) > 1:
            raise GraphFormatError(f"{reader.where}.increasing: entries must be 0 or 1")
        return {
            "coding": Coding.from_spec(reader.raw("coding"), f"{reader.where}.coding"),
            "internal": reader.boolean("internal"),
            "thresholds": _take(tensors, "thresholds", reader, np.int64),
            "increasing": increasing.astype(np.bool_),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Relay(Population):
    """Neurons that pass their input on without a threshold.

    Attributes
    ----------
    kind
        "level": fed by max or min pools and identities, keeps the coding of its sources (all the same).
        "sum": holds any integer of lo..hi, coded as sign-magnitude planes of that range.
    lo, hi
        The declared range of a sum relay; None for a level relay.
    """

    kind: str = "level"
    lo: int | None = None
    hi: int | None = None

    role: ClassVar[str] = "relay"
    own_keys: ClassVar[tuple[str, ...]] = ("kind", "lo", "hi")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in ("level", "sum"):
            raise GraphError(f"{self.where}: kind is {self.kind!r}, allowed are level and sum")
        if (self.kind == "sum") != (self.lo is not None and self.hi is not None):
            raise GraphError(f"{self.where}: lo and hi belong to a sum relay, and to no other")
        if self.kind == "level" and (self.lo, self.hi) != (None, None):
            raise GraphError(f"{self.where}: a level relay declares no range")
        if any(end is not None and type(end) is not int for end in (self.lo, self.hi)):
            raise GraphError(f"{self.where}: range {self.lo!r}..{self.hi!r}, allowed are integers")
        if self.lo is not None and self.hi is not None and not _INT16.min < self.lo <= self.hi <= _INT16.max:
            raise GraphError(f"{self.where}: range {self.lo}..{self.hi}, allowed is a part of -32767..32767")

    @property
    def adds(self) -> bool:
        return self.kind == "sum"

    def resolve_coding(self, incoming: Sequence[tuple[Projection, Coding]]) -> Coding:
        if self.lo is not None and self.hi is not None:
            return Coding.sums(self.lo, self.hi)
        codings = {coding for _, coding in incoming}
        moves = all(p.gain == 1 and p.selects for p, _ in incoming)
        if len(codings) != 1 or not moves:
            raise GraphError(
                f"{self.where}: a level relay takes max or min pools and identities of gain 1 whose sources "
                f"have one coding; got {', '.join(p.name for p, _ in incoming)}"
            )
        return codings.pop()

    def settle(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Relay":
        """Refuse a declared range that its sums can leave."""
        if self.lo is not None and self.hi is not None and (low.min() < self.lo or high.max() > self.hi):
            raise GraphError(
                f"{self.where}: declares {self.lo}..{self.hi}, its sums reach {low.min()}..{high.max()}"
            )
        return self

    def emit(self, sums: Any, coding: Coding | None, xp: Any) -> Any:
        if not is_real(sums):
            return sums
        # A relay holds integers: real sums (analogue models) are rounded, and stay in the coding's range.
        assert coding is not None
        held = xp.clip(sums.round(), coding.lo, coding.hi)
        return held.astype(np.int64) if xp is np else held.to(xp.int64)

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        return {"kind": self.kind, "lo": self.lo, "hi": self.hi}, {}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        def end(key: str) -> int | None:
            return None if reader.raw(key) is None else reader.integer(key)

        return {"kind": reader.text("kind"), "lo": end("lo"), "hi": end("hi")}


@dataclass(frozen=True, eq=False, kw_only=True)
class Readout(Population):
    """Integer sums that leave the graph; logits = sums * scale + offset per channel.

    Attributes
    ----------
    scale, offset
        float64 (channels,), finite.
    """

    scale: NDArray[np.float64]
    offset: NDArray[np.float64]

    role: ClassVar[str] = "readout"
    has_outputs: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for label in ("scale", "offset"):
            array = np.array(getattr(self, label))
            if array.shape != (self.n_channels,) or array.dtype != np.float64 or not np.all(np.isfinite(array)):
                raise GraphError(
                    f"{self.where}: {label} is {array.dtype} {array.shape}, allowed is finite float64 "
                    f"({self.n_channels},)"
                )
            array.setflags(write=False)
            object.__setattr__(self, label, array)

    def resolve_coding(self, incoming: Sequence[tuple[Projection, Coding]]) -> None:
        return None

    def part(self, region: Region) -> "Readout":
        kept = list(region.channels)
        return replace(self, shape=region.shape, scale=self.scale[kept], offset=self.offset[kept])

    def emit(self, sums: Any, coding: Coding | None, xp: Any) -> Any:
        return sums

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        return {}, {"scale": np.array(self.scale), "offset": np.array(self.offset)}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        return {name: _take(tensors, name, reader, np.float64) for name in ("scale", "offset")}


def _take(tensors: Tensors, name: str, reader: FieldReader, dtype: Any) -> NDArray[Any]:
    array = tensors.pop(name, None)
    if array is None or array.dtype != dtype:
        found = "is missing" if array is None else f"has dtype {array.dtype}"
        raise GraphFormatError(f"{reader.where}.{name}: the tensor {found}, allowed is {np.dtype(dtype)}")
    return array


POPULATIONS: dict[str, type[Population]] = {c.role: c for c in (Input, Spiking, Relay, Readout)}
"""Population classes by the name that stands in a file."""
