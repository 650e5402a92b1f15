"""The measured rate of logic operations, which the benchmarks compare the kernels with."""

import pytest

from gxnor_sims import _kernels
from gxnor_sims.native import available_isas


@pytest.mark.parametrize("isa", available_isas())
def test_a_rate_is_what_a_core_can_do(isa: str) -> None:
    rate, ops_per_adder = _kernels.measure_ops(isa, 0.0)
    assert 1e7 < rate < 1e12
    assert ops_per_adder == (2 if isa == "avx512" else 5)


@pytest.mark.parametrize(
    ("isa", "seconds"), [("mmx", 0.0), ("portable", -1.0), ("portable", 2.0), ("portable", float("nan"))]
)
def test_what_it_does_not_take_is_refused(isa: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"mmx|seconds"):
        _kernels.measure_ops(isa, seconds)
