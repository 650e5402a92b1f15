"""What cards of memristor arrays may say.

Constants that end in ``_i<b>`` hold for reads of b-bit inputs: b = 1 for two-valued inputs, else one more than the
magnitude planes of the read (a sign and the planes).
"""

from ...vocabulary import Vocabulary, names

__all__ = ["BY_BITS", "VOCABULARY", "input_bits"]

_BITS = range(1, 10)
BY_BITS = ("word_lines", "neurons", "input_pulses")


def _by_bits(*stems: str) -> frozenset[str]:
    return frozenset(f"{stem}_i{bits}" for stem in stems for bits in _BITS)


def input_bits(planes: int, two_valued: bool) -> int:
    """Bits of the inputs of one read that takes `planes` magnitude planes."""
    return 1 if planes == 1 and two_valued else planes + 1


VOCABULARY = Vocabulary(
    constants={
        "energy": names(
            "adc_conversion sense row_drive word_line cell_read cell_low cell_high sample_hold shift_add "
            "registers tile_digital op op_four_phase program_pulse"
        )
        | _by_bits(*BY_BITS),
        "power": names("static"),
        "time": names("read_cycle sample_hold adc_conversion read read_four_phase") | _by_bits("read"),
        "area": names("chip array cell row_driver converter sample_hold"),
        "count": names("pulses_per_cell") | _by_bits("output_bits"),
    },
    parts=names(
        "leakage adc_leakage driver_leakage array_leakage sample_hold_leakage shift_add_leakage controller "
        "input_register output_register edram bus router sigmoid max_pool tile_shift_add tile_register links"
    ),
    limits=names("rows cols arrays_per_chip adc_bits rows_per_read"),
    design={
        "pair": ("columns", "rows", "cell", "xnor", "single"),
        "pair_subtraction": ("digital", "analog"),
        "row_drive": ("bipolar", "two_phase", "two_row", "select"),
        "zero_row": ("off", "0v"),
        "converter": ("adc", "sense_amplifier"),
        "boundary": ("chip", "array"),
        "read_mode": ("one_phase", "four_phase"),
        "input_planes": (),
        "cell_levels": (),
        "adcs_per_array": (),
    },
    required=names("pair pair_subtraction row_drive input_planes converter boundary"),
    cases={"cell_read": names("cell_low cell_high")},
    variants={"op_four_phase": "op"}
    | {f"{stem}_i{bits}": f"{stem}_i1" for stem in BY_BITS for bits in _BITS if bits > 1},
)
