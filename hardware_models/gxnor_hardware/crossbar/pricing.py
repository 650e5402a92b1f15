"""Pricing counted events on memristor arrays."""

import math

import networkx as nx

from gxnor_snn.results import Mapping

from ..events import Events
from ..ledger import Amount, Ledger
from ..profile import Profile

__all__ = ["price_crossbar"]


def price_crossbar(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_conversion (e_adc + e_sh) + n_row e_row + n_cell e_cell + n_read (e_shift_add + e_registers + e_tile)

    - conversions and array reads are those of the mapping: they do not shrink with sparsity;
    - n_row, the active row drives, = driven activation planes x column tiles;
    - n_cell, the cells in active rows, = 2 x weight planes x driven synapse planes. Cell energies that are an
      average over unknown states get a band: only low-resistance cells in active rows at the least, every cell
      of every array read at the most.
    """
    tiled = {name: static for name, static in mapping.projections.items() if "arrays" in static}
    conversions = Amount.exact(float(mapping.resources["conversions"]))
    reads = float(mapping.resources["array_reads"])
    ledger.charge(
        "adc", [("adc_conversion", conversions)], "column conversions by the conversion law, whatever the activity"
    )
    ledger.charge("sample and hold", [("sample_hold", conversions)], "column conversions")
    ledger.charge(
        "row drivers",
        [("row_drive", Amount.exact(sum(_row_drives(events, mapping, n) for n in tiled)))],
        "active rows x reads x column tiles",
    )
    driven = sum(2 * float(q["pairs_per_synapse"]) * events.of(n, "n_x_planes") for n, q in tiled.items())
    low_resistance = sum(events.of(n, "n_xnor") for n in tiled)
    every = profile.number("rows") * profile.number("cols") * reads
    ledger.charge(
        "array",
        [("cell_read", Amount(driven, low_resistance, every))],
        "cells in active rows; at least the low-resistance ones, at most every cell of every read",
    )
    for term, constant, what in (
        ("shift and add", "shift_add", "array reads"),
        ("registers", "registers", "array reads, input and output registers of the group of arrays"),
        ("tile", "tile_digital", "array reads, buffer, bus, router and digital units of the tile"),
    ):
        ledger.charge(term, [(constant, Amount.exact(reads))], what)
    chips = int(mapping.resources["chips"])
    if chips > 1:
        ledger.refuse("chip links", chips - 1, f"card {profile.name!r}: traffic between chips has no price")
    time = _latency(profile, mapping, ledger)
    if time is not None and "static" in profile.power:
        ledger.charge("static", [("static", time * float(chips))], "seconds x chips")


def _row_drives(events: Events, mapping: Mapping, name: str) -> float:
    """Active row drives of one projection, exact: every in-range synapse of an output group shares its row."""
    static = mapping.projections[name]
    return events.of(name, "n_x_planes") / int(static["outputs_per_group"]) * int(static["column_tiles"])


def _latency(profile: Profile, mapping: Mapping, ledger: Ledger) -> Amount | None:
    """Longest chain of layers, each reads x phases x max(read time, conversions of one converter)."""
    names = ("read_cycle", "adc_conversion")
    if not set(names) <= set(profile.time):
        return None
    constants = {name: profile.time[name] for name in names}

    def chain(scenario: str) -> float:
        layers: nx.DiGraph[str] = nx.DiGraph()
        read, convert = (float(getattr(constants[name], scenario)) for name in names)
        for static in mapping.projections.values():
            ends = str(static["source"]), str(static["target"])
            length = 0.0
            if "arrays" in static:
                per_converter = math.ceil(int(static["columns_per_array"]) / profile.number("adcs_per_array"))
                cycle = max(read, per_converter * convert)
                length = int(static["reads"]) * int(static["phases"]) * cycle
            before = layers.edges[ends]["weight"] if layers.has_edge(*ends) else 0.0
            layers.add_edge(*ends, weight=max(length, before))
        return float(nx.dag_longest_path_length(layers, weight="weight"))

    total = Amount(chain("value"), chain("low"), chain("high"))
    ledger.take(total, constants, "longest chain of layers: positions x phases x read cycle; pools are free")
    return total
