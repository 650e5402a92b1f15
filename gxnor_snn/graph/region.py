"""A part of a population: some of its channels, and for images a box of rows and columns."""

from dataclasses import dataclass
from typing import Any

from ..errors import GraphError

__all__ = ["Region", "Span"]

Shape = tuple[int, ...]
Span = tuple[int, int]


@dataclass(frozen=True)
class Region:
    """Channels, rows and columns of an array of shape (n,) or (channels, height, width).

    Attributes
    ----------
    channels
        Indices along the first axis, in the order in which they are wanted.
    rows, columns
        (start, stop) for images, None for vectors.
    """

    channels: tuple[int, ...]
    rows: Span | None = None
    columns: Span | None = None

    @classmethod
    def whole(cls, shape: Shape) -> "Region":
        """All of an array of this shape."""
        if len(shape) == 1:
            return cls(tuple(range(shape[0])))
        return cls(tuple(range(shape[0])), (0, shape[1]), (0, shape[2]))

    @property
    def box(self) -> tuple[Span, ...]:
        """The spans of rows and columns; none for a vector."""
        return tuple(span for span in (self.rows, self.columns) if span is not None)

    @property
    def shape(self) -> Shape:
        """Shape of what the region holds."""
        return (len(self.channels), *(stop - start for start, stop in self.box))

    def take(self, array: Any) -> Any:
        """Cut the region out of an array (B, *shape), numpy or torch; a copy."""
        return array[(slice(None), list(self.channels), *(slice(*span) for span in self.box))]

    def check(self, shape: Shape, where: str) -> None:
        """Raise `GraphError` naming `where` unless the region is a non-empty part of an array of this shape."""
        if len(self.box) != len(shape) - 1:
            raise GraphError(f"{where}: a crop takes images; the shape is {shape}")
        channels = self.channels
        if not channels or not all(type(c) is int and 0 <= c < shape[0] for c in channels):
            raise GraphError(f"{where}: channels are {channels!r:.80}, allowed are some of 0..{shape[0] - 1}")
        if len(set(channels)) < len(channels):
            raise GraphError(f"{where}: channels {channels!r:.80} name one of them twice")
        for label, span, size in zip(("rows", "columns"), self.box, shape[1:], strict=False):
            good = isinstance(span, tuple) and len(span) == 2 and all(type(n) is int for n in span)
            if not good or not 0 <= span[0] < span[1] <= size:
                raise GraphError(
                    f"{where}: crop of {label} is {span!r:.60}, allowed is (start, stop) with "
                    f"0 <= start < stop <= {size}"
                )
