"""Wire resistance per cell, by technology node (`wires.toml`)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from gxnor_snn.errors import InputError

__all__ = ["Wire", "wire", "wire_nodes"]


@dataclass(frozen=True)
class Wire:
    """Wires of one node.

    Attributes
    ----------
    node_nm, cell
        Technology node, and "1t1r" or "crossbar".
    r_row_ohm, r_col_ohm
        Resistance per cell along a row and along a column.
    width_nm
        Width of the wire.
    source, grade
        Where the numbers come from.
    """

    node_nm: int
    cell: str
    r_row_ohm: float
    r_col_ohm: float
    width_nm: float
    source: str
    grade: str


@cache
def _table() -> MappingProxyType[tuple[int, str], Wire]:
    data = tomllib.loads((Path(__file__).parent / "wires.toml").read_text(encoding="utf-8"))
    found = {}
    for text, row in data["node"].items():
        node, rest = int(text), (row["width_nm"], data["source"], data["grade"])
        found[node, "1t1r"] = Wire(node, "1t1r", row["row_1t1r_ohm"], row["col_1t1r_ohm"], *rest)
        found[node, "crossbar"] = Wire(node, "crossbar", row["crossbar_ohm"], row["crossbar_ohm"], *rest)
    return MappingProxyType(found)


def wire_nodes() -> tuple[int, ...]:
    """Technology nodes with known wires, nanometre, largest first."""
    return tuple(sorted({node for node, _ in _table()}, reverse=True))


def wire(node_nm: int, cell: str = "1t1r") -> Wire:
    """Wires of a technology node.

    Parameters
    ----------
    node_nm
        One of `wire_nodes`; nothing in between is guessed.
    cell
        "1t1r" (cells of 4 F x 12 F) or "crossbar" (2 F x 2 F).

    Raises
    ------
    InputError
        If node or cell is not in the table.
    """
    if not isinstance(node_nm, int) or not isinstance(cell, str) or (node_nm, cell) not in _table():
        nodes = ", ".join(map(str, wire_nodes()))
        raise InputError(
            f"wire ({node_nm!r:.20}, {cell!r:.20}) is unknown; allowed are {nodes} with 1t1r or crossbar"
        )
    return _table()[node_nm, cell]
