"""Arguments of devices, wires and arrays that mean nothing: refused by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_hardware.crossbar.devices import conductances, irdrop, load_device, nodal, wire
from gxnor_snn.errors import InputError

DEVICE = load_device("rram_wan2022")
ONES = torch.ones(2, 2)
DRAW = torch.Generator()
CASES: list[tuple[Callable[[], Any], str]] = [
    (lambda: DEVICE.faults((-1, 2), DRAW), r"shape is \(-1, 2\); allowed are whole numbers"),
    (lambda: DEVICE.faults("ab", DRAW), "shape is 'ab'"),
    (lambda: conductances(np.ones(2), DEVICE), "level is ndarray; allowed is a torch tensor"),  # type: ignore[arg-type]
    (lambda: irdrop.transfer(np.ones((2, 2)), 1.0, 1.0), r"g_s is float64 \(2, 2\); allowed is a torch tensor"),
    (lambda: irdrop.transfer(ONES * float("nan"), 1.0, 1.0), "g_s holds negative or infinite values"),
    (lambda: irdrop.transfer(-ONES, 1.0, 1.0), "g_s holds negative or infinite values"),
    (lambda: irdrop.transfer(ONES, "a", 1.0), "r_row_ohm is 'a'; allowed are 0 or more ohm"),  # type: ignore[arg-type]
    (lambda: irdrop.transfer(ONES, 1.0, float("inf")), "r_col_ohm is inf; allowed are 0 or more ohm"),
    (lambda: DEVICE.with_faults(None, 0.0), r"fault rates are \(None"),  # type: ignore[arg-type]
    (lambda: nodal.coefficients(np.ones((1024, 1024)), 1.0, 1.0), "1024 vectors on 1048576 cells"),
    (lambda: nodal.solve("a", [1, 1], 1.0, 1.0), "g_s and v are not arrays of numbers"),
    (lambda: nodal.solve([[1, 2], [1]], [1, 1], 1.0, 1.0), "g_s and v are not arrays of numbers"),
    (lambda: nodal.solve(np.ones((2, 2)), [1, 1], "a", 1.0), "r_row_ohm is 'a'"),  # type: ignore[arg-type]
    (lambda: wire([1]), r"wire \(\[1\], '1t1r'\) is unknown"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "reason"), CASES)
def test_arguments_without_meaning_are_refused(call: Callable[[], Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        call()
