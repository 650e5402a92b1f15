"""What cards of chips with synapse lists may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("synop neuron_update neuron_update_idle message hop_x hop_y chip_link reset"),
        "power": names("static"),
        "time": names("synop neuron_update neuron_update_idle sync_min sync_max"),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names("leakage synapse_memory axon_memory controller scheduler sync host"),
    limits=names(
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
    required=names(
        "cores_per_chip neurons_per_core signed_lines signed_neurons conv_weights cores_per_tile "
        "tiles_x tiles_y index_bits_min list_header_bits list_synapses memory_word_bits axon_out_slots"
    ),
    variants={"neuron_update_idle": "neuron_update"},
)
