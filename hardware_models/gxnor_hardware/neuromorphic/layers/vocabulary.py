"""What cards of engines that hold whole layers may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["CORES", "VOCABULARY"]

CORES = 16
"""Cores whose memories a card may tell apart."""

VOCABULARY = Vocabulary(
    constants={
        "energy": names("synop inference"),
        "power": names("static"),
        "time": frozenset(),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names("leakage kernel_memory neuron_memory neuron_update spike reset routing sensor controller"),
    limits=names(
        "cores fan_out kernel stride padding in_size out_size channels pool weight_bits sum_bits readout_classes"
    )
    | {f"{memory}_words_{core}" for memory in ("kernel", "neuron") for core in range(CORES)},
    design={
        "layers": ("core_each", "in_turn"),
        "firing": ("on_arrival", "per_step"),
        "neuron_addresses": ("exact", "powers_of_two"),
    },
    required=names("layers"),
)
