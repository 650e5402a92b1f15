"""What cards of dense processors may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("multiply add xnor_count sram_8kb sram_32kb sram_1mb dram"),
        "power": frozenset(),
        "time": frozenset(),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=frozenset(),
    limits=names("sum_bits"),
    design={"arithmetic": ("float", "integer", "binary"), "operand_bits": (), "sum_word_bits": ()},
    required=names("arithmetic operand_bits sum_word_bits"),
)
