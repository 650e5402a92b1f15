"""What a command prints: plain lines and rich tables on stdout, or nothing with ``--quiet``."""

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from .text import visible

__all__ = ["Screen"]

_GAP = 2
"""Characters between two columns."""


class Screen:
    """Prints for one command.

    Parameters
    ----------
    quiet
        Print nothing.

    Attributes
    ----------
    progress
        Whether progress bars are to be shown: on a terminal, unless quiet.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.progress = not quiet and Console(stderr=True).is_terminal
        # file names and card texts may hold [brackets], which are no markup here
        self._console = Console(quiet=quiet, markup=False, highlight=False)

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line as it is, never wrapped."""
        self._console.print(visible(text), style=style, soft_wrap=True)

    def alarm(self, text: str) -> None:
        """Print a line on stderr, quiet or not."""
        Console(file=sys.stderr, markup=False, highlight=False).print(
            f"gxnor: {visible(text)}", style="bold red", soft_wrap=True
        )

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        left: Sequence[int] = (0,),
        wrap: Sequence[int] | None = None,
    ) -> None:
        """Print a table, as wide as the terminal where it can; no word or number is ever broken or cut.

        Parameters
        ----------
        left
            Columns of words; the others are right-aligned numbers.
        wrap
            Columns whose cells take several lines where the terminal is narrow; those of `left` but the first if
            None.
        """
        cells = [[visible(text) for text in row] for row in rows]
        wrapped = [index for index in left if index] if wrap is None else wrap
        widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
        gaps = _GAP * (len(columns) - 1)
        table = _table(title)
        if sum(widths) + gaps > self._console.width:
            # headers may take several lines where the cells below are narrow
            widths = [
                _least(name, [row[index] for row in cells], index in wrapped) for index, name in enumerate(columns)
            ]
            table.width = max(self._console.width, sum(widths) + gaps)
        for index, (name, width) in enumerate(zip(columns, widths, strict=True)):
            justify: Literal["left", "right"] = "left" if index in left else "right"
            if index in wrapped:
                table.add_column(name, justify=justify, overflow="fold", min_width=width if table.width else None)
            else:
                table.add_column(name, justify=justify, width=width)
        self._print(table, cells)

    def pairs(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print a table of (name, value) rows without a header."""
        table = _table(title, show_header=False)
        table.add_column(style="bold", overflow="fold")
        table.add_column(overflow="fold")
        self._print(table, rows)

    def _print(self, table: Table, rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            table.add_row(*map(visible, row))
        self._console.print(table, crop=False)
        self._console.print()


def _least(name: str, cells: Sequence[str], wrapped: bool) -> int:
    """Least width of a column that breaks no word, and no cell that is not to be wrapped."""
    pieces = [word for cell in cells for word in cell.split()] if wrapped else cells
    return max(map(cell_len, (*name.split(), *pieces)))


def _table(title: str, show_header: bool = True) -> Table:
    """An empty table without side lines, which leaves 80 columns to the numbers."""
    return Table(
        title=visible(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        show_header=show_header,
    )
