"""A card as the Markdown table that the documentation prints."""

from gxnor_hardware.profile import Constant, Fact, Profile
from gxnor_hardware.units import DIMENSIONS, from_si

__all__ = ["card_rows", "card_table"]

_PRINTED = {"uj": "uJ", "j": "J", "w": "W", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "": ""}
Row = tuple[str, str, str, str, str]


def _unit(unit: str) -> str:
    if unit in _PRINTED:
        return _PRINTED[unit]
    return unit[:-1] + unit[-1].upper() if unit[-1] in "jw" else unit


def _number(value: float) -> str:
    return f"{value:.6g}"


def _constant(section: str, name: str, constant: Constant) -> Row:
    power = DIMENSIONS[section].units[constant.unit]
    low, value, high = (from_si(v, power) for v in (constant.low, constant.value, constant.high))
    text = f"{_number(value)} {_unit(constant.unit)}".strip()
    if constant.low < constant.high:
        text += f" ({_number(low)} to {_number(high)})"
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
