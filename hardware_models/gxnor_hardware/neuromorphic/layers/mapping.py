"""Laying an event graph on an engine that holds whole layers."""

from collections.abc import Callable, Sequence

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit
from ...profile import Profile
from ..stages import stages
from .layer import Layer, find_layers
from .memory import assign, kernel_words, neuron_words

__all__ = ["map_layers"]


def map_layers(graph: EventGraph, profile: Profile) -> Mapping:
    """Give every layer its core, or all of them the one engine in turn.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card; the message names it.
    """
    layers = find_layers(graph, profile)
    checks = _checks(graph, profile, layers)
    cores = assign(layers, profile)
    settled = stages(graph)
    populations = static_populations(graph)
    projections = static_projections(graph)
    for layer in layers:
        populations[layer.population] |= {
            "stage": settled[layer.population],
            "cores": 1,
            "first_core": cores[layer.population],
            "block_channels": graph.populations[layer.population].shape[0],
            "block_rows": layer.out_size[0],
            "block_columns": layer.out_size[1],
            "kernel_words": kernel_words(layer),
            "neuron_words": neuron_words(layer, profile),
            "lines": layer.out_lines,
        }
        projections[layer.projection] |= _edge(graph, layer)
    resources: dict[str, Quantity] = {
        "layers": len(layers),
        "cores": len(set(cores.values())),
        "chips": 1,
        "steps": max(settled.values()),
        "kernel_words": sum(kernel_words(layer) for layer in layers),
        "neuron_words": sum(neuron_words(layer, profile) for layer in layers),
    }
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=populations,
        resources=resources,
        checks=checks,
        notes=_notes(graph, profile, layers),
    )


def _edge(graph: EventGraph, layer: Layer) -> dict[str, Quantity]:
    """How events of the source become synaptic operations of the layer."""
    groups = getattr(graph.projections[layer.projection], "groups", 1)
    fan_out = graph.fan_out(layer.projection).dense * groups
    return {
        "layer": layer.population,
        "origin": layer.origin,
        "pool": layer.pool or "",
        "in_range_per_synapse": layer.out_lines * groups,
        "planes": 1 if graph.populations[layer.origin].has_inputs else graph.coding(layer.origin).n_planes,
        "synops_per_event": layer.synops_per_event,
        "in_range_mean": float(fan_out.mean()) * layer.out_lines,
        "in_range_least": int(fan_out.min()) * layer.out_lines,
        "in_range_most": int(fan_out.max()) * layer.out_lines,
    }


_LARGEST: dict[str, Callable[[Layer], int]] = {
    "kernel": lambda layer: max(layer.kernel),
    "in_size": lambda layer: max(layer.in_size),
    "out_size": lambda layer: max(layer.out_size),
    "channels": lambda layer: max(layer.in_channels, layer.out_channels),
    "stride": lambda layer: max(layer.stride),
    "padding": lambda layer: layer.padding,
    "weight_bits": lambda layer: layer.weight.bit_length() + 1,
}
"""What a layer takes of the limits that hold layer by layer."""


def _checks(graph: EventGraph, profile: Profile, layers: Sequence[Layer]) -> list[Check]:
    checks = []
    for limit, of in _LARGEST.items():
        worst = max(layers, key=of)
        checks.append(check_limit(profile, limit, of(worst), f"layer {worst.population!r}, a channel per sign"))
    _check_strides(profile, layers)
    fans = {layer.origin: 0 for layer in layers}
    for layer in layers:
        fans[layer.origin] += graph.populations[layer.origin].has_inputs
    widest = max(fans, key=fans.__getitem__)
    checks.append(check_limit(profile, "fan_out", fans[widest], f"layers that hear {widest!r}"))
    sums = max(int(np.abs(np.concatenate(graph.bounds(layer.population))).max()) for layer in layers)
    checks.append(check_limit(profile, "sum_bits", sums.bit_length() + 1, "largest reachable sum, with sign"))
    classes = max((graph.populations[name].size for name in graph.readouts), default=0)
    checks.append(check_limit(profile, "readout_classes", classes, "beyond, the host reads the membranes"))
    if profile.choice("layers") == "core_each":
        checks.append(check_limit(profile, "cores", len(layers), "a core per layer"))
    return checks


def _check_strides(profile: Profile, layers: Sequence[Layer]) -> None:
    """Strides shift addresses, so they are powers of two where the card limits them."""
    for layer in layers:
        if "stride" in profile.limits and any(step & (step - 1) for step in layer.stride):
            raise PricingError(
                f"card {profile.name!r}: layer {layer.population!r} has stride {layer.stride}; the wall is "
                f"stride, allowed are powers of two up to {profile.limit('stride')}"
            )


def _notes(graph: EventGraph, profile: Profile, layers: Sequence[Layer]) -> tuple[str, ...]:
    notes = []
    signed = [layer.population for layer in layers if layer.out_lines > 1]
    if signed:
        notes.append(
            f"{len(signed)} layers send +1 and -1 as channels of their own, made by two neurons with opposite "
            f"kernels, so each of their synapses is two operations"
        )
    fact = profile.design.get("firing")
    if fact is not None and fact.value == "on_arrival":
        notes.append(
            "the device has no steps: a neuron fires as soon as its membrane passes the threshold, whatever "
            "arrives later, and fires again at the next multiple; spikes there may differ from the counted ones"
        )
        silent = [layer.population for layer in layers if _unprompted(graph, layer.population)]
        if silent:
            notes.append(
                f"{', '.join(silent)} hold neurons that send a nonzero level at a sum of 0; on the device no "
                f"neuron fires without an event"
            )
    fact = profile.limits.get("readout_classes")
    if graph.readouts and fact is not None:
        notes.append("readouts are membranes, read by the host; the readout of the device counts spikes instead")
    return tuple(notes)


def _unprompted(graph: EventGraph, name: str) -> bool:
    population = graph.populations[name]
    if not population.has_outputs:
        return False
    sums = np.zeros((1, *population.shape), np.int64)
    return bool(np.any(population.emit(sums, graph.coding(name), np)))
