"""How numbers are written for people: engineering prefixes, thousands separators, percentages.

Figures and report share these, so that one number looks the same everywhere. No drawing library is needed.
"""

import math

__all__ = ["count", "engineering", "percent", "square_millimetres"]

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_SPACE = "\u00a0"  # a number and its unit stay on one line


def engineering(value: float, unit: str, digits: int = 3) -> str:
    """Write a quantity with `digits` significant digits and an engineering prefix, as in "44.8 µJ".

    Parameters
    ----------
    value
        The quantity in `unit`, finite.
    unit
        SI unit without prefix, for example "J" or "s".
    digits
        Significant digits, at least 3.
    """
    if value == 0:
        return f"0{_SPACE}{unit}"
    # Rounding comes first: 999.96 must become 1.00 k, not 1000.
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = min(max(3 * math.floor(int(exponent) / 3), min(_PREFIXES)), max(_PREFIXES))
    shift = int(exponent) - power
    decimals = max(digits - 1 - shift, 0)
    return f"{float(mantissa) * 10**shift:.{decimals}f}{_SPACE}{_PREFIXES[power]}{unit}"


def count(value: float) -> str:
    """Write a count with thousands separators; no integer keeps one decimal, and three digits below ten."""
    if value == round(value):
        return f"{round(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"


def square_millimetres(value: float) -> str:
    """Write an area of `value` m2 in mm2, where prefixes of the unit would be squared, with three digits."""
    return f"{count(float(f'{value * 1e6:.3g}'))}{_SPACE}mm2"


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with one decimal.

    What is not quite 0 or 1 never reads as such: more decimals are shown until the difference is seen.
    """
    for decimals in range(1, 12):
        text = f"{100 * fraction:.{decimals}f}"
        if fraction in (0, 1) or float(text) not in (0, 100):
            break
    return f"{text}{_SPACE}%"
