"""The contract of a projection: one edge of the event graph, and everything that is known about its op.

To add an op class you must subclass `Projection` (or `Weighted`) and say, in that one place,
its shape rule (`output_shape`), its reference execution (`apply`), the interval of its outputs (`bounds`), its
event counts (`fan_out`), what one result reads (`wires`, and `shares` where it is no weighted sum), what a part of
it needs (`grow`, `reads`, `part`), how channels are picked and folded (`pick`, `constant`) and its serialisation
(`to_spec`, `from_spec`), and list it in `PROJECTIONS`.
Engines and passes must not ask for the class of a projection: they use `kind`, `weighted` and these methods.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .fields import FieldReader
from .region import Region

__all__ = ["FanOut", "Projection", "Shape", "Tensors", "Wires"]

Shape = tuple[int, ...]
Tensors = dict[str, NDArray[Any]]

_COMMON = ("type", "name", "source", "target", "gain", "delay", "target_channels")
_MAX_GAIN = 1 << 31


@dataclass(frozen=True)
class FanOut:
    """Static event counts per source neuron; every array has the source's shape, int64.

    Attributes
    ----------
    dense
        Synapses (pools and identities: pairs) in range that leave this neuron.
    nonzero
        Those of them whose weight is nonzero.
    planes
        Nonzero weight planes summed over them.
    padded
        Kernel taps of all outputs together, padding included (one number).
    """

    dense: NDArray[np.int64]
    nonzero: NDArray[np.int64]
    planes: NDArray[np.int64]
    padded: int


@dataclass(frozen=True)
class Wires:
    """What one result of an op reads.

    Attributes
    ----------
    sources
        Source neurons in range, flat in C order, int64 (n,).
    weights
        Their weights, int64 (n,); 1 where the op has none.
    """

    sources: NDArray[np.int64]
    weights: NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection(ABC):
    """One edge: it adds ``gain * op(levels of source)`` to the input of `target`.

    Attributes
    ----------
    name, source, target
        Names of the projection and of the two populations.
    gain
        Nonzero integer factor.
    delay
        Steps; read by asynchronous engines and timing models only, never changes a result.
    target_channels
        (start, stop) of the target's channels that this projection feeds; None feeds all.
    """

    name: str
    source: str
    target: str
    gain: int = 1
    delay: int = 0
    target_channels: tuple[int, int] | None = None

    kind: ClassVar[str]
    weighted: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if type(self.gain) is not int or not self.gain or abs(self.gain) >= _MAX_GAIN:
            raise GraphError(f"{self.where}: gain is {self.gain!r}, allowed is a nonzero integer below 2^31")
        if type(self.delay) is not int or not 0 <= self.delay < _MAX_GAIN:
            raise GraphError(f"{self.where}: delay is {self.delay!r}, allowed is an integer of at least 0")
        if self.target_channels is not None:
            ends = self.target_channels
            good = isinstance(ends, tuple) and len(ends) == 2 and all(type(n) is int for n in ends)
            if not good or not 0 <= ends[0] < ends[1]:
                raise GraphError(
                    f"{self.where}: target_channels is {self.target_channels!r}, "
                    "allowed is a pair of integers with 0 <= start < stop"
                )

    @property
    def where(self) -> str:
        """How messages name this projection."""
        return f"projection {self.name!r}"

    @property
    def per_channel(self) -> bool:
        """Whether every channel of the result depends on the channel of the source at the same place alone."""
        return not self.weighted

    @property
    def selects(self) -> bool:
        """Whether every result is one of the source's levels (max and min pools, identities)."""
        return False

    @abstractmethod
    def output_shape(self, source_shape: Shape) -> Shape:
        """Shape of the op's result; raises `GraphError` where the source does not fit."""

    @abstractmethod
    def apply(self, levels: Any, coding: Coding, xp: Any) -> Any:
        """The op on levels (B, *source shape), without gain, exact in the dtype that comes in."""

    @abstractmethod
    def bounds(self, source_shape: Shape, coding: Coding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest possible result per output channel, without gain."""

    @abstractmethod
    def magnitude(self, source_shape: Shape, coding: Coding) -> int:
        """A bound on every partial sum of the op in any order of addition, without gain."""

    @abstractmethod
    def fan_out(self, source_shape: Shape) -> FanOut:
        """Static event counts per source neuron."""

    @abstractmethod
    def wires(self, place: Shape, source_shape: Shape) -> Wires:
        """What the result at `place` reads; padding is left out."""

    def shares(self, place: Shape, wires: Wires, levels: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each wire adds to the result at `place`, given the levels of its sources, without gain."""
        return wires.weights * levels

    @abstractmethod
    def grow(self, region: Region, source_shape: Shape) -> Region:
        """The smallest part of the result that holds `region` and that one op of this class can give."""

    @abstractmethod
    def reads(self, region: Region, source_shape: Shape) -> Region:
        """The part of the source that `region` (one that `grow` leaves as it is) of the result depends on."""

    @abstractmethod
    def part(self, region: Region, source_shape: Shape) -> Self:
        """The op that gives `region` of the result from `reads(region)` of the source."""

    @abstractmethod
    def pick(self, outputs: Sequence[int], inputs: Sequence[int], source_shape: Shape) -> Self | None:
        """The op that gives these channels of the result, in this order, from these of the source, in theirs.

        Channels of the source that are left out are taken to be silent. None where no op of this class does it.
        """

    @abstractmethod
    def constant(self, levels: Mapping[int, int], source_shape: Shape) -> NDArray[np.int64] | None:
        """What channels of the source that always send one level add to each channel of the result, without gain.

        None where that differs from place to place of the result.
        """

    @abstractmethod
    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        """Fields and tensors beyond the common ones."""

    @classmethod
    @abstractmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        """Constructor arguments beyond the common ones, read from a file; takes its tensors out of `tensors`."""

    own_keys: ClassVar[tuple[str, ...]] = ()

    def to_spec(self) -> tuple[dict[str, Any], Tensors]:
        """A JSON-ready object and the tensors that go with it."""
        own, tensors = self._own_spec()
        common = {
            "type": self.kind,
            "name": self.name,
            "source": self.source,
            "target": self.target,
            "gain": self.gain,
            "delay": self.delay,
            "target_channels": None if self.target_channels is None else list(self.target_channels),
        }
        return {**common, **own}, tensors

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The JSON fields a projection of this class must have."""
        return (*_COMMON, *cls.own_keys)

    @classmethod
    def from_spec(cls, reader: FieldReader, tensors: Tensors) -> Self:
        """Read a projection; the inverse of `to_spec`."""
        channels = None
        if reader.raw("target_channels") is not None:
            start, stop = reader.integers("target_channels", 2)
            channels = (start, stop)
        return cls(
            name=reader.text("name"),
            source=reader.text("source"),
            target=reader.text("target"),
            gain=reader.integer("gain"),
            delay=reader.integer("delay"),
            target_channels=channels,
            **cls._own_fields(reader, tensors),
        )
