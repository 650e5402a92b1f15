"""What a card of each kind may say: names of constants, limits and design choices, and what mapping needs.

A name outside the vocabulary is refused, so that a misspelt constant never becomes a silently missing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["VOCABULARIES", "Vocabulary"]

Choice = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Allowed names of one kind of card.

    Attributes
    ----------
    constants
        Names by section (energy, power, time, frequency, ratio).
    parts
        Further quantities that `includes` may name.
    limits
        Names of limits.
    design
        Allowed words by name; an empty tuple stands for a whole number.
    required
        Facts without which nothing can be mapped.
    variants
        Constants that prices charge instead of another one, with the name of that one.
    divisors
        Constants that prices divide by.
    """

    constants: Mapping[str, frozenset[str]]
    parts: frozenset[str]
    limits: frozenset[str]
    design: Mapping[str, Choice] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    variants: Mapping[str, str] = field(default_factory=dict)
    divisors: frozenset[str] = frozenset()

    @property
    def quantities(self) -> frozenset[str]:
        """Everything that can cost energy, and so be double charged."""
        return self.constants["energy"] | self.constants["power"] | self.parts


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARIES: Mapping[str, Vocabulary] = {
    "neuromorphic": Vocabulary(
        constants={
            "energy": _names("synop neuron_update neuron_update_idle message hop_x hop_y chip_link reset"),
            "power": _names("static"),
            "time": _names("synop neuron_update neuron_update_idle sync_min sync_max"),
            "frequency": frozenset(),
            "ratio": frozenset(),
        },
        parts=_names("leakage synapse_memory axon_memory controller scheduler sync host"),
        limits=_names(
            "cores_per_chip neurons_per_core axons_in_per_core axons_out_per_core synapse_bits_per_core "
            "weight_bits sum_bits"
        ),
        design={
            "signed_lines": ("atoms", "axons"),
            "signed_neurons": ("two_compartments", "one_compartment"),
            "conv_weights": ("shared", "unrolled"),
            "cores_per_tile": (),
            "tiles_x": (),
            "tiles_y": (),
            "index_bits_min": (),
            "list_header_bits": (),
            "list_synapses": (),
            "memory_word_bits": (),
            "axon_out_slots": (),
        },
        required=_names(
            "cores_per_chip neurons_per_core signed_lines signed_neurons conv_weights cores_per_tile "
            "tiles_x tiles_y index_bits_min list_header_bits list_synapses memory_word_bits axon_out_slots"
        ),
        variants={"neuron_update_idle": "neuron_update"},
    ),
    "crossbar": Vocabulary(
        constants={
            "energy": _names("adc_conversion row_drive cell_read sample_hold shift_add registers tile_digital"),
            "power": _names("static"),
            "time": _names("read_cycle adc_conversion"),
            "frequency": frozenset(),
            "ratio": frozenset(),
        },
        parts=_names(
            "leakage adc_leakage driver_leakage array_leakage sample_hold_leakage shift_add_leakage controller "
            "input_register output_register edram bus router sigmoid max_pool tile_shift_add tile_register"
        ),
        limits=_names("rows cols arrays_per_chip adc_bits"),
        design={
            "pair_subtraction": ("digital", "analog"),
            "row_drive": ("bipolar", "two_phase", "two_row"),
            "adcs_per_array": (),
        },
        required=_names("rows cols pair_subtraction row_drive adcs_per_array"),
    ),
    "digital": Vocabulary(
        constants={
            "energy": _names("cycle"),
            "power": _names("static"),
            "time": frozenset(),
            "frequency": _names("clock"),
            "ratio": _names("toggle_share reference_activity"),
        },
        parts=_names(
            "leakage clock_tree controller weight_memory activation_memory line_buffer multipliers popcount "
            "threshold"
        ),
        limits=_names("in_channels out_channels kernel image layers sum_bits"),
        design={"weight_load_cycles": (), "partial_sum_depth": ()},
        required=_names("in_channels out_channels kernel weight_load_cycles partial_sum_depth"),
        divisors=frozenset({"clock", "reference_activity"}),
    ),
}
"""Vocabulary by kind of card."""
