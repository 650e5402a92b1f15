"""What cards of chips with software cores may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("synop mac neuron_update message transfer"),
        "power": names("static"),
        "time": names("synop neuron_update"),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names("leakage synapse_memory router controller host"),
    limits=names(
        "cores_per_chip neurons_per_core weight_bits activation_bits delay_ticks tick_us tick_ns tick_ms"
    ),
    design={"synapses": ("events", "mac_array")},
    required=names("cores_per_chip synapses"),
)
