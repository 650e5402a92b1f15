"""Means and standard deviations of a million draws against the published fits, typed in once more here."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gxnor_hardware.crossbar.devices import Device, conductances, load_device
from gxnor_snn.errors import InputError

N = 1_000_000
HOUR, DAY = 3600.0, 86400.0
WAN = {
    1.0: (0.348, 16.030, -43.853, 45.393, -16.815),
    DAY: (0.701, 22.086, -50.773, 47.095, -16.458),
    2 * DAY: (0.782, 20.274, -43.507, 37.062, -11.934),
}


def poly(coefficients: tuple[float, ...], g: float) -> float:
    return float(np.polynomial.polynomial.polyval(g, coefficients))


def rectified(mean: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of max(0, N(mean, sigma^2))."""
    a = mean / sigma
    pdf, cdf = math.exp(-a * a / 2) / math.sqrt(2 * math.pi), (1 + math.erf(a / math.sqrt(2))) / 2
    first = mean * cdf + sigma * pdf
    second = (mean**2 + sigma**2) * cdf + mean * sigma * pdf
    return first, math.sqrt(second - first**2)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20261121)


def full(us: float) -> Tensor:
    return torch.full((N,), us * 1e-6, dtype=torch.float64)


def close(found: Tensor, mean_us: float, sigma_us: float) -> None:
    micro = found * 1e6
    # a mean is known to sigma / sqrt(N), whatever its size
    assert float(micro.mean()) == pytest.approx(mean_us, rel=0.02, abs=5 * sigma_us / math.sqrt(N))
    assert float(micro.std()) == pytest.approx(sigma_us, rel=0.02)


PROGRAMMING = {
    "rram_wan2022": lambda g: poly(WAN[1.0], g / 40),
    "rram_milo2021": lambda g: max(4.782321 - 0.009107 * g, 0),
    "rram_mnsim": lambda g: 0.05 * g,
    "pcm_nandakumar2019": lambda g: poly((0.26348, 1.9650, -1.1731), g / 25),
    "pcm_joshi2020": lambda g: poly((0.28638599, 0.07585724, -0.00178767), g),
    "pcm_hermes": lambda g: poly((0.166, 4.718, -8.481, 4.690), g / 20.7),
    "pcm_hermes_single": lambda g: poly((0.15781817, 2.32443916, -2.16310839, 0.68841818), g / 10.35),
    "cmo_hfox_2024": lambda g: 0.0112185391 + 0.01129027418 * g,
    "sonos_40nm": lambda g: 0.01 * 19.88665 * (1 - math.exp(-g * 100 / 176.3115)),
}


@pytest.mark.parametrize("name", PROGRAMMING)
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_programming(name: str, share: float) -> None:
    device = load_device(name)
    g = (device.g_off_s + share * (device.g_on_s - device.g_off_s)) * 1e6
    sigma = PROGRAMMING[name](g)
    assert float(device.programming_sigma(full(g)[:1])) * 1e6 == pytest.approx(sigma, rel=1e-3)
    close(device.program(full(g), generator()), *rectified(g, sigma))


def test_the_fits_scale_with_the_range_of_the_device() -> None:
    whole = load_device("rram_wan2022")
    half = whole.with_constants(g_on_s=20e-6)
    assert float(half.programming_sigma(full(10)[:1])) == pytest.approx(
        float(whole.programming_sigma(full(20)[:1])) / 2
    )


def test_band_of_two_fits_of_one_figure() -> None:
    target = torch.tensor([0.0, 30e-6], dtype=torch.float64)
    low, high = load_device("rram_wan2022").programming_sigma_band(target)
    cubic = poly((1.053, 0.2374, -1.167e-2, 1.536e-4), 30.0)
    assert (low * 1e6).tolist() == pytest.approx([0.348, poly(WAN[1.0], 0.75)], rel=1e-6)
    assert (high * 1e6).tolist() == pytest.approx([1.053, cubic], rel=1e-6)


@pytest.mark.parametrize("g", [0.0, 4.0, 40.0])
@pytest.mark.parametrize("time_s", list(WAN))
def test_rram_deviates_as_published_after_a_second_a_day_and_two(g: float, time_s: float) -> None:
    device, draw, target = load_device("rram_wan2022"), generator(), full(g)
    found = device.drift(device.program(target, draw), time_s, draw, target)
    close(found, *rectified(g, poly(WAN[time_s], g / 40)))


def test_rram_between_and_beyond_the_published_times() -> None:
    device, draw, target = load_device("rram_wan2022"), generator(), full(40)
    programmed = device.program(target, draw)
    assert torch.equal(device.drift(programmed, 0.5, draw, target), programmed)
    early, hour, day = (float(device.drift(programmed, t, draw, target).std()) for t in (1.0, HOUR, DAY))
    assert early < hour < day
    with pytest.raises(InputError, match=r"up to 172800 s"):
        device.drift(programmed, 3 * DAY, draw, target)


