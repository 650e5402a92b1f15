"""Cards as Markdown pages, one per card: ``python -m gxnor_hardware.markdown docs/cards`` writes all of them."""

import sys
from pathlib import Path

from .cards import load_profile, profiles
from .compare import Comparison
from .profile import Constant, Fact, Profile
from .units import DIMENSIONS, from_si

__all__ = ["card_page", "card_rows", "card_table", "comparison_table", "constant_text"]

_SYMBOLS = {"energy": "J", "power": "W", "frequency": "Hz", "conductance": "S", "voltage": "V"}
"""Units whose capital letters the keys of cards have not."""
_MEGA_AND_GIGA = {("frequency", "m"): "M", ("frequency", "g"): "G"}
Row = tuple[str, str, str, str, str]


def _unit(section: str, unit: str) -> str:
    """A unit as it is written: ``us`` is a time in microseconds, and a conductance in microsiemens."""
    symbol = _SYMBOLS.get(section)
    if symbol is None:
        return unit
    prefix = unit[: -len(symbol)]
    return _MEGA_AND_GIGA.get((section, prefix), prefix) + symbol


def _number(value: float) -> str:
    return f"{value:.6g}"


def constant_text(section: str, constant: Constant) -> tuple[str, str]:
    """A constant as on its card: (value with unit, "low to high" or nothing)."""
    power = DIMENSIONS[section].units[constant.unit]
    low, value, high = (from_si(v, power) for v in (constant.low, constant.value, constant.high))
    band = f"{_number(low)} to {_number(high)}" if constant.low < constant.high else ""
    return f"{_number(value)} {_unit(section, constant.unit)}".strip(), band


def _constant(section: str, name: str, constant: Constant) -> Row:
    text, band = constant_text(section, constant)
    text += f" ({band})" if band else ""
    scope = f", {constant.scope}" if constant.scope else ""
    return f"{section}.{name}", text, f"{constant.per}{scope}", constant.grade, constant.source


def _fact(section: str, name: str, fact: Fact) -> Row:
    return f"{section}.{name}", str(fact.value), fact.kind or "", fact.grade, fact.source


def card_rows(profile: Profile) -> list[Row]:
    """(name, value with unit and band, per and scope or kind, grade, source) of everything on a card."""
    rows = []
    for section in DIMENSIONS:
        rows += [_constant(section, n, c) for n, c in getattr(profile, section).items()]
    for section in ("limits", "design"):
        rows += [_fact(section, n, f) for n, f in getattr(profile, section).items()]
    return rows


def card_table(profile: Profile) -> str:
    """`card_rows` as a Markdown table."""
    lines = ["| constant | value | per | grade | source |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in card_rows(profile)]
    return "\n".join(lines)


def _joule(value: float) -> str:
    """An energy with the prefix that leaves one to three digits before the point."""
    units = DIMENSIONS["energy"].units
    unit = max((u for u in units if value >= 10.0 ** units[u]), key=units.__getitem__, default="aj")
    return f"{value / 10.0 ** units[unit]:.3g} {_unit('energy', unit)}" if value else "0 J"


def comparison_table(comparison: Comparison) -> str:
    """A comparison as Markdown: totals with bands, subtotals, what has no price, walls, and who looks alike."""
    lines = ["| target | energy | low | high | weakest grade |", "|---|---|---|---|---|"]
    rest = [name for name in comparison.bills if name not in comparison.ranking]
    for name in (*comparison.ranking, *rest):
        bill = comparison.bills[name]
        parts = {bill.display: bill.total, **{f"- {part}": total for part, total in bill.subtotals.items()}}
        for label, total in parts.items():
            if total is None:
                cells = ["unpriced: " + ", ".join(dict.fromkeys(u.term for u in bill.unpriced)), "", ""]
            else:
                cells = [_joule(energy) for energy in (total.energy_j, total.low_j, total.high_j)]
            grade = bill.weakest_grade if label == bill.display else ""  # a subtotal may rest on better ones
            lines.append("| " + " | ".join([label, *cells, grade or ""]) + " |")
    notes = [f"- not distinguishable, as their bands overlap: {', '.join(group)}" for group in comparison.groups]
    notes += [f"- cannot run the graph: {reason}" for reason in comparison.refusals.values()]
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


def card_page(profile: Profile) -> str:
    """The whole page of a card: what it is, where it holds, every constant with its source, and the notes."""
    validity = profile.validity
    point = [f"basis: {validity.basis}"]
    point += [f"node: {validity.node_nm:g} nm"] if validity.node_nm is not None else []
    point += [f"supply: {validity.vdd_v:g} V"] if validity.vdd_v is not None else []
    names = ", ".join(f"`{name}`" for name in (profile.name, *profile.aliases))
    parts = [
        f"# {profile.display}",
        f"Card {names}. {profile.kind}, model `{profile.model}`; {'; '.join(point)}.",
        profile.summary,
        card_table(profile),
    ]
    noted = {f"{section}.{n}": c.note for section in (*DIMENSIONS, "limits", "design")
             for n, c in getattr(profile, section).items() if c.note}  # fmt: skip
    sections = (
        ("Notes", [f"`{name}`: {note}" for name, note in noted.items()]),
        ("Where it holds", list(validity.notes)),
        ("Outside its boundary", list(profile.excludes)),
    )
    for title, lines in sections:
        if lines:
            parts += [f"## {title}", "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(parts) + "\n"


def main(folder: Path) -> None:
    """Write the page of every shipped card."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in profiles():
        (folder / f"{name}.md").write_text(card_page(load_profile(name)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
