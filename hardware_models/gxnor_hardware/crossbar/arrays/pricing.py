"""Pricing counted events on memristor arrays."""

import math
from collections.abc import Mapping as MappingABC
from typing import Any

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger
from ...profile import Profile
from .activity import Activity, activity
from .silicon import occupy
from .structure import structure
from .timing import latency
from .vocabulary import BY_BITS

__all__ = ["price_arrays"]


def price_arrays(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_conversion (e_conversion + e_sh) + n_row e_row + n_wl e_wl + n_low e_low + n_high e_high
        + n_read (e_shift_add + e_registers + e_tile)

    - conversions and array reads are those of the mapping: they do not shrink with sparsity;
    - n_row are rows at work; n_wl, word lines, the same where a zero disconnects its row
      (``zero_row = "off"``), and every row that holds weights where a zero is a row at 0 V;
    - n_low, n_high are cells at work (see `activity`); a card with one price for both charges their sum.

    Constants of an array that are the power of a group of parts over its full-use rate say nothing of a part that
    rests. So the high end of every band takes every row, column and cell of every array read as used; the low end
    of the cells takes only those of low resistance in rows at work. Cards that publish operations per joule, or
    energies per operation by the bits of the input, are charged those (`_operations`, `_by_bits`).
    """
    active = activity(events, profile, mapping)
    reads = float(mapping.resources["array_reads"])
    _conversions(profile, mapping, ledger)
    _rows(active, profile, mapping, ledger)
    _cells(active, profile, mapping, ledger)
    if profile.choice("boundary") == "chip":
        for term, constant, what in (
            ("shift and add", "shift_add", "array reads"),
            ("registers", "registers", "array reads, input and output registers of the group of arrays"),
            ("tile", "tile_digital", "array reads, buffer, bus, router and digital units of the tile"),
        ):
            ledger.charge(term, [(constant, Amount.exact(reads))], what, grade=structure(profile))
    _operations(active, profile, mapping, ledger)
    _by_bits(active, profile, mapping, ledger)
    _outside(profile, mapping, ledger)
    chips = int(mapping.resources["chips"])
    if chips > 1:
        ledger.refuse("chip links", chips - 1, f"card {profile.name!r}: traffic between chips has no price")
    ledger.static(chips, latency(profile, mapping, ledger), "seconds x chips")
    occupy(profile, mapping, ledger)


def _outside(profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Name what arrays do not do and the card has no price for."""
    outside = int(mapping.resources["adds_outside"])
    if outside:
        ledger.exclude(
            f"{outside} digital additions and scalings per inference, of projections that join or scale sums "
            f"outside the arrays: the card has no price of an addition"
        )
    partial = int(mapping.resources["partial_sums"])
    if partial and profile.choice("boundary") == "array":
        ledger.exclude(
            f"{partial} digital additions per inference of partial sums (arrays, reads, planes), and all buffers "
            f"and links: what the source measured ends at the array"
        )


def _most(profile: Profile, mapping: Mapping, used: float, *sides: str) -> float:
    """Every row, column or cell of every array read; what is used where arrays are as large as a layer."""
    sizes = [profile.limit(side) for side in sides]
    most = float(mapping.resources["array_reads"])
    for size in sizes:
        if size is None:
            return used
        most *= size
    return most


def _conversions(profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    converted = float(mapping.resources["conversions"])
    amount = Amount(converted, converted, max(converted, _most(profile, mapping, converted, "cols")))
    if profile.choice("converter") == "sense_amplifier":
        what = "sense operations by the conversion law, whatever the activity"
        ledger.charge("sense amplifiers", [("sense", Amount.exact(converted))], what, grade=structure(profile))
        return
    ledger.charge(
        "adc",
        [("adc_conversion", amount)],
        "column conversions by the conversion law, whatever the activity; at most every column of every read",
        grade=structure(profile),
    )
    ledger.charge(
        "sample and hold", [("sample_hold", amount)], "column conversions, as for adc", grade=structure(profile)
    )


def _rows(active: MappingABC[str, Activity], profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    rows = sum((a.rows for a in active.values()), Amount.exact(0.0))
    most = max(rows.high, _most(profile, mapping, rows.high, "rows"))
    ledger.charge(
        "row drivers",
        [("row_drive", Amount(rows.value, rows.low, most))],
        "active rows x reads x column tiles; at most every row of every read",
        grade=structure(profile),
    )
    if "zero_row" not in profile.design:
        return
    lines, what = rows, "active rows: a zero disconnects its row"
    if profile.choice("zero_row") == "0v":
        lines = Amount.exact(sum(a.mapped_rows for a in active.values()))
        what = "rows that hold weights, zero or not"
    ledger.charge("word lines", [("word_line", lines)], what, design=("zero_row",), grade=structure(profile))


def _cells(active: MappingABC[str, Activity], profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    cells, low, high = (
        sum((getattr(a, name) for a in active.values()), Amount.exact(0.0)) for name in ("cells", "low", "high")
    )
    if {"cell_low", "cell_high"} & set(profile.energy):
        what = "V^2 t G: cells of low and of high resistance in active rows"
        ledger.charge("array", [("cell_low", low), ("cell_high", high)], what, grade=structure(profile))
        return
    most = max(cells.high, _most(profile, mapping, cells.high, "rows", "cols"))
    ledger.charge(
        "array",
        [("cell_read", Amount(cells.value, low.low, most))],
        "cells in active rows; at least the low-resistance ones, at most every cell of every read",
        grade=structure(profile),
    )


def _macs(static: MappingABC[str, Any], profile: Profile) -> tuple[float, float]:
    """(weight groups in use x reads, those that the arrays have room for) of a projection.

    The group is what the source counts as one multiplication: the rows of an input times one column (or pair of
    columns); an XNOR weight that takes two columns is two.
    """
    number = {key: int(value) for key, value in static.items() if isinstance(value, int)}
    slots = number["columns_per_weight"] if profile.choice("pair") == "xnor" else 1
    reads = number["reads"] * number["phases"]
    weights = number["groups"] * number["fan_in"] * number["outputs_per_group"] * number["pairs_per_synapse"]
    used = float(reads * weights * slots)
    rows, cols = profile.limit("rows"), profile.limit("cols")
    if rows is None or cols is None:
        return used, used
    room = (rows // number["rows_per_input"]) * (cols // number["columns_per_weight"]) * slots
    return used, float(number["array_reads"] * room)


def _operations(active: MappingABC[str, Activity], profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge what is published as operations per joule, two operations per multiplication and addition.

    Such a figure holds converters and cells of a full array and does not say how they share it: the value takes
    every weight in use, zero or not; the low end as if all of it followed the rows at work, the high end every
    place of every array read.
    """
    mode = "_four_phase" if profile.design.get("read_mode") and profile.choice("read_mode") == "four_phase" else ""
    name = f"op{mode}"
    if name not in profile.energy:
        return
    total = Amount.exact(0.0)
    for projection, own in active.items():
        static = mapping.projections[projection]
        used, room = _macs(static, profile)
        taps = math.prod(int(static[k]) for k in ("reads", "phases", "groups", "fan_in", "outputs_per_group"))
        per_synapse = used / taps
        total += Amount(used, min(used, own.driven.low * per_synapse), max(used, room)) * 2.0
    ledger.charge(
        "operations",
        [(name, total)],
        "2 x weights in use x reads, whatever the activity; at least those of active rows, at most every place of "
        "every read",
        grade=structure(profile),
    )


def _by_bits(active: MappingABC[str, Activity], profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge energies per operation that are published by the bits of the inputs.

    Switching of word lines and conversion by neurons belong to a column and read, whatever the activity: as many
    operations as a full column has. Input pulses belong to active rows.
    """
    if not any(name.rpartition("_i")[0] in BY_BITS for name in profile.energy):
        return
    rows = profile.number("rows")
    charges: dict[str, list[tuple[str, Amount]]] = {stem: [] for stem in BY_BITS}
    for projection, own in active.items():
        static = mapping.projections[projection]
        _, room = _macs(static, profile)
        parts = str(static["input_bits"]).split()
        share = 1.0 / len(parts)
        per_column = 2.0 * (rows // int(static["rows_per_input"]))
        converted = float(int(static["conversions"])) * share * per_column
        every = max(converted, 2.0 * room * share)
        columns = Amount(converted, converted, every)
        driven = own.driven * (2.0 * share * int(static["pairs_per_synapse"]))
        pulses = Amount(driven.value, driven.low, max(driven.high, every))
        for bits in parts:
            for stem, amount in zip(BY_BITS, (columns, columns, pulses), strict=True):
                charges[stem].append((f"{stem}_i{bits}", amount))
    for stem, term, what in (
        ("word_lines", "word line switching", "operations of full columns x conversions, whatever the activity"),
        ("neurons", "neurons and converters", "operations of full columns x conversions, whatever the activity"),
        ("input_pulses", "input pulses", "2 x driven synapses; at most every row and column of every read"),
    ):
        ledger.charge(term, charges[stem], what, grade=structure(profile))
