"""How one weight lies in the cells of an array: the choices `pair` and `row_drive` of a card, as numbers.

========= ============================================================= ============ ==================
pair      cells of a weight                                             rows x cols  conversions
========= ============================================================= ============ ==================
columns   one row, two neighbouring columns: I+ - I-                    1 x 2        1 analog, 2 digital
rows      two rows of one column, driven with opposite polarity         2 x 1        1
cell      two devices in one crosspoint with two select lines (2T2R)    1 x 1        1
xnor      the input's sign picks one of two rows; a weight that may be  2 x 1 or 2   1 or 2
          zero takes a second column with the pair swapped
single    one cell holds w plus an offset; a reference column per array 1 x 1        1 (+ 1 digital)
          holds the offsets alone
========= ============================================================= ============ ==================

w = +1 -> (low, high resistance), -1 -> (high, low), 0 -> (high, high). With ``row_drive = "two_row"`` signed
inputs take two rows of which the sign picks one, its cells swapped, so that rows double.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding

from ...profile import Profile

__all__ = ["Arrangement", "arrange", "weight_groups"]

_ALL = ("bipolar", "two_phase", "two_row", "select")


@dataclass(frozen=True)
class Arrangement:
    """Cells of one weight group and one input.

    Attributes
    ----------
    rows, columns
        Of an array, per input and per weight group.
    devices
        Memory devices in one crosspoint.
    driven_rows
        Rows that one driven input puts to work, of its `rows`.
    cells_read
        Devices of a weight group in those rows.
    conversions
        Of a weight group's columns in one read.
    reference
        Columns per array that hold no weights.
    reference_conversions
        Of those, in one read.
    one_sided
        Whether a column's sum never changes sign.
    """

    rows: int
    columns: int
    devices: int
    driven_rows: int
    cells_read: int
    conversions: int
    reference: int
    reference_conversions: int
    one_sided: bool


def _columns(digital: bool, binary: bool) -> Arrangement:
    return Arrangement(1, 2, 1, 1, 2, 2 if digital else 1, 0, 0, digital)


def _rows(digital: bool, binary: bool) -> Arrangement:
    return Arrangement(2, 1, 1, 2, 2, 1, 0, 0, False)


def _cell(digital: bool, binary: bool) -> Arrangement:
    return Arrangement(1, 1, 2, 1, 2, 1, 0, 0, False)


def _xnor(digital: bool, binary: bool) -> Arrangement:
    columns = 1 if binary else 2
    return Arrangement(2, columns, 1, 1, columns, columns, 0, 0, True)


def _single(digital: bool, binary: bool) -> Arrangement:
    return Arrangement(1, 1, 1, 1, 1, 1, 1, 1 if digital else 0, digital)


@dataclass(frozen=True)
class _Pair:
    make: Callable[[bool, bool], Arrangement]
    drives: tuple[str, ...] = _ALL
    subtractions: tuple[str, ...] = ("analog", "digital")


_PAIRS: Mapping[str, _Pair] = {
    "columns": _Pair(_columns),
    "rows": _Pair(_rows, ("bipolar", "two_phase"), ("analog",)),
    "cell": _Pair(_cell, subtractions=("analog",)),
    "xnor": _Pair(_xnor, ("two_row",), ("digital",)),
    "single": _Pair(_single, ("bipolar", "two_phase", "two_row")),
}


def arrange(profile: Profile, inputs: Coding, weights: Coding) -> Arrangement:
    """Lay a weight of `weights` on a card's cells, for inputs of `inputs`.

    Raises
    ------
    PricingError
        If the choices of the card contradict each other.
    """
    word, drive = profile.choice("pair"), profile.choice("row_drive")
    subtraction = profile.choice("pair_subtraction")
    pair = _PAIRS[word]
    for name, given, allowed in (
        ("row_drive", drive, pair.drives),
        ("pair_subtraction", subtraction, pair.subtractions),
    ):
        if given not in allowed:
            raise PricingError(
                f"card {profile.name!r}: {name} is {given!r} beside pair {word!r}; allowed is {', '.join(allowed)}"
            )
    found = pair.make(subtraction == "digital", weights.kind == "pm1")
    if drive == "two_row" and word != "xnor" and inputs.lo < 0 < inputs.hi:
        found = replace(found, rows=2 * found.rows)
    return replace(found, one_sided=found.one_sided and drive != "bipolar")


def weight_groups(profile: Profile, weights: Coding) -> tuple[int, int]:
    """(cell groups per weight, largest level that one group holds) with cells of `cell_levels` (2) states.

    A pair of cells of L states holds -(L-1)..L-1, a single cell any L neighbouring levels. A weight that is
    wider is cut into planes, floor(log2 L) of them per pair; into single planes on single cells.

    Raises
    ------
    PricingError
        If cells have one state only, or single cells too few for one plane.
    """
    levels = profile.number("cell_levels") if "cell_levels" in profile.design else 2
    if levels < 2:
        raise PricingError(f"card {profile.name!r}: cell_levels is {levels}; allowed are 2 and more")
    widest = max(-weights.lo, weights.hi)
    if profile.choice("pair") != "single":
        together = 1 if profile.choice("pair") == "xnor" else levels.bit_length() - 1
        if widest <= levels - 1:
            return 1, widest
        return -(-weights.n_planes // together), (1 << min(together, weights.n_planes)) - 1
    step = 2 if weights.kind == "pm1" else 1
    if (weights.hi - weights.lo) // step + 1 <= levels:
        return 1, (weights.hi - weights.lo) // step
    states = 2 if weights.kind in ("pm1", "bits") else 3
    if states > levels:
        raise PricingError(
            f"card {profile.name!r}: a {weights.kind} weight needs cell_levels of {states}; allowed are {levels}"
        )
    return weights.n_planes, states - 1
