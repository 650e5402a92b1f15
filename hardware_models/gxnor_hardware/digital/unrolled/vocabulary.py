"""What cards of unrolled accelerators may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("cycle"),
        "power": names("static"),
        "time": frozenset(),
        "frequency": names("clock"),
        "ratio": names("toggle_share reference_activity"),
    },
    parts=names(
        "leakage clock_tree controller weight_memory activation_memory line_buffer multipliers popcount threshold"
    ),
    limits=names("in_channels out_channels kernel image layers sum_bits"),
    design={"weight_load_cycles": (), "partial_sum_depth": ()},
    required=names("in_channels out_channels kernel weight_load_cycles partial_sum_depth"),
    divisors=frozenset({"clock", "reference_activity"}),
)
