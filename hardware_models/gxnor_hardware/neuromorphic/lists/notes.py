"""What a reader of a bill must know about a layout."""

from collections.abc import Mapping
from typing import Any

from gxnor_snn.graph import EventGraph

from ...profile import Profile
from ..placement import Mesh
from .cutting import Cut
from .signs import is_graded, travel_of

__all__ = ["notes_of"]


def _in_planes(graph: EventGraph, name: str, profile: Profile) -> bool:
    """Whether a projection stores a synapse per plane of its weights."""
    projection: Any = graph.projections[name]
    source = graph.populations[projection.source]
    planes = projection.weighted and projection.coding.n_planes > 1
    return bool(planes and travel_of(graph, source, profile).by_planes)


def notes_of(graph: EventGraph, profile: Profile, cuts: Mapping[str, Cut], chips: int) -> tuple[str, ...]:
    """Notes of one layout."""
    notes = []
    doubled = [n for n, c in cuts.items() if c.whole.per_neuron == 2 and graph.populations[n].has_outputs]
    if doubled:
        notes.append(
            f"{len(doubled)} populations send +1 and -1 as two lines made by two compartments, so each of their "
            f"open gates is two synaptic events"
        )
    stacked = [n for n in graph.projections if _in_planes(graph, n, profile)]
    if stacked:
        notes.append(
            f"{', '.join(stacked)}: weights of several planes meet values of several planes as one synapse per "
            f"plane of the weight; one wider synapse would do with fewer events, which are not counted"
        )
    for name, cut in cuts.items():
        if not cut.parts:
            continue
        how = f"population {name!r}: the fan-in is split into {len(cut.parts)} partial sums per neuron"
        if is_graded(profile):
            notes.append(f"{how}, sent as graded events, which is exact")
        else:
            notes.append(
                f"{how}, each thresholded to -1, 0 or +1 before they are added: this is not exact, the chip "
                f"computes another function than the graph; those that fire are not counted, and charged at most"
            )
    if chips > 1:
        notes.append(f"the graph takes {chips} chips; barrier and links between chips have no price on the card")
    if Mesh.of(profile) is None:
        notes.append("the card gives no mesh: cores are not placed, and hops not counted")
    return tuple(notes)
