"""What each imperfection does to the sums: size, correlation, reproducibility, and that more of it never helps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_hardware.crossbar import ArraySpec, simulate
from gxnor_hardware.crossbar.devices import Device, load_device
from gxnor_hardware.crossbar.devices.effects import ConstantReading, GaussianProgramming
from gxnor_hardware.crossbar.devices.irdrop import transfer
from gxnor_snn.graph import Coding, execute
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import one_layer, seeded

T = Coding.ternary()
OPEN = ArraySpec(adc_bits=None)
WAN = load_device("rram_wan2022")


def reading(fraction: float) -> Device:
    model = ConstantReading(model="constant", fraction=fraction, source="test", grade="D")
    return Device.ideal().replace(reading=model)


def layer(outputs: int, inputs: int) -> Any:
    rng = np.random.default_rng(3)
    return one_layer(rng.integers(-1, 2, (outputs, inputs)), T), rng.integers(-1, 2, (1, inputs))


def errors(graph: Any, x: Any, device: Device, array: ArraySpec = OPEN, draws: int = 400, **options: Any) -> Any:
    """Sums less the right ones, (draws, samples, outputs)."""
    found = simulate(graph, x, device, seeded(1), array=array, draws=draws, **options).readouts["out"]
    assert found.dtype == np.float64
    return found.reshape(draws, len(x), -1) - execute(graph, x).readouts["out"]


@pytest.mark.parametrize("cells", ["pair", "single"])
def test_read_noise_adds_up_over_driven_cells(cells: str) -> None:
    graph, x = layer(60, 90)
    array = replace(OPEN, cells=cells, rows=64, cols=128)
    found = errors(graph, x, reading(0.02), array, draws=1000 if cells == "pair" else 4000)[:, 0]
    per_weight = 0.02 * (1 if cells == "pair" else 2)
    expected = per_weight * np.sqrt(2 * np.count_nonzero(x))
    assert found.std() == pytest.approx(expected, rel=0.02)
    assert abs(found.mean()) < 5 * expected / np.sqrt(1000)
    together = np.mean(found.mean(1) ** 2) / expected**2  # 1/2 where all read one reference column
    assert together == pytest.approx(1 / 60 if cells == "pair" else 0.5, abs=0.05)


def test_read_noise_is_new_in_every_read_and_programming_noise_is_not() -> None:
    graph, x = layer(200, 60)
    twice = np.concatenate((x, x))
    read = errors(graph, twice, reading(0.05), draws=1)[0]
    assert abs(np.corrcoef(read)[0, 1]) < 0.3
    programmed = errors(graph, twice, WAN.noiseless("reading"), draws=1)[0]
    np.testing.assert_allclose(programmed[0], programmed[1], atol=1e-4)
    assert programmed.std() > 0.05


def test_programming_noise_has_the_spread_that_the_card_gives() -> None:
    graph, x = layer(200, 60)
    device = WAN.noiseless("reading")
    draw = lambda target: device.program(torch.full((300_000,), target), seeded(5)) / device.g_on_s  # noqa: E731
    on, off = draw(device.g_on_s), draw(0.0)
    weights = graph.projections["fc"].weights[:, x[0] != 0]
    nonzero = np.count_nonzero(weights, axis=1)
    cells = np.stack((nonzero, weights.shape[1] - nonzero))
    expected = float(on.var() + off.var()) * cells[0] + 2 * float(off.var()) * cells[1]
    found = errors(graph, x, device, draws=300)[:, 0]
    assert np.mean(found.var(axis=0) / expected) == pytest.approx(1, abs=0.03)


def test_the_same_seed_gives_the_same_trace_and_draws_differ() -> None:
    graph, x = small_graph(), small_input(6)
    array = ArraySpec(rows=5, cols=6, adc_bits=None, offset_v=1e-3, gain_error=0.01, switch_noise=0.01)
    runs = [
        simulate(graph, x, WAN, seeded(s), array=array, draws=3, record="all", time_s=3600.0, batch=4)
        for s in (7, 7, 8)
    ]
    for name in runs[0].spikes:
        np.testing.assert_array_equal(runs[0].spikes[name], runs[1].spikes[name])
    first, same, other = (r.readouts["out"] for r in runs)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    by_draw = first.reshape(3, -1)
    assert not any(np.array_equal(by_draw[a], by_draw[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert not runs[0].exact


def test_draws_are_independent() -> None:
    graph, x = layer(2000, 40)
    found = errors(graph, x, WAN, draws=6)[:, 0]
    assert np.abs(np.corrcoef(found) - np.eye(6)).max() < 0.1


def test_nothing_draws_from_the_global_generator() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    simulate(small_graph(), small_input(), WAN, seeded(0), array=ArraySpec(gain_error=0.1, offset_v=1e-3))
    assert torch.equal(before, torch.get_rng_state())


def test_amplifier_offsets_drive_the_whole_column() -> None:
    graph, x = layer(500, 90)
    device = Device.ideal(g_on_s=1e-4, g_off_s=1e-5, v_read_v=0.2)
    found = errors(graph, 0 * x, device, replace(OPEN, offset_v=1e-3), draws=50)[:, 0]
    weights = graph.projections["fc"].weights
    sides = [np.where(side, 1e-4, 1e-5).sum(1) for side in (weights > 0, weights < 0)]
    expected = 1e-3 / 0.2 * np.hypot(*sides) / 9e-5
    assert np.sqrt(np.mean(found**2 / expected**2)) == pytest.approx(1, abs=0.02)
    two_phase = errors(graph, 0 * x, device, replace(OPEN, offset_v=1e-3, drive="two_phase"), draws=3)
    np.testing.assert_allclose(two_phase, 0, atol=1e-4)  # the second phase takes the offset away


def test_gain_errors_are_of_the_column() -> None:
    graph, x = layer(2000, 90)
    found = errors(graph, x, Device.ideal(), replace(OPEN, gain_error=0.02), draws=10)[:, 0]
    right = execute(graph, x).readouts["out"][0]
    assert (found / np.where(right == 0, 1, right))[:, right != 0].std() == pytest.approx(0.02, rel=0.03)
    np.testing.assert_array_equal(found[:, right == 0], 0)


def test_switch_noise_is_relative_to_the_current() -> None:
    graph, x = layer(1000, 120)
    device = Device.ideal(g_on_s=1e-4, g_off_s=2e-5)
    found = errors(graph, x, device, replace(OPEN, switch_noise=0.05, rows=50), draws=20)[:, 0]
    weights = graph.projections["fc"].weights[:, x[0] != 0]
    cells = [np.where(side, 1e-4, 2e-5) for side in (weights > 0, weights < 0)]
    expected = 0.05 / 8e-5 * np.sqrt(sum((c**2).sum(1) for c in cells))
    assert np.sqrt(np.mean(found**2 / expected**2)) == pytest.approx(1, abs=0.02)


def test_wires_take_what_the_closed_form_says() -> None:
    graph, x = layer(7, 33)
    device = Device.ideal(g_on_s=1e-4, g_off_s=1e-6)
    array = ArraySpec(rows=16, cols=6, adc_bits=None, r_row_ohm=4.0, r_col_ohm=9.0)
    found = simulate(graph, x, device, seeded(0), array=array).readouts["out"][0]
    weights = torch.tensor(graph.projections["fc"].weights).T
    expected = np.zeros(7)
    for r in range(0, 33, 16):
        for c in range(0, 7, 3):
            part = weights[r : r + 16, c : c + 3]
            cells = torch.stack((part > 0, part < 0), -1).flatten(1) * 9.9e-5 + 1e-6
            held = cells * transfer(cells, 4.0, 9.0) / 9.9e-5
            expected[c : c + 3] += x[0, r : r + 16] @ (held[:, ::2] - held[:, 1::2]).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_row_at_0_volt_loads_the_wires_like_any_other() -> None:
    graph, _ = layer(6, 20)
    array = ArraySpec(adc_bits=None, r_row_ohm=5.0, r_col_ohm=5.0)
    x = np.eye(20, dtype=np.int64)
    device = Device.ideal(g_off_s=1e-6)
    one_by_one = simulate(graph, x, device, seeded(0), array=array).readouts["out"].sum(0)
    together = simulate(graph, x.sum(0, keepdims=True), device, seeded(0), array=array).readouts["out"][0]
    np.testing.assert_allclose(one_by_one, together, rtol=1e-5, atol=1e-5)


def test_wires_that_lose_too_much_are_reported() -> None:
    graph, x = layer(64, 128)
    array = replace(OPEN, r_row_ohm=20.0, r_col_ohm=20.0)
    with pytest.warns(UserWarning, match=r"crossbar: wires of 128 x 128 cells lose .*30%"):
        simulate(graph, x, Device.ideal(g_off_s=1e-6), seeded(0), array=array)


def test_compensation_of_arrays_that_kept_nothing_does_nothing() -> None:
    graph, x = layer(5, 20)
    array = replace(OPEN, drift_compensation=True)
    found = simulate(graph, x, Device.ideal().with_faults(0.0, 1.0), seeded(0), array=array, draws=2)
    np.testing.assert_array_equal(found.readouts["out"], 0)


def test_stuck_cells_hold_their_conductance() -> None:
    graph, x = layer(400, 100)
    all_on = simulate(graph, x, Device.ideal().with_faults(1.0, 0.0), seeded(0), array=OPEN).readouts["out"]
    np.testing.assert_allclose(all_on, 0, atol=1e-4)  # on - on
    found = errors(graph, x, Device.ideal().with_faults(0.03, 0.0), draws=100)[:, 0]
    weights = graph.projections["fc"].weights
    # stuck on is harmless where the cell is on: it moves the off cells, one of a pair with w != 0, both with w = 0
    expected = -0.03 * (weights @ x[0])
    assert np.mean((found.mean(0) - expected) ** 2) < 0.2**2


def test_drift_shrinks_sums_and_compensation_restores_their_mean() -> None:
    graph, x = layer(300, 120)
    device = load_device("pcm_nandakumar2019").assume_none().noiseless("reading")
    right = execute(graph, x).readouts["out"][0]
    kept = []
    for compensate in (False, True):
        array = replace(OPEN, drift_compensation=compensate)
        found = simulate(graph, x, device, seeded(0), array=array, draws=5, time_s=86400.0).readouts["out"]
        kept.append(np.polyfit(np.tile(right, 5), found.ravel(), 1)[0])
    assert kept[0] == pytest.approx(0.664, abs=0.03)  # low-resistance cells after one day
    assert kept[1] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    "worse",
    [
        lambda k: (Device.ideal().replace(programming=programming(0.02 * k)), OPEN),
        lambda k: (reading(0.02 * k), OPEN),
        lambda k: (Device.ideal().with_faults(0.02 * k, 0.02 * k), OPEN),
        lambda k: (Device.ideal(), replace(OPEN, switch_noise=0.02 * k)),
        lambda k: (Device.ideal(), replace(OPEN, gain_error=0.02 * k)),
        lambda k: (Device.ideal(), replace(OPEN, offset_v=1e-3 * k)),
        lambda k: (Device.ideal(), replace(OPEN, r_row_ohm=0.3 * k, r_col_ohm=0.3 * k)),
        lambda k: (Device.ideal(), ArraySpec(adc_bits=8 - 2 * k)),
    ],
)
def test_errors_grow_with_each_imperfection(worse: Any) -> None:
    graph, x = layer(100, 100)
    sizes = []
    for k in range(4):
        device, array = worse(k)
        found = simulate(graph, x, device, seeded(2), array=array, draws=20).readouts["out"].reshape(20, 1, -1)
        sizes.append(float(np.square(found - execute(graph, x).readouts["out"]).mean()))
    assert sizes[0] == 0
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]


def programming(sigma: float) -> GaussianProgramming:
    """The same deviation on every cell, a fraction of the largest conductance."""
    curve = {"form": "polynomial", "unit_us": 1.0, "coefficients": [100 * sigma]}
    return GaussianProgramming.model_validate(
        {"model": "gaussian", "source": "test", "grade": "D", "curve": curve}
    )
