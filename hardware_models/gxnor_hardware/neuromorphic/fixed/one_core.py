"""One core whose rows belong to its neurons (ODIN): a spike of neuron i drives row i, inputs take rows as well.

A value that needs several rows needs as many neurons, fed alike. A readout never fires, so its neuron's row is
free for an input.
"""

from collections.abc import Mapping

from gxnor_snn.graph import EventGraph

from ...limits import check_limit
from ...profile import Profile
from .layout import Layout, Quantities, stages
from .lines import Lines, rows_of
from .windows import grid_of

__all__ = ["lay_in_one_core"]


def lay_in_one_core(
    graph: EventGraph, profile: Profile, compartments: Mapping[str, int], lines: Mapping[str, Lines]
) -> Layout:
    """Count the neurons of the core that a graph takes.

    Raises
    ------
    PricingError
        If they are more than the core has.
    """
    shared = {n: rows_of([lines[e.name] for e in graph.outgoing(n)], profile) for n in graph.populations}
    order = stages(graph, dict.fromkeys(graph.populations, 0), dict.fromkeys(graph.populations, 0))
    taken = {"inputs": 0, "hidden": 0, "readouts": 0}
    populations: dict[str, Quantities] = {}
    for name, population in graph.populations.items():
        role = "inputs" if not population.has_inputs else "hidden" if population.has_outputs else "readouts"
        rows, low, high = shared[name]
        neurons = population.size * rows
        taken[role] += neurons
        populations[name] = {"row_events_low": low, "row_events_high": high}
        if population.has_inputs:
            populations[name] |= {
                "stage": order[name],
                "cores": 1,
                "first_core": 0,
                **dict(
                    zip(("block_channels", "block_rows", "block_columns"), grid_of(population.shape), strict=True)
                ),
                "compartments": neurons,
                "compartments_per_neuron": rows,
                "row_groups": 1,
            }
        populations[name]["rows"] = neurons if population.has_outputs else 0
    used = taken["hidden"] + max(taken["inputs"], taken["readouts"])
    note = f"{taken['hidden']} neurons that fire, {taken['inputs']} rows of inputs, {taken['readouts']} readouts"
    checks = (check_limit(profile, "neurons_per_core", used, note), check_limit(profile, "chips", 1, "one core"))
    resources: Quantities = {
        "cores": 1,
        "chips": 1,
        "steps": max(order.values()),
        "compartments": taken["hidden"] + taken["readouts"],
        "compartments_per_core": taken["hidden"] + taken["readouts"],
        "columns": profile.number("neurons_per_core"),
    }
    flat: dict[str, Quantities] = {n: {"synapses_per_event": lines[n].fan} for n in graph.projections}
    return Layout(flat, populations, resources, checks, ())
