"""The four constants of a memory device, as its card gives them or as a caller states them."""

from collections.abc import Mapping

from gxnor_snn.arguments import is_number
from gxnor_snn.errors import InputError

from ...profile import Constant

__all__ = ["CONSTANTS", "stated"]

CONSTANTS = {
    "g_on_s": "conductance.on",
    "g_off_s": "conductance.off",
    "v_read_v": "voltage.read",
    "t_read_s": "time.read",
}
"""Key on the card, by attribute of `Device`."""

_UNITS = {"conductance": ("s", 1e-13, 1.0), "voltage": ("v", 1e-3, 100.0), "time": ("s", 1e-12, 100.0)}
"""Unit as printed, and the plausible range, by section of a card."""


def stated(given: Mapping[str, Constant], values: Mapping[str, float]) -> dict[str, Constant]:
    """`given` with the constants that a caller states instead, by attribute name.

    Raises
    ------
    InputError
        If a name is unknown, a value is not plausible, or the off state is not below the on state.
    """
    constants = dict(given)
    for name, value in values.items():
        if name not in CONSTANTS:
            raise InputError(f"constant {name!r} is unknown; allowed are {', '.join(CONSTANTS)}")
        key = CONSTANTS[name]
        unit, least, most = _UNITS[key.partition(".")[0]]
        if not is_number(value) or not (least <= value <= most or (value == 0 and name == "g_off_s")):
            raise InputError(f"{name} is {value!r:.40}; allowed are {least:g} to {most:g}")
        x = float(value)
        source = "stated by the caller"
        constants[key] = Constant(x, x, x, unit, None, (), None, "cell", "estimated", source, "D")
    on, off = constants.get("conductance.on"), constants.get("conductance.off")
    if on is not None and off is not None and off.value >= on.value:
        raise InputError(f"g_off_s is {off.value:g}; allowed is below g_on_s = {on.value:g}")
    return constants
