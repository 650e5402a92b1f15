"""How the lanes of the neurons form are laid out: which vector, and how many output columns share it."""

from dataclasses import dataclass
from typing import Any

__all__ = ["LIST_COST", "VECTOR_COSTS", "WINDOW_COST", "Layout", "Table", "layout_of"]

VECTOR_COSTS = {1: 0.7, 2: 0.8, 4: 1.0, 8: 1.5}
"""Time of one full adder by the words of its vector, relative to 256 lanes."""

WINDOW_COST = 120.0
"""What a window costs beside its events (a counter's start, its unpacking), in full adders."""

LIST_COST = 80.0
"""What a list of events costs beside them, in full adders: its length is hard to predict."""

_MOST_TABLE_BYTES = 1 << 18  # of a table that columns share: it should stay in the second-level cache
_MOST_TOGETHER = 32


@dataclass(frozen=True)
class Table:
    """Sizes of a weighted projection that its layout depends on.

    Attributes
    ----------
    channels, outputs
        Source channels that a tap reads, and output channels.
    rows, columns, stride, dilation
        Kernel, and the column stride and dilation; 1 for Dense.
    width, windows
        Output columns, and output places in all.
    whole
        Whether the projection feeds all channels of its target.
    """

    channels: int
    outputs: int
    rows: int
    columns: int
    stride: int
    dilation: int
    width: int
    windows: int
    whole: bool

    @classmethod
    def of(cls, projection: Any, source: tuple[int, ...], target: tuple[int, ...]) -> "Table":
        """Sizes of a Dense or Conv2d projection between populations of these shapes."""
        outputs = int(projection.weights.shape[0])
        if projection.kind == "dense":
            return cls(int(projection.weights.shape[1]), outputs, 1, 1, 1, 1, 1, 1, outputs == target[0])
        window = projection.window
        rows, columns = window.kernel
        step, gap, windows = window.stride[1], window.dilation[1], target[1] * target[2]
        return cls(source[0], outputs, rows, columns, step, gap, target[2], windows, outputs == target[0])

    def seen_columns(self, together: int) -> int:
        """Columns of the source that a window of `together` output columns sees."""
        return (
            (together - 1) * self.stride + (self.columns - 1) * self.dilation + 1 if together > 1 else self.columns
        )


@dataclass(frozen=True)
class Layout:
    """Lanes of one window.

    Attributes
    ----------
    words
        Words of 64 lanes of the vector.
    together
        Output columns in the lanes of one window.
    chunks
        Vectors that hold all lanes.
    """

    words: int
    together: int
    chunks: int

    def window_cost(self, table: Table, events: float, planes: int = 2, lists: int = 2) -> float:
        """Full adders per window, where a tap has `events` events (digits of levels that are not silent)."""
        seen = table.rows * table.seen_columns(self.together) * events
        return self.chunks * (seen * planes * VECTOR_COSTS[self.words] + lists * LIST_COST + WINDOW_COST)

    def n_windows(self, table: Table) -> int:
        """Windows per sample."""
        return table.windows // table.width * -(-table.width // self.together)


def layout_of(table: Table, widths: tuple[int, ...]) -> Layout:
    """The layout with the fewest predicted operations, half of the source being silent.

    Neighbouring columns of a convolution of few channels share a vector: they see one wider window, so events
    are read once for all of them.
    """
    options = []
    for words in widths:
        for together in range(1, min(table.width, _MOST_TOGETHER) + 1):
            chunks = -(-together * table.outputs // (64 * words))
            rows = table.rows * table.seen_columns(together) * table.channels
            if together > 1 and (not table.whole or rows * chunks * words * 16 > _MOST_TABLE_BYTES):
                break
            layout = Layout(words, together, chunks)
            options.append((layout.window_cost(table, table.channels / 2) * layout.n_windows(table), layout))
    return min(options, key=lambda option: option[0])[1]
