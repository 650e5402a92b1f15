import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_hardware.crossbar.devices import Device, conductances, load_device, unit_conductance
from gxnor_snn.errors import InputError, ProfileError

ON, OFF = 1e-4, 1e-6
DEVICE = Device.ideal(ON, OFF)


def difference(pair: torch.Tensor, span: int = 1) -> list[float]:
    return ((pair[0] - pair[1]) / unit_conductance(DEVICE, "pair", span)).tolist()


def test_ternary_pairs() -> None:
    pair = conductances(torch.tensor([1, -1, 0], dtype=torch.float64), DEVICE)
    assert pair[0].tolist() == pytest.approx([ON, OFF, OFF])
    assert pair[1].tolist() == pytest.approx([OFF, ON, OFF])


@given(st.integers(1, 9), st.data())
def test_levels_come_back_from_pairs_and_single_cells(span: int, data: st.DataObject) -> None:
    levels = torch.tensor(data.draw(st.lists(st.integers(-span, span), min_size=1, max_size=9)))
    pair = conductances(levels.double(), DEVICE, span=span)
    assert difference(pair, span) == pytest.approx(levels.tolist(), abs=1e-9)
    single = conductances(levels.double(), DEVICE, "single", span=span)
    middle = conductances(torch.zeros(1, dtype=torch.float64), DEVICE, "single", span=span)
    back = (single - middle)[0] / unit_conductance(DEVICE, "single", span)
    assert back.tolist() == pytest.approx(levels.tolist(), abs=1e-9)
    assert float(pair.min()) >= OFF * (1 - 1e-12)
    assert float(pair.max()) <= ON * (1 + 1e-12)


def test_integer_tensors_and_leading_dimensions() -> None:
    assert conductances(torch.zeros((4, 2, 3), dtype=torch.int8), DEVICE).shape == (2, 4, 2, 3)
    assert conductances(torch.zeros((4, 2, 3), dtype=torch.int8), DEVICE, "single").shape == (1, 4, 2, 3)


def test_stuck_cells_do_what_they_must() -> None:
    levels = torch.tensor([1, -1, 0], dtype=torch.float64)
    pair = conductances(levels, DEVICE)

    def stuck(side: int, on: bool) -> list[float]:
        mask = torch.zeros_like(pair, dtype=torch.bool)
        mask[side] = True
        nothing = torch.zeros_like(mask)
        return difference(DEVICE.stick(pair, *((mask, nothing) if on else (nothing, mask))))

    # off on the inactive side, or anywhere on a zero weight, changes nothing
    assert stuck(1, on=False) == pytest.approx([1, 0, 0])
    assert stuck(0, on=False) == pytest.approx([0, -1, 0])
    # on turns a zero into +1 or -1, and cancels the weight of the other sign
    assert stuck(0, on=True) == pytest.approx([1, 0, 1])
    assert stuck(1, on=True) == pytest.approx([0, -1, -1])


def test_four_conductances_hold_four_levels() -> None:
    device = load_device("memristor_quaternary2019")
    with pytest.raises(ProfileError, match=r"conductance.on is not on its card"):
        conductances(torch.tensor([0]), device, span=3)
    device = device.with_constants(g_on_s=ON, g_off_s=OFF)
    odd = conductances(torch.tensor([-3, -1, 1, 3]), device, "single", span=3, step=2)[0]
    assert odd.diff().tolist() == pytest.approx([(ON - OFF) / 3] * 3)
    conductances(torch.tensor([3]), device, span=3)
    with pytest.raises(ProfileError, match=r"5 conductances per cell.*its card allows 4"):
        conductances(torch.tensor([4]), device, span=4)
    with pytest.raises(ProfileError, match=r"3 conductances per cell.*allows 2"):
        conductances(torch.tensor([1]), load_device("rram_hfo2_2t2r"), "single")


@pytest.mark.parametrize("level", [2.0, 0.5, float("nan"), -1.5])
def test_levels_out_of_range(level: float) -> None:
    with pytest.raises(InputError, match="whole numbers in -1 to 1"):
        conductances(torch.tensor([level]), DEVICE)


def test_unknown_schemes() -> None:
    for arguments in ({"cells": "triple"}, {"span": 0}, {"step": 0}, {"span": 1.5}):
        with pytest.raises(InputError):
            conductances(torch.tensor([0]), DEVICE, **arguments)  # type: ignore[arg-type]
