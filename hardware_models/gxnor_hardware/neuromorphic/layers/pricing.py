"""Pricing counted events on an engine that holds whole layers."""

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["charge_run", "price_layers", "synaptic_operations"]


def price_layers(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference: E = E_inference + n_synop e_synop + P_static t.

    An affine law: the part that does not follow activity is charged once per inference, or as static power over
    the latency. Operations follow the spikes, not the weights: a spike meets every tap of its kernel, zero or not.
    No such device has a published time per operation and step, so static power without `inference` is unpriced.
    """
    total = Amount.exact(0.0)
    for name, static in mapping.projections.items():
        if "layer" in static:
            total += synaptic_operations(events, mapping, name)
    charge_run(profile, total, ledger)
    ledger.static(float(mapping.resources["chips"]), None, "seconds x chips")


def charge_run(profile: Profile, operations: Amount, ledger: Ledger) -> None:
    """Charge one inference of some synaptic operations: the affine law, static power left out."""
    ledger.charge("synaptic operations", [("synop", operations)], "spikes x taps of their kernels, zero or not")
    if "inference" in profile.energy:
        ledger.charge("inference", [("inference", Amount.exact(1.0))], "what does not follow activity, once")


def synaptic_operations(events: Events, mapping: Mapping, projection: str) -> Amount:
    """Synaptic operations of one layer per inference.

    Expected: every spike meets its synapses in range. High end: where that is more, Cout kx ky / (sx sy) per
    spike, the published estimate, which does not know of borders. Behind a sum-pool the spikes are counted before
    it, as they are not added up but meet the kernel one by one; where they lie is not counted, so the expected
    number takes the mean over the map, and the band holds every place; all bit planes of a pooled input count as
    firing. A grouped kernel is a whole one with zeros, which cost as much.

    Parameters
    ----------
    events, mapping
        As in pricing.
    projection
        Name of the layer's projection.
    """
    static = mapping.projections[projection]
    most = max(float(static["synops_per_event"]), float(static["in_range_most"]))
    if static["pool"]:
        spikes = events.of(str(static["pool"]), "n_moved") * float(static["planes"])
        least = events.of(str(static["pool"]), "n_moved") * float(static["in_range_least"])
        return Amount(spikes * float(static["in_range_mean"]), least, spikes * most)
    exact = events.of(projection, "n_x_planes") * float(static["in_range_per_synapse"])
    spikes = float(events.firing(str(static["origin"])).mean()) * float(static["planes"])
    return Amount(exact, exact, max(exact, spikes * float(static["synops_per_event"])))
