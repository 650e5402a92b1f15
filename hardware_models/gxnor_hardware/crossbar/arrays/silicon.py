"""Area of the arrays that hold a graph, and what writing their cells takes."""

from gxnor_snn.results import Mapping

from ...ledger import Amount, Ledger
from ...profile import Profile
from .structure import structure

__all__ = ["occupy"]


def occupy(profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Set area and programming.

    Area = chips A_chip where the card gives a whole chip, else arrays A_array where it gives a whole array, else
    arrays (rows cols A_cell + rows A_driver + converters A_converter + cols A_sample).

    Programming = cells x pulses per cell x energy per pulse, once.
    """
    cells = int(mapping.resources["cells_programmed"])
    ledger.program(cells, "pulses_per_cell", "program_pulse", "cells that hold weights x pulses x pulse energy")
    arrays = Amount.exact(float(mapping.resources["arrays"]))
    grades = [structure(profile)]
    for whole, count in (("chip", Amount.exact(float(mapping.resources["chips"]))), ("array", arrays)):
        if whole in profile.area:
            ledger.occupy([(whole, count)], f"{whole}s that hold the graph", grades)
            return
    numbers = [profile.limit("rows"), profile.limit("cols")]
    numbers += [profile.number("adcs_per_array")] if "adcs_per_array" in profile.design else [None]
    if None in numbers and profile.area:
        ledger.exclude(f"area: card {profile.name!r} lacks rows, cols or adcs_per_array of an array")
        return
    rows, cols, converters = (number or 0 for number in numbers)
    parts = [("cell", rows * cols), ("row_driver", rows), ("converter", converters), ("sample_hold", cols)]
    ledger.occupy(
        [(name, arrays * float(number)) for name, number in parts],
        "arrays x (rows x cols cells + rows drivers + converters + cols sample and hold)",
        grades,
    )
