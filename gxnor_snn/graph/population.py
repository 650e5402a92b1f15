"""The contract of a population: one node of the event graph.

To add a population class you must subclass `Population`, say what it emits from its input sums (`emit`), what
coding it has (`resolve_coding`), what it demands of its inputs (`settle`) and how it is stored, and list it in
`POPULATIONS`. Channel means axis 0 of the shape; a vector population has one channel per neuron.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import GraphError

from .coding import Coding
from .fields import FieldReader
from .projection import Projection, Shape, Tensors
from .region import Region

__all__ = ["Population", "is_real"]

_MAX_NEURONS = 1 << 24


def is_real(array: Any) -> bool:
    """Whether a numpy array or torch tensor holds floats: sums of an analogue model."""
    return "float" in str(array.dtype)


@dataclass(frozen=True, eq=False, kw_only=True)
class Population(ABC):
    """A node: neurons of one kind.

    Attributes
    ----------
    name
        Unique in the graph.
    shape
        (n,) or (channels, height, width).
    """

    name: str
    shape: Shape

    role: ClassVar[str]
    has_inputs: ClassVar[bool] = True
    has_outputs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        shape = self.shape
        good = isinstance(shape, tuple) and len(shape) in (1, 3) and all(type(n) is int and n > 0 for n in shape)
        if not good or self.size > _MAX_NEURONS:
            raise GraphError(
                f"{self.where}: shape is {shape!r}, allowed are (n,) or (channels, height, width) of at most "
                f"{_MAX_NEURONS} neurons"
            )

    @property
    def where(self) -> str:
        """How messages name this population."""
        return f"population {self.name!r}"

    @property
    def size(self) -> int:
        """Number of neurons."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def is_internal(self) -> bool:
        """Whether this population stands in front of a pool and is left out of layer sparsity."""
        return False

    @property
    def adds(self) -> bool:
        """Whether several projections may feed one channel, their results being added."""
        return True

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self.shape[0]

    @abstractmethod
    def resolve_coding(self, incoming: Sequence[tuple[Projection, Coding]]) -> Coding | None:
        """The coding of the levels this population sends, given its inputs'; None if it sends none."""

    def settle(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Population":
        """Check or clamp against the reachable input sums per channel; returns what stands in the graph."""
        return self

    def part(self, region: Region) -> Self:
        """The neurons of `region` alone, in its order of channels."""
        return replace(self, shape=region.shape)

    @abstractmethod
    def emit(self, sums: Any, coding: Coding | None, xp: Any) -> Any:
        """Levels (B, *shape) from input sums (B, *shape); sums may be real (analogue models)."""

    @abstractmethod
    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        """Fields and tensors beyond the common ones."""

    @classmethod
    @abstractmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        """Constructor arguments beyond the common ones, read from a file."""

    own_keys: ClassVar[tuple[str, ...]] = ()

    def to_spec(self) -> tuple[dict[str, Any], Tensors]:
        """A JSON-ready object and the tensors that go with it."""
        own, tensors = self._own_spec()
        return {"type": self.role, "name": self.name, "shape": list(self.shape), **own}, tensors

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The JSON fields a population of this class must have."""
        return ("type", "name", "shape", *cls.own_keys)

    @classmethod
    def from_spec(cls, reader: FieldReader, tensors: Tensors) -> Self:
        """Read a population; the inverse of `to_spec`."""
        return cls(name=reader.text("name"), shape=reader.integers("shape"), **cls._own_fields(reader, tensors))
