"""What travels through a network while it is converted: levels of populations, or sums without a threshold."""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

from gxnor_snn.graph import Coding, Pool2d, Projection

from .curves import Curve, Normalisation

__all__ = ["Levels", "Part", "Place", "Sums", "Term", "Value"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where in the network something is computed.

    Attributes
    ----------
    path
        Of the module, or of the forward and the operation in it; names in the graph are made of it.
    noun
        "module" or "operation".
    """

    path: str
    noun: str = "module"

    def __str__(self) -> str:
        return f"{self.noun} {self.path!r}"


@dataclass(frozen=True)
class Part:
    """Levels of one population, among those that stand side by side; `sums` says that it is a sum relay."""

    source: str
    shape: Shape
    coding: Coding
    sums: bool = False

    @property
    def size(self) -> int:
        """Number of neurons."""
        size = 1
        for n in self.shape:
            size *= n
        return size


@final
@dataclass(frozen=True)
class Levels:
    """Levels of populations, concatenated along channels (or along features, once flattened).

    Attributes
    ----------
    parts
        The populations.
    flat
        Whether later layers see vectors.
    pad
        (top, bottom, left, right) zeros around every image, which only a convolution may read.
    raw
        The normalisation of a user's pipeline, in front of the first layer.
    """

    parts: tuple[Part, ...]
    flat: bool
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    raw: Normalisation | None = None

    @property
    def names(self) -> str:
        """The populations, for messages."""
        return ", ".join(repr(p.source) for p in self.parts)

    @property
    def shape(self) -> Shape:
        """Shape of one sample, as a layer sees it."""
        if self.flat:
            return (sum(p.size for p in self.parts),)
        top, bottom, left, right = self.pad
        _, height, width = self.parts[0].shape
        return (sum(p.shape[0] for p in self.parts), height + top + bottom, width + left + right)


@dataclass(frozen=True)
class Term:
    """One projection of a sum, and the channels of the sum that it feeds."""

    projection: Projection
    start: int
    channels: int


@final
@dataclass(frozen=True)
class Sums:
    """Integer sums of projections, with the max-pools and the affine map behind them.

    Attributes
    ----------
    terms
        The projections that add up.
    shape
        (C,) or (C, H, W) behind the pools.
    curve
        The affine map, once there is one.
    pools
        Max-pools, each with whether it stands in front of the affine map.
    raw
        (shift, divisor) with which a user's pipeline turns these sums into real ones, per channel.
    """

    terms: tuple[Term, ...]
    shape: Shape
    curve: Curve | None = None
    pools: tuple[tuple[Pool2d, bool], ...] = ()
    raw: tuple[tuple[Fraction, ...], Fraction] | None = None

    @property
    def names(self) -> str:
        """The projections, for messages."""
        return ", ".join(repr(t.projection.name) for t in self.terms)

    @property
    def weighted(self) -> bool:
        """Whether a product is among the terms."""
        return any(t.projection.weighted for t in self.terms)


Value = Levels | Sums
