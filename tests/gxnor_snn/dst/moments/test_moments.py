"""Every form of storage: what is loaded is what was stored, on average and to the stated resolution."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.dst.draws import Draws, Scratch
from gxnor_snn.dst.moments import (
    BFloat16,
    Factored,
    Float32,
    Held,
    Logarithmic8,
    Moment,
    SquareRoot7,
    SquareRoot8,
)
from gxnor_snn.dst.tiles import Tile, tiles

SIGNED = [Float32, BFloat16, SquareRoot8, SquareRoot7]
POSITIVE = [Float32, BFloat16, Logarithmic8]
SCRATCH = Scratch(torch.device("cpu"))


class Kept:
    """A moment of one tensor, cut into tiles."""

    def __init__(self, kind: type[Moment], shape: tuple[int, ...], limit: int = 1 << 18, seed: int = 0) -> None:
        self.moment = kind("x")
        self.tiles: tuple[Tile, ...] = tiles(shape, limit)
        self.shape = shape
        self.held: Held = dict(self.moment.create(torch.empty(shape), self.tiles))
        self.draws = Draws(torch.Generator().manual_seed(seed), SCRATCH)

    def load(self) -> torch.Tensor:
        parts = [self.moment.load(self.held, tile, SCRATCH).clone() for tile in self.tiles]
        return torch.cat(parts).view(self.shape)

    def store(self, value: torch.Tensor) -> None:
        for tile in self.tiles:
            loaded = self.moment.load(self.held, tile, SCRATCH)
            loaded.copy_(value.reshape(-1)[tile.start : tile.stop])
            self.moment.store(self.held, tile, loaded, self.draws)
        self.moment.finish(self.held)

    def lerp(self, value: torch.Tensor, weight: float) -> None:
        for tile in self.tiles:
            loaded = self.moment.load(self.held, tile, SCRATCH)
            loaded.lerp_(value.reshape(-1)[tile.start : tile.stop], weight)
            self.moment.store(self.held, tile, loaded, self.draws)
        self.moment.finish(self.held)


@pytest.mark.parametrize("kind", [*SIGNED, Logarithmic8, Factored])
def test_a_new_moment_is_zero(kind: type[Moment]) -> None:
    assert torch.equal(Kept(kind, (3, 50)).load(), torch.zeros(3, 50))


@pytest.mark.parametrize("kind", [*SIGNED, Logarithmic8])
@settings(max_examples=30)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 90)),
    limit=st.integers(1, 400),
    exponent=st.integers(-30, 30),
    seed=st.integers(0, 2**20),
)
def test_storing_is_exact_to_the_resolution_in_any_tiling(kind, shape, limit, exponent, seed) -> None:
    value = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 2.0**exponent
    value = value.abs() if kind is Logarithmic8 else value
    kept = Kept(kind, shape, limit, seed)
    kept.store(torch.zeros(shape))
    kept.store(value)
    # between neighbours of the code: relative 2^-7; (2 k + 1) / K^2 of the scale, which is rounded up; 2^(1/16)
    peak = value.abs().max()
    share = (value.abs() / peak).sqrt()
    error = {
        Float32: torch.zeros(shape),
        BFloat16: value.abs() * 2.0**-7,
        SquareRoot8: peak * (2 * share / 127 + 3 / 127**2),
        SquareRoot7: peak * (2 * share / 63 + 3 / 63**2),
        Logarithmic8: value.abs() * (2 ** (1 / 16) - 1) * 1.001 + peak * 2**-15.8,
    }[kind]
    assert ((kept.load() - value).abs() <= error + 1e-37).all()


@pytest.mark.parametrize("kind", [*SIGNED, Logarithmic8])
def test_rounding_is_unbiased(kind: type[Moment]) -> None:
    g = torch.Generator().manual_seed(4)
    value = torch.rand(64, generator=g) + 0.01 if kind is Logarithmic8 else torch.randn(64, generator=g)
    rounds = 4000
    kept = Kept(kind, (rounds, 64))
    kept.store(value.expand(rounds, 64))
    seen = kept.load().double()
    spread = seen.std(0) / math.sqrt(rounds)
    assert ((seen.mean(0) - value).abs() <= 4.5 * spread + 2e-6).all()


@pytest.mark.parametrize("kind", [BFloat16, SquareRoot8, SquareRoot7, Logarithmic8])
def test_a_mean_with_a_long_memory_does_not_stall(kind: type[Moment]) -> None:
    """After a constant input for 1000 steps at beta = 0.998, the mean is 1 - 0.998^1000 of it."""
    kept, size = Kept(kind, (64, 64)), torch.ones(64, 64)
    for _ in range(1000):
        kept.lerp(size, 0.002)
    assert float(kept.load().mean()) == pytest.approx(1 - 0.998**1000, rel=0.01)
    nearest = torch.zeros((), dtype=torch.bfloat16)  # the same without random rounding
    for _ in range(1000):
        nearest = nearest.float().lerp(torch.ones(()), 0.002).bfloat16()
    assert float(nearest) < 0.6


def test_a_small_positive_value_is_never_stored_as_zero() -> None:
    value = torch.tensor([[1.0, 1e-9, 0.0]])
    kept = Kept(Logarithmic8, (1, 3))
    kept.store(value)
    one, small, zero = kept.load()[0].tolist()
    assert one == 1.0
    assert small == pytest.approx(2 ** (-254 / 16))
    assert zero == 0.0


def test_blocks_do_not_spill_into_each_other() -> None:
    value = torch.zeros(5, 64)
    value[2] = 2.0**20
    value[3, 7] = 2.0**-20
    for kind in (SquareRoot8, SquareRoot7, Logarithmic8):
        kept = Kept(kind, (5, 64))
        kept.store(value)
        assert torch.equal(kept.load(), value)


@given(shape=st.tuples(st.integers(1, 9), st.integers(1, 9)), limit=st.integers(1, 90))
def test_factored_keeps_row_and_column_means(shape: tuple[int, int], limit: int) -> None:
    value = torch.rand(shape, generator=torch.Generator().manual_seed(limit)).square()
    kept = Kept(Factored, shape, limit)
    kept.store(value)
    torch.testing.assert_close(kept.load().mean(1), value.mean(1))
    torch.testing.assert_close(kept.load().mean(0), value.mean(0))
    product = torch.outer(torch.arange(1.0, shape[0] + 1), torch.arange(2.0, shape[1] + 2))
    kept.store(product)
    torch.testing.assert_close(kept.load(), product)


def test_factored_means_follow_adafactor() -> None:
    """R <- b R + (1 - b) rowmean(g^2) and C alike (arXiv 1804.04235, alg. 4 without its regularisation)."""
    kept, rows, columns = Kept(Factored, (6, 4)), torch.zeros(6), torch.zeros(4)
    g = torch.Generator().manual_seed(0)
    for _ in range(20):
        square = torch.randn(6, 4, generator=g).square()
        kept.lerp(square, 0.1)
        rows.lerp_(square.mean(1), 0.1)
        columns.lerp_(square.mean(0), 0.1)
    torch.testing.assert_close(kept.load(), torch.outer(rows, columns) / rows.mean())


@pytest.mark.parametrize(
    ("kind", "bytes_per_weight"),
    [
        (Float32, 4),
        (BFloat16, 2),
        (SquareRoot8, 1 + 2 / 64),
        (SquareRoot7, 7 / 8 + 2 / 64),
        (Logarithmic8, 1 + 2 / 64),
    ],
)
def test_what_is_held_takes_the_stated_memory(kind: type[Moment], bytes_per_weight: float) -> None:
    held = Kept(kind, (512, 640)).held.values()
    total = sum(tensor.numel() * tensor.element_size() for tensor in held)
    assert total == pytest.approx(bytes_per_weight * 512 * 640, rel=0.001)