@pytest.mark.parametrize(
    ("time_s", "kept", "spread"), [(HOUR, 0.775, 0.042), (DAY, 0.664, 0.067), (30 * DAY, 0.562, 0.094)]
)
def test_pcm_low_resistance_state_drifts_as_derived(time_s: float, kept: float, spread: float) -> None:
    start = full(25)
    logs = (load_device("pcm_nandakumar2019").drift(start, time_s, generator()) / start).log()
    # the reference's figures: the middle of the distribution, and its relative width
    assert float(logs.mean().exp()) == pytest.approx(kept, rel=0.02)
    assert float(logs.std()) == pytest.approx(spread, rel=0.02)


def folded(mean: float, sd: float) -> tuple[float, float]:
    """Mean and standard deviation of |N(mean, sd^2)|."""
    first = sd * math.sqrt(2 / math.pi) * math.exp(-(mean**2) / (2 * sd**2)) + mean * math.erf(
        mean / (sd * math.sqrt(2))
    )
    return first, math.sqrt(mean**2 + sd**2 - first**2)


NU = {
    ("pcm_nandakumar2019", 1.0): (0.049, 0.008),
    ("pcm_nandakumar2019", 0.1): (-0.0155 * math.log(0.1) + 0.0244, -0.0125 * math.log(0.1) - 0.0059),
    ("pcm_nandakumar2019", 1e-3): (0.1, 0.045),
    ("pcm_hermes", 1.0): (0.0174, 0.0048),
    ("pcm_hermes", 0.5): (-0.0436 / 4 - 0.0126 / 2 + 0.0736, -0.0118 / 4 + 0.0093 / 2 + 0.0073),
    ("pcm_hermes", 0.05): (-0.0387 * math.log(0.05) - 0.0182, -0.0117 * math.log(0.05) - 0.0057),
    ("pcm_hermes_single", 1.0): (0.0174, -0.0165 + 0.0116 + 0.0104),
    ("pcm_hermes_single", 0.2): (-0.0436 * 0.04 - 0.0126 * 0.2 + 0.0736, -0.0120 * math.log(0.2) - 0.0023),
}


@pytest.mark.parametrize(("name", "g"), NU)
def test_drift_exponents(name: str, g: float) -> None:
    device = load_device(name)
    start = full(g * device.g_on_s * 1e6)
    t0 = {"pcm_nandakumar2019": 20, "pcm_hermes": 300, "pcm_hermes_single": 200}[name]
    nu = -(device.drift(start, DAY, generator()) / start).log() / math.log((DAY + t0) / t0)
    mean, sd = folded(*NU[name, g])
    assert float(nu.mean()) == pytest.approx(mean, rel=0.02)
    assert float(nu.std()) == pytest.approx(sd, rel=0.02)


def test_extreme_states_of_hermes_drift_least() -> None:
    device = load_device("pcm_hermes")
    kept = [float((device.drift(full(g), DAY, generator()) / full(g)).mean()) for g in (20.7, 10.0, 1.0)]
    assert kept[0] > kept[1] > kept[2]


@pytest.mark.parametrize("time_s", [0.0, HOUR, 30 * DAY])
def test_pcm_read_noise(time_s: float) -> None:
    target = torch.tensor([0.0, 0.01, 2.5, 25.0], dtype=torch.float64) * 1e-6
    read = target * 0.7  # drifted: the strength goes by the target, the size by what is there
    found = load_device("pcm_nandakumar2019").read_noise(read, time_s, target)
    growth = math.sqrt(math.log((time_s + 20 + 250e-9) / (2 * 250e-9)))
    q = [0.2, min(0.2, 0.0088 * 0.0004**-0.65), 0.0088 * 0.1**-0.65, 0.0088]
    assert found.tolist() == pytest.approx(
        [r * a * growth for r, a in zip(read.tolist(), q, strict=True)], rel=1e-9
    )


def test_hermes_read_noise() -> None:
    g = torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64)
    growth = math.sqrt(math.log((HOUR + 300 + 512e-9) / (2 * 512e-9)))
    q = [-0.0117 * math.log(0.1) - 0.0069, 0.0069 / 8 - 0.0280 / 4 + 0.0211 / 2 + 0.0123, 0.0123]
    found = load_device("pcm_hermes").read_noise(g * 20.7e-6, HOUR)
    assert (found / (g * 20.7e-6)).tolist() == pytest.approx([a * growth for a in q], rel=1e-6)


@pytest.mark.parametrize("time_s", [10.0, DAY])
def test_cmo_relaxes_with_the_logarithm_of_time(time_s: float) -> None:
    device, log = load_device("cmo_hfox_2024"), math.log(time_s)
    close(device.drift(full(50), time_s, generator()), 50 - 0.08900206 * log, 0.04201137 * log + 0.41183342)
    growth = math.sqrt(math.log((time_s + 1e-6) / 2e-6))
    assert float(device.read_noise(full(50)[:1], time_s)) * 1e6 == pytest.approx(
        0.0277316483 * math.log10(50) * growth, rel=1e-9
    )
    assert torch.equal(device.drift(full(50), 0.0, generator()), full(50))
    with pytest.raises(InputError, match="at least 1 s"):
        device.drift(full(50), 0.5, generator())


