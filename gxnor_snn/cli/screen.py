"""What a command prints: plain lines and rich tables on stdout, or nothing with ``--quiet``."""

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from .text import visible

__all__ = ["Screen"]


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
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)
    ) -> None:
        """Print a table; the first column is never wrapped, those not numbered in `left` are right-aligned."""
        table = _table(title)
        for index, name in enumerate(columns):
            table.add_column(
                name, justify="left" if index in left else "right", overflow="fold", no_wrap=not index
            )
        self._print(table, rows)

    def pairs(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print a table of (name, value) rows without a header."""
        table = _table(title, show_header=False)
        table.add_column(style="bold", overflow="fold")
        table.add_column(overflow="fold")
        self._print(table, rows)

    def _print(self, table: Table, rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            table.add_row(*map(visible, row))
        self._console.print(table)
        self._console.print()


def _table(title: str, show_header: bool = True) -> Table:
    """An empty table without side lines, which leaves 80 columns to the numbers."""
    return Table(
        title=visible(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        show_header=show_header,
    )
