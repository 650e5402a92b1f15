"""The transition as the method is written, in real units, and a test of frequencies against it."""

import math
from collections.abc import Callable

import torch

from gxnor_snn.spaces import DiscreteSpace

Tau = Callable[[float, float], float]


def tanh(p: float, m: float) -> float:
    return math.tanh(m * p)


def unbiased(p: float, m: float) -> float:
    return p


def piecewise(p: float, m: float) -> float:
    return 2 * p if p <= 3 / 7 else min(1.0, 0.25 * p + 0.75)


def lut(bins: int) -> Tau:
    return lambda p, m: math.tanh(m * max(i for i in range(bins) if (i / bins) ** 2 <= p) ** 2 / bins**2)


def power(exponent: int) -> Tau:
    return lambda p, m: math.tanh(m * p) ** exponent


TAUS: dict[str, Tau] = {
    "tanh": tanh,
    **{f"power{k}": power(k) for k in (2, 3, 4)},
    "unbiased": unbiased,
    "piecewise": piecewise,
    **{f"lut{bins}": lut(bins) for bins in (4, 8, 16, 24, 32)},
}


def gate(bits: int) -> Callable[[float], float]:
    """Probability of state < tau 2^bits for a register that has all nonzero states equally often."""
    return lambda tau: min(max(math.ceil(tau * 2**bits) - 1, 0) / (2**bits - 1), 1.0)


def closed_form(
    level: int,
    update: float,
    space: DiscreteSpace,
    m: float,
    tau_of: Tau = tanh,
    zero_bias: float = 0.0,
    gated: Callable[[float], float] = lambda tau: tau,
) -> dict[int, float]:
    """Probability of each level after one transition."""
    w, dz, half = level * space.scale, space.step, space.half_range
    rho = min(half - w, update) if update >= 0 else max(-half - w, update)
    kappa = math.trunc(rho / dz)
    nu = rho - kappa * dz
    tau = tau_of(abs(nu) / dz, m)
    base = w + kappa * dz
    if zero_bias:
        tau = min(1.0, tau * (1 + zero_bias)) if base * nu < 0 else tau / (1 + zero_bias)
    tau = gated(tau)
    here = round(base / space.scale)
    jumped = round((base + math.copysign(dz, rho)) / space.scale)
    return {here: 1 - tau, jumped: tau} if tau else {here: 1.0}


def followed(before: dict[int, float], update: float, space: DiscreteSpace, m: float, **form) -> dict[int, float]:
    """`closed_form` from random levels."""
    after: dict[int, float] = {}
    for level, weight in before.items():
        for reached, tau in closed_form(level, update, space, m, **form).items():
            after[reached] = after.get(reached, 0.0) + weight * tau
    return after


def assert_follows(levels: torch.Tensor, probability: dict[int, float]) -> None:
    """Chi-square over the levels expected at least five times (p = 1e-4 for up to 9); none may be impossible."""
    counts = dict(zip(*(v.tolist() for v in levels.unique(return_counts=True)), strict=True))
    assert set(counts) <= {level for level, p in probability.items() if p > 0}
    cells = {level: p * len(levels) for level, p in probability.items() if p * len(levels) >= 5}
    if len(cells) > 1:
        chi_square = sum((counts.get(level, 0) - n) ** 2 / n for level, n in cells.items())
        assert chi_square < 13 + 2.5 * len(cells)
