"""The two calls: lay a graph on a device, and price what happened there."""

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill, Counts, Mapping

from .events import Events
from .ledger import Ledger
from .models import MODELS
from .profile import Profile

__all__ = ["map_graph", "price"]


def map_graph(graph: EventGraph, profile: Profile) -> Mapping:
    """Lay an event graph on a device, within the limits of its card.

    Parameters
    ----------
    graph
        The event graph.
    profile
        A card of `load_profile`.

    Returns
    -------
    Mapping
        Static mapped quantities, resources, and every limit with what was found.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card; the message names the limit, what is needed and what is allowed.
    """
    _need(graph, EventGraph, "graph")
    _need(profile, Profile, "profile")
    return MODELS[profile.model].layout(graph, profile)


def _need(thing: object, kind: type, name: str) -> None:
    if not isinstance(thing, kind):
        raise PricingError(f"{name} is {thing!r:.80}; allowed is {kind.__name__}")


def price(counts: Counts, profile: Profile, mapping: Mapping) -> Bill:
    """Price exact counts on a mapped device, per inference.

    Rules: no aggregate is added to what it includes; a constant nobody published makes its term unpriced and
    the total None, never 0; sparsity saves only what that device lets it save; static power is charged over the
    latency of the whole inference; bands and grades of the constants are carried to every term.

    Parameters
    ----------
    counts
        Counts of a run, per sample or summed; energies are means over its samples.
    profile
        The card.
    mapping
        The result of `map_graph` for the same graph and card.

    Raises
    ------
    PricingError
        If the mapping belongs to another card or to other content under its name, or the counts to another graph.
    """
    for thing, kind, name in (
        (counts, Counts, "counts"),
        (profile, Profile, "profile"),
        (mapping, Mapping, "mapping"),
    ):
        _need(thing, kind, name)
    if (mapping.profile, mapping.kind) != (profile.name, profile.kind):
        raise PricingError(
            f"the mapping is on card {mapping.profile!r} ({mapping.kind}), prices were asked for "
            f"{profile.name!r} ({profile.kind}); allowed is the card that was mapped"
        )
    if mapping.card != profile.digest:
        raise PricingError(
            f"the mapping is on a card {mapping.profile!r} of other content ({mapping.card[:12]}, not "
            f"{profile.digest[:12]}); allowed is the card that was mapped"
        )
    events = Events(counts, mapping)
    ledger = Ledger(profile)
    MODELS[profile.model].charge(events, profile, mapping, ledger)
    return ledger.bill(counts.n_samples, mapping)
