"""What cards of memristor arrays may say."""

from ...vocabulary import Vocabulary, names

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    constants={
        "energy": names("adc_conversion row_drive cell_read sample_hold shift_add registers tile_digital"),
        "power": names("static"),
        "time": names("read_cycle adc_conversion"),
        "frequency": frozenset(),
        "ratio": frozenset(),
    },
    parts=names(
        "leakage adc_leakage driver_leakage array_leakage sample_hold_leakage shift_add_leakage controller "
        "input_register output_register edram bus router sigmoid max_pool tile_shift_add tile_register"
    ),
    limits=names("rows cols arrays_per_chip adc_bits"),
    design={
        "pair_subtraction": ("digital", "analog"),
        "row_drive": ("bipolar", "two_phase", "two_row"),
        "adcs_per_array": (),
    },
    required=names("rows cols pair_subtraction row_drive adcs_per_array"),
)