def test_sonos_after_three_days() -> None:
    g, device, draw = 8.0, load_device("sonos_40nm"), generator()
    cubic = (1.15821, 1.96116e-2, -4.70807e-4, 3.67510e-6, -2.08786e-8, 6.59752e-11, -1.19499e-13, 1.28435e-16,
             -8.11574e-20, 2.78802e-23, -4.02057e-27)  # fmt: skip
    current = 800.0  # nanoampere at 8 microsiemens
    shifted = current + poly(cubic, current)
    sigma = 31.04318 * (1 - math.exp(-shifted / 198.90332))
    found = device.drift(device.program(full(g), draw), 3 * DAY, draw, full(g))
    close(found, shifted / 100, sigma / 100)
    assert abs(shifted - current) > 1  # there is a shift to be seen
    read = float(device.read_noise(full(g)[:1], DAY)) * 1e8
    assert read == pytest.approx(12.58037 * (1 - math.exp(-800 / 215.36557)), rel=1e-6)


def test_generic_lognormal() -> None:
    device = load_device("generic_lognormal")
    logs = (device.program(full(50), generator()) / full(50)).log()
    assert float(logs.mean()) == pytest.approx(0, abs=5e-4)
    assert float(logs.std()) == pytest.approx(0.1, rel=0.02)
    close(
        device.program(full(50), generator()),
        50 * math.exp(0.005),
        float(device.programming_sigma(full(50)[:1])) * 1e6,
    )
    assert float(device.read_noise(full(1)[:1], 0)) == pytest.approx(1e-6)  # 1 % of the largest


@pytest.mark.parametrize(
    ("name", "time_s", "sigma"),
    [("rram_wan2022", 0.0, 0.029), ("rram_wan2022", DAY, 0.069), ("pcm_nandakumar2019", 0.0, 0.0435)],
)
def test_noise_of_a_ternary_synapse(name: str, time_s: float, sigma: float) -> None:
    device, draw = load_device(name), generator()
    pair = conductances(torch.ones(N, dtype=torch.float64), device)
    programmed = device.program(pair, draw)
    found = device.drift(programmed, time_s, draw, pair) if time_s else programmed
    weight = (found[0] - found[1]) / device.g_on_s
    # the derivation leaves the cut at zero conductance out, which takes from the off side's spread
    fits = {
        0.0: device.programming_sigma(pair[:, 0]) * 1e6,
        DAY: torch.tensor([poly(WAN[DAY], 1), poly(WAN[DAY], 0)]),
    }
    on, off = (float(s) for s in fits[time_s])
    assert math.hypot(on, off) / (device.g_on_s * 1e6) == pytest.approx(sigma, abs=5e-4)
    assert float(weight.std()) == pytest.approx(
        math.hypot(on, rectified(0, off)[1]) / (device.g_on_s * 1e6), rel=0.02
    )


def test_faults() -> None:
    device = Device.ideal().with_faults(0.01, 0.02, unformed=0.03)
    on, off = device.faults((1000, 1000), generator())
    assert on.shape == (1000, 1000)
    assert not (on & off).any()
    assert float(on.double().mean()) == pytest.approx(0.01, rel=0.05)
    assert float(off.double().mean()) == pytest.approx(0.05, rel=0.05)
    stuck = device.stick(torch.full((1000, 1000), 5e-5), on, off)
    assert stuck.unique().tolist() == pytest.approx([0.0, 5e-5, 1e-4])


def test_draws_come_from_the_generator_alone_and_leave_inputs_as_they_are() -> None:
    device = load_device("pcm_nandakumar2019")
    target = torch.rand((3, 4, 5), dtype=torch.float32, generator=generator()) * 25e-6
    kept, outside = target.clone(), torch.get_rng_state()
    results = []
    for _ in range(2):
        draw = generator()
        programmed = device.program(target, draw)
        results.append(
            (programmed, device.drift(programmed, DAY, draw, target), device.read_noise(programmed, DAY))
        )
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert all(r.shape == target.shape and r.dtype == target.dtype for r in results[0])
    assert torch.equal(target, kept)
    assert torch.equal(torch.get_rng_state(), outside)


def test_bad_arguments() -> None:
    device, draw = load_device("pcm_nandakumar2019"), generator()
    for target in (
        torch.tensor([25.0]),
        torch.tensor([-1e-6]),
        torch.tensor([math.nan]),
        torch.tensor([1]),
        [1e-6],
    ):
        with pytest.raises(InputError, match="pcm_nandakumar2019"):
            device.program(target, draw)  # type: ignore[arg-type]
    for time_s in (-1.0, math.inf, math.nan, "1", True):
        with pytest.raises(InputError, match="time_s"):
            device.drift(full(1)[:2], time_s, draw)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="shape"):
        device.drift(full(1)[:2], 1.0, draw, full(1)[:3])
