"""What cards of chips with synapse lists may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

_MEMORY = names("index_bits_min list_header_bits list_synapses memory_word_bits")
_MESH = names("cores_per_tile tiles_x tiles_y")

VOCABULARY = Vocabulary(
    constants={
        "energy": names(
            "synop synop_dense synop_sparse synop_conv neuron_update neuron_update_idle soma_access soma_update "
            "spike_out message axon_out hop_x hop_y chip_link reset"
        ),
        "power": names("static"),
        "time": names(
            "synop synop_dense synop_sparse synop_conv neuron_update neuron_update_idle soma_access soma_update "
            "spike_out message message_in axon_out hop_x hop_y sync_min sync_2 sync_4 sync_29 sync_max"
        ),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names("leakage synapse_memory axon_memory controller scheduler sync host"),
    limits=names(
        "cores_per_chip neurons_per_core axons_in_per_core axons_out_per_core synapse_bits_per_core "
        "synapses_per_core weight_bits sum_bits message_bits delay_bits"
    ),
    design={
        "events": ("binary", "graded"),
        "signed_lines": ("atoms", "axons"),
        "signed_neurons": ("two_compartments", "one_compartment"),
        "conv_weights": ("shared", "unrolled"),
        "dense_weights": ("lists", "dense_where_full"),
        "fan_in_split": ("graded_sums", "thresholded_sums"),
        "cores_per_tile": (),
        "tiles_x": (),
        "tiles_y": (),
        "index_bits_min": (),
        "list_header_bits": (),
        "list_synapses": (),
        "memory_word_bits": (),
        "axon_out_slots": (),
    },
    required=names("cores_per_chip neurons_per_core signed_lines signed_neurons conv_weights"),
    variants={"neuron_update_idle": "neuron_update"},
    cases={
        "synop": names("synop_dense synop_sparse synop_conv"),
        "neuron_update": names("soma_access soma_update spike_out"),
        "neuron_update_idle": names("soma_access"),
        "message": names("axon_out"),
    },
    required_with={
        "synapse_bits_per_core": _MEMORY,
        "axons_out_per_core": names("axon_out_slots"),
        **{fact: _MESH - {fact} for fact in _MESH},
    },
)
