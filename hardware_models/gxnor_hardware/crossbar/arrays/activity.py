"""What the counted events put to work in the arrays: rows, cells, and how many of them of low resistance.

One inference, one projection, d driven synapses (a synapse whose activation drives its row, once per read):

========================== ======================================================================
rows at work               d / outputs per group x column tiles x driven rows per input
cells read                 d x weight groups x cells read per weight group, + rows x reference columns
of low resistance          one per open (weight plane, activation plane) pair: `n_xnor`
of high resistance         the rest
========================== ======================================================================

Derivation. In-range synapses of the outputs of a group share their rows, so rows are driven synapses by outputs. A
driven row meets, for every weight plane, one pair of cells of which exactly one has low resistance if the weight
is not zero, and none if it is: low-resistance cells at work are the open gates. d is `n_x_planes` where a read
takes one activation plane, `n_x` where one read takes the whole activation. Where a read takes several of more
planes, or a cell several weight planes, the counts only bound the number, and it is a band. With
``row_drive = "select"`` every row is read, whatever the activation. An XNOR cell in one column has low resistance
where input and weight agree: `n_agree`, known from full counts.
"""

from dataclasses import dataclass

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount
from ...profile import Profile

__all__ = ["Activity", "activity"]


@dataclass(frozen=True)
class Activity:
    """Of one projection, per inference.

    Attributes
    ----------
    driven
        Driven synapses, once per read that drives them.
    rows
        Rows at work, over all reads of all arrays.
    mapped_rows
        Rows that hold weights, over all reads: what is at work without any zero.
    cells, low, high
        Cells in rows at work; those of low and of high resistance.
    """

    driven: Amount
    rows: Amount
    mapped_rows: float
    cells: Amount
    low: Amount
    high: Amount


def activity(events: Events, profile: Profile, mapping: Mapping) -> dict[str, Activity]:
    """Rows and cells at work by projection; see the module for the derivation."""
    tiled = [name for name, static in mapping.projections.items() if "arrays" in static]
    return {name: _activity(events, profile, mapping, name) for name in tiled}


def _activity(events: Events, profile: Profile, mapping: Mapping, name: str) -> Activity:
    static = mapping.projections[name]
    number = {key: int(value) for key, value in static.items() if isinstance(value, int)}
    outputs, per_weight = number["outputs_per_group"], number["pairs_per_synapse"]
    reads = number["reads"] * number["phases"]
    taps = float(reads * number["groups"] * number["fan_in"])
    selected = profile.choice("row_drive") == "select"
    driven = Amount.exact(taps * outputs) if selected else _driven(events, mapping, name)
    rows = driven * (number["column_tiles"] * number["driven_rows"] / outputs)
    cells = driven * (per_weight * number["cells_read"]) + rows * number["reference_columns"]
    if selected:
        low = _stored(number, float(number["nonzero_weight_planes"] * reads))
    else:
        low = _low(events, profile, mapping, name, cells)
    return Activity(
        driven=driven,
        rows=rows,
        mapped_rows=taps * number["column_tiles"] * number["rows_per_input"],
        cells=cells,
        low=low,
        high=cells + low * -1.0,
    )


def _driven(events: Events, mapping: Mapping, name: str) -> Amount:
    parts = [int(p) for p in str(mapping.projections[name]["piece_planes"]).split()]
    values, planes = events.of(name, "n_x"), events.of(name, "n_x_planes")
    if max(parts) == 1:
        return Amount.exact(planes)
    if len(parts) == 1:
        return Amount.exact(values)
    most = min(planes, values * len(parts))
    return Amount(most, max(values, planes / max(parts)), most)


def _stored(number: dict[str, int], planes: float) -> Amount:
    """Low-resistance cells read of which `planes` hold a nonzero weight plane, fewer where cells hold several."""
    if number["one_plane_cells"]:
        return Amount.exact(planes)
    return Amount(planes, planes / number["weight_planes"], planes)


def _low(events: Events, profile: Profile, mapping: Mapping, name: str, cells: Amount) -> Amount:
    static = mapping.projections[name]
    parts = [int(p) for p in str(static["piece_planes"]).split()]
    opened, gated = events.of(name, "n_xnor"), events.of(name, "n_gated")
    pair = profile.choice("pair")
    if pair == "single":  # an offset puts every cell of a driven row somewhere between its extreme states
        return Amount(cells.value, 0.0, cells.high)
    if pair == "xnor" and int(static["columns_per_weight"]) == 1:
        agree = events.known(name, "n_agree") if max(parts) == 1 else None
        return Amount(opened / 2, 0.0, opened) if agree is None else Amount.exact(agree)
    if max(parts) == 1 and static["one_plane_cells"]:
        return Amount.exact(opened)
    if len(parts) == 1 and static["whole_weights"]:
        return Amount.exact(gated)
    most = min(opened, cells.value)
    planes = max(parts) * (1 if static["one_plane_cells"] else int(static["weight_planes"]))
    return Amount(most, max(gated, opened / planes), most)
