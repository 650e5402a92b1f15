"""The tables of priced operations: cells that report and command line share."""

from typing import TYPE_CHECKING

from ..plots.units import count, engineering, percent
from .tables import Table

if TYPE_CHECKING:
    from gxnor_hardware.operations import OperationPrices, PricedRow

__all__ = ["energy_table", "operation_tables", "operations_table", "ratio_table", "resting_table"]

_NONE = "–"
_SHOWN = {
    "compute": "Compute",
    "once": "Compute + weights read once",
    "each": "Compute + weights read per synapse",
}


def operation_tables(prices: "OperationPrices") -> tuple[Table, ...]:
    """Operations, energies, ratios to GXNOR as measured, resting probability by layer."""
    return operations_table(prices), energy_table(prices), ratio_table(prices), resting_table(prices)


def operations_table(prices: "OperationPrices") -> Table:
    """Operations per inference by network; they are the same in every arithmetic."""
    rows = {}
    for priced in prices.totals:
        r = priced.row
        numbers = (r.multiplications, r.additions, r.xnor, r.shift_adds)
        bits = "not counted" if r.bitcounts is None else count(round(r.bitcounts))
        cells = [count(round(n)) for n in numbers]
        name = r.network + ("" if r.basis == "always" else f", {r.basis}")
        rows[name] = (name, *cells[:3], bits, cells[3], percent(r.resting))
    return Table(
        "Operations per inference: states as counted (measured), or all levels equally probable (uniform)",
        ("Network", "Products", "Additions", "XNOR", "Bit counts", "Shifted adds", "Resting"),
        list(rows.values()),
    )


def energy_table(prices: "OperationPrices") -> Table:
    """Energies with their bands, compute never without the memory of the weights."""
    rows = []
    for priced in prices.totals:
        grades = [e.grade or _NONE for e in priced.energies.values() if e is not None]
        grade = max((g for g in grades if g != _NONE), key="ABCDM".index, default=_NONE)
        rows.append((priced.label, *(_energy(priced, name) for name in _SHOWN), grade))
    return Table(
        "Energy per inference, dense processors at 45 nm (band; grade: the weakest behind the row)",
        ("Network", *_SHOWN.values(), "Grade"),
        rows,
    )


def ratio_table(prices: "OperationPrices") -> Table:
    """Energies over GXNOR's as measured, with extremes over all bands."""
    reference = next((row for row in prices.totals if row.key == ("GXNOR", "measured", "binary")), None)
    rows = [
        (row.label, *(_NONE if reference is None else _ratio(prices, row, reference, name) for name in _SHOWN))
        for row in prices.totals
        if row is not reference
    ]
    return Table(
        "Energy over that of GXNOR, measured (~: may be 1 within the bands, not distinguishable)",
        ("Network", *_SHOWN.values()),
        rows,
    )


def resting_table(prices: "OperationPrices") -> Table:
    """Resting probability of GXNOR by layer, measured and where all states are equally probable."""
    found: dict[str, dict[str, float]] = {}
    for priced in (*prices.layers, *prices.totals):
        if priced.row.network == "GXNOR":
            found.setdefault(priced.row.layer or "Whole net", {})[priced.row.basis] = priced.row.resting
    rows = [
        (layer, *(percent(shares[b]) if b in shares else _NONE for b in ("uniform", "measured")))
        for layer, shares in found.items()
    ]
    return Table(
        "Resting probability of gated XNOR (ternary, uniform: 1 - (2/3)² = 55.6 %)",
        ("Layer", "Uniform", "Measured"),
        rows,
    )


def _energy(priced: "PricedRow", figure: str) -> str:
    energy = priced.energies[figure]
    if energy is None:
        return "unpriced"
    text = engineering(energy.energy_j, "J")
    if energy.low_j == energy.high_j:
        return text
    return f"{text} ({engineering(energy.low_j, 'J')} to {engineering(energy.high_j, 'J')})"


def _ratio(prices: "OperationPrices", row: "PricedRow", reference: "PricedRow", figure: str) -> str:
    ratio = prices.ratio(row, reference, figure)
    if ratio is None:
        return _NONE
    band = f" ({ratio.low:.4g} to {ratio.high:.4g})" if ratio.high > ratio.low * (1 + 1e-12) else ""
    return f"{ratio.value:.4g}{band}" + ("" if ratio.distinguishable else " ~")
