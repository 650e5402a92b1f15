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
planes, or a cell several weight planes, the counts only bound the number, and it is a band: found sample by
sample, wider where counts are summed. With ``row_drive = "select"`` every row is read, whatever the activation.
An XNOR cell in one column has low resistance where input and weight agree: `n_agree`, known from full counts.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gxnor_snn.results import Mapping

from ...events import Events, Float
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
    per_sample = _Bounds.exact(np.asarray([taps * outputs])) if selected else _driven(events, mapping, name)
    rows_each = number["column_tiles"] * number["driven_rows"] / outputs
    cells_each = per_weight * number["cells_read"] + rows_each * number["reference_columns"]
    driven = per_sample.mean
    cells = driven * cells_each
    if selected:
        low = _stored(number, float(number["nonzero_weight_planes"] * reads))
    else:
        low = _low(events, profile, mapping, name, _Bounds(*(d * cells_each for d in per_sample)))
    return Activity(
        driven=driven,
        rows=driven * rows_each,
        mapped_rows=taps * number["column_tiles"] * number["rows_per_input"],
        cells=cells,
        low=low,
        high=cells + low * -1.0,
    )


class _Bounds(NamedTuple):
    """Counts sample by sample: as taken, at least and at most. Least and greatest do not commute with the mean."""

    value: Float
    low: Float
    high: Float

    @classmethod
    def exact(cls, value: Float) -> "_Bounds":
        return cls(value, value, value)

    @property
    def mean(self) -> Amount:
        return Amount(*(float(np.mean(part)) for part in self))


def _driven(events: Events, mapping: Mapping, name: str) -> _Bounds:
    parts = [int(p) for p in str(mapping.projections[name]["piece_planes"]).split()]
    values, planes = events.each(name, "n_x"), events.each(name, "n_x_planes")
    if max(parts) == 1:
        return _Bounds.exact(planes)
    if len(parts) == 1:
        return _Bounds.exact(values)
    most = np.minimum(planes, values * len(parts))
    return _Bounds(most, np.maximum(values, planes / max(parts)), most)


def _stored(number: dict[str, int], planes: float) -> Amount:
    """Low-resistance cells read of which `planes` hold a nonzero weight plane, fewer where cells hold several."""
    if number["one_plane_cells"]:
        return Amount.exact(planes)
    return Amount(planes, planes / number["weight_planes"], planes)


def _low(events: Events, profile: Profile, mapping: Mapping, name: str, cells: _Bounds) -> Amount:
    static = mapping.projections[name]
    parts = [int(p) for p in str(static["piece_planes"]).split()]
    opened, gated = events.each(name, "n_xnor"), events.each(name, "n_gated")
    pair = profile.choice("pair")
    if pair == "single":  # an offset puts every cell of a driven row somewhere between its extreme states
        return Amount(cells.mean.value, 0.0, cells.mean.high)
    if pair == "xnor" and int(static["columns_per_weight"]) == 1:
        agree = events.known(name, "n_agree") if max(parts) == 1 else None
        return _Bounds(opened / 2, opened * 0, opened).mean if agree is None else Amount.exact(agree)
    if max(parts) == 1 and static["one_plane_cells"]:
        return _Bounds.exact(opened).mean
    if len(parts) == 1 and static["whole_weights"]:
        return _Bounds.exact(gated).mean
    most = np.minimum(opened, cells.value)
    planes = max(parts) * (1 if static["one_plane_cells"] else int(static["weight_planes"]))
    return _Bounds(most, np.maximum(gated, opened / planes), most).mean
