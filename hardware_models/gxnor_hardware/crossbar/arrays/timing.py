"""Latency of one inference on memristor arrays.

    t = longest chain of layers, each: positions x phases x row groups x t_read
    t_read = max(t_cycle + t_sample, ceil(columns / converters) t_conversion), or as published for the whole read

Arrays of a layer work at once, the columns of an array share its converters, row groups follow each other. Pools
are free. A card without the times of a read has no latency.
"""

import math
from collections.abc import Mapping as MappingABC
from typing import Any

import networkx as nx

from gxnor_snn.results import Mapping

from ...ledger import Amount, Ledger
from ...profile import Constant, Profile
from .structure import structure

__all__ = ["latency", "read_time"]


def latency(profile: Profile, mapping: Mapping, ledger: Ledger) -> Amount | None:
    """Seconds of one inference, also set on the ledger; None where the card has no times for one of the layers."""
    tiled = {name: static for name, static in mapping.projections.items() if "arrays" in static}
    reads = {name: _reads(profile, static) for name, static in tiled.items()}
    if any(read is None for parts in reads.values() for read in parts):
        return None

    def chain(scenario: str) -> float:
        layers: nx.DiGraph[str] = nx.DiGraph()
        for name, static in mapping.projections.items():
            ends = str(static["source"]), str(static["target"])
            length = 0.0
            if name in tiled:
                once = sum(float(getattr(read[0], scenario)) for read in reads[name] if read is not None)
                length = once * math.prod(int(static[k]) for k in ("reads", "sign_phases", "row_groups_per_array"))
            before = layers.edges[ends]["weight"] if layers.has_edge(*ends) else 0.0
            layers.add_edge(*ends, weight=max(length, before))
        return float(nx.dag_longest_path_length(layers, weight="weight"))

    total = Amount(chain("value"), chain("low"), chain("high"))
    known = [read for parts in reads.values() for read in parts if read is not None]
    constants = {name: constant for _, own in known for name, constant in own.items()}
    grades = [structure(profile)]
    if "adcs_per_array" in profile.design:
        grades.append(profile.design["adcs_per_array"].grade)
    ledger.take(
        total, constants, "longest chain of layers: positions x phases x read cycle; pools are free", grades
    )
    return total


Read = tuple[Amount, dict[str, Constant]] | None


def _reads(profile: Profile, static: MappingABC[str, Any]) -> list[Read]:
    """The time of every read of an activation, one per piece of its planes."""
    columns = int(static["columns_per_array"])
    return [read_time(profile, columns, bits) for bits in str(static["input_bits"]).split()]


def read_time(profile: Profile, columns: int, bits: str) -> Read:
    """Seconds of one read with the conversions of `columns` columns, and the constants behind them."""
    mode = "_four_phase" if profile.design.get("read_mode") and profile.choice("read_mode") == "four_phase" else ""
    for name in (f"read_i{bits}", f"read{mode}"):
        if name in profile.time:
            whole = profile.time[name]
            return Amount(whole.value, whole.low, whole.high), {name: whole}
    if not {"read_cycle", "adc_conversion"} <= set(profile.time) or "adcs_per_array" not in profile.design:
        return None
    names = [name for name in ("read_cycle", "sample_hold", "adc_conversion") if name in profile.time]
    constants = {name: profile.time[name] for name in names}
    turns = math.ceil(columns / profile.number("adcs_per_array"))

    def seconds(scenario: str) -> float:
        settle = sum(float(getattr(c, scenario)) for n, c in constants.items() if n != "adc_conversion")
        return max(settle, turns * float(getattr(constants["adc_conversion"], scenario)))

    return Amount(seconds("value"), seconds("low"), seconds("high")), constants
