"""Priced operations as Markdown."""

from .prices import REFERENCES, OperationPrices, PricedRow

__all__ = ["layer_table", "operations_table"]

_SHOWN = {"compute": "compute", "once": "+ weights read once", "each": "+ weights read per synapse"}


def operations_table(prices: OperationPrices) -> str:
    """Totals as three tables in Markdown: operations per inference, energies, and their ratios.

    Energies are in µJ with bands. Ratios are to full precision in float32 and to GXNOR as measured, with their
    extremes over all bands; "~" marks those that may be 1, so that nobody can tell which network costs less.
    """
    heads = ["network", "multiplications", "additions", "XNOR", "bit counts", "shifted additions", "resting"]
    lines = _heads(heads)
    for row in _by_network(prices):
        r = row.row
        counts = (r.multiplications, r.additions, r.xnor, r.bitcounts, r.shift_adds)
        lines.append(_line([_name(row), *map(_count, counts), f"{100 * r.resting:.1f} %"]))
    lines += ["", *_heads(["network", *_SHOWN.values(), "grades"])]
    for row in prices.totals:
        energies = [row.energies[name] for name in _SHOWN]
        grades = "/".join("-" if e is None or e.grade is None else e.grade for e in energies)
        lines.append(_line([row.label, *(_energy(row, name) for name in _SHOWN), grades]))
    references = [row for key in REFERENCES for row in prices.totals if row.key == key]
    beside = [(reference, name) for reference in references for name in _SHOWN]
    lines += ["", *_heads(["ratio of", *(f"to {r.label}: {_SHOWN[name]}" for r, name in beside)])]
    for row in prices.totals:
        lines.append(_line([row.label, *(_ratio(prices, row, reference, name) for reference, name in beside)]))
    gaps: dict[str, list[str]] = {}
    for row in prices.totals:
        for gap in row.unpriced:
            gaps.setdefault(f"{gap.term}: {gap.reason}", []).append(row.label)
    notes = [f"- unpriced, {reason} ({'; '.join(labels)})" for reason, labels in gaps.items()]
    notes += [f"- in no figure: {part}" for part in prices.excluded]
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


def layer_table(prices: OperationPrices) -> str:
    """Resting probability of GXNOR by layer as Markdown: all states equally probable, and measured."""
    lines = ["| layer | uniform | measured |", "|---|--:|--:|"]
    found: dict[str, dict[str, float]] = {}
    for row in prices.layers:
        if row.row.network == "GXNOR":
            found.setdefault(str(row.row.layer), {})[row.row.basis] = row.row.resting
    for layer, resting in found.items():
        shares = [f"{100 * resting[b]:.1f} %" if b in resting else "" for b in ("uniform", "measured")]
        lines.append(_line([layer, *shares]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _heads(names: list[str]) -> list[str]:
    return [_line(names), "|---|" + "--:|" * (len(names) - 1)]


def _by_network(prices: OperationPrices) -> list[PricedRow]:
    """One row per network and basis: its operations are the same in every arithmetic."""
    return list({row.key[:2]: row for row in reversed(prices.totals)}.values())[::-1]


def _name(row: PricedRow) -> str:
    return row.row.network + ("" if row.row.basis == "always" else f", {row.row.basis}")


def _count(value: float | None) -> str:
    return "not counted" if value is None else f"{value:,.0f}"


def _micro(value: float) -> str:
    return f"{value * 1e6:.3g}"


def _energy(row: PricedRow, figure: str) -> str:
    energy = row.energies[figure]
    if energy is None:
        return "unpriced"
    band = f" ({_micro(energy.low_j)} to {_micro(energy.high_j)})" if energy.low_j < energy.high_j else ""
    return _micro(energy.energy_j) + band


def _ratio(prices: OperationPrices, row: PricedRow, reference: PricedRow, figure: str) -> str:
    ratio = prices.ratio(row, reference, figure)
    if ratio is None:
        return ""
    if row is reference:
        return "1"
    band = f" ({ratio.low:.4g} to {ratio.high:.4g})" if ratio.low < ratio.high * (1 - 1e-12) else ""
    return f"{ratio.value:.4g}{band}" + ("" if ratio.distinguishable else " ~")
