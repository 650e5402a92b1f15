"""What cards of accelerators with one published energy per operation may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("operation_binary operation_ternary operation_int8"),
        "power": names("static"),
        "time": names("operation_binary operation_ternary operation_int8"),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names(
        "leakage clock_tree controller weight_memory activation_memory buffers datapath popcount threshold"
    ),
    limits=names("kernel"),
    design={"outputs": ("one_threshold", "levels")},
    required=names("outputs"),
    # one silicon at several precisions: an operation is charged as one of them
    variants={"operation_ternary": "operation_binary", "operation_int8": "operation_binary"},
)
