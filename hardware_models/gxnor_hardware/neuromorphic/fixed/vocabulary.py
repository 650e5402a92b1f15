"""What cards of chips with fixed synapse arrays may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("synop neuron_update hop chip_link clock"),
        "power": names("static"),
        "time": names("step"),
        "frequency": names("clock"),
        "ratio": frozenset(),
        "area": names("chip"),
    },
    parts=names("leakage tick_baseline synapse_memory controller scheduler analog host"),
    limits=names(
        "chips cores_per_chip axons_per_core neurons_per_core axon_types type_weight_bits weight_bits "
        "weight_levels sum_bits payload_bits axon_targets delay_steps"
    ),
    design={
        "axon_carries": ("sign_and_effect", "effect", "sign", "value"),
        "array_rows": ("free", "neurons"),
        "signed_neurons": ("two_neurons", "one_neuron"),
        "synop_unit": ("connected", "driven", "row"),
        "partial_sums": ("thresholded", "graded"),
        "compares": ("step", "event", "analog"),
        "cycles_per_synop": (),
        "cores_x": (),
    },
    required=names(
        "cores_per_chip axons_per_core neurons_per_core axon_carries array_rows signed_neurons synop_unit "
        "compares cores_x"
    ),
    divisors=frozenset({"clock"}),
)
