"""Pricing counted events on memristor arrays."""

import math

import networkx as nx

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["price_arrays"]


def price_arrays(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_conversion (e_adc + e_sh) + n_row e_row + n_cell e_cell + n_read (e_shift_add + e_registers + e_tile)

    - conversions and array reads are those of the mapping: they do not shrink with sparsity;
    - n_row, the active row drives, = driven activation planes x column tiles;
    - n_cell, the cells in active rows, = 2 x weight planes x driven synapse planes.

    Constants of an array that are the power of a group of parts over its full-use rate say nothing of a part that
    rests. So the high end of every band takes every row, column and cell of every array read as used; the low end
    of the cells takes only those of low resistance in active rows.
    """
    tiled = {name: static for name, static in mapping.projections.items() if "arrays" in static}
    reads = float(mapping.resources["array_reads"])
    rows, columns = profile.number("rows"), profile.number("cols")
    converted = float(mapping.resources["conversions"])
    conversions = Amount(converted, converted, reads * columns)
    pairs = ("pair_subtraction", "row_drive")
    ledger.charge(
        "adc",
        [("adc_conversion", conversions)],
        "column conversions by the conversion law, whatever the activity; at most every column of every read",
        design=pairs,
    )
    ledger.charge(
        "sample and hold", [("sample_hold", conversions)], "column conversions, as for adc", design=pairs
    )
    drives = sum(_row_drives(events, mapping, n) for n in tiled)
    ledger.charge(
        "row drivers",
        [("row_drive", Amount(drives, drives, reads * rows))],
        "active rows x reads x column tiles; at most every row of every read",
        design=("row_drive",),
    )
    driven = sum(2 * float(q["pairs_per_synapse"]) * events.of(n, "n_x_planes") for n, q in tiled.items())
    low_resistance = sum(events.of(n, "n_xnor") for n in tiled)
    ledger.charge(
        "array",
        [("cell_read", Amount(driven, low_resistance, reads * rows * columns))],
        "cells in active rows; at least the low-resistance ones, at most every cell of every read",
        design=("row_drive",),
    )
    for term, constant, what in (
        ("shift and add", "shift_add", "array reads"),
        ("registers", "registers", "array reads, input and output registers of the group of arrays"),
        ("tile", "tile_digital", "array reads, buffer, bus, router and digital units of the tile"),
    ):
        ledger.charge(term, [(constant, Amount.exact(reads))], what, design=("row_drive",))
    chips = int(mapping.resources["chips"])
    if chips > 1:
        ledger.refuse("chip links", chips - 1, f"card {profile.name!r}: traffic between chips has no price")
    outside = int(mapping.resources["adds_outside"])
    if outside:
        ledger.exclude(
            f"{outside} digital additions and scalings per inference, of projections that join or scale sums "
            f"outside the arrays: the card has no price of an addition"
        )
    ledger.static(chips, _latency(profile, mapping, ledger), "seconds x chips")


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

    design = [profile.design["row_drive"].grade, profile.design["pair_subtraction"].grade]
    total = Amount(chain("value"), chain("low"), chain("high"))
    ledger.take(
        total, constants, "longest chain of layers: positions x phases x read cycle; pools are free", design
    )
    return total
