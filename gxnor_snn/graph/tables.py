"""Rows of words as aligned text, or as HTML for notebooks."""

from collections.abc import Iterator, Sequence
from html import escape

__all__ = ["html_table", "text_table"]


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield lines: head, rule, rows; columns are as wide as their widest cell."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    for row in (head, ["-" * w for w in widths], *rows):
        yield "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write one ``<table>``; all cells are escaped."""

    def line(tag: str, cells: Sequence[str]) -> str:
        style = " style='text-align:left'"
        return "<tr>" + "".join(f"<{tag}{style}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"
