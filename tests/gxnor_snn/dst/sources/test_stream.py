import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.dst.draws import Draws, Scratch, seeded_stream
from gxnor_snn.dst.sources import Stream
from gxnor_snn.dst.tiles import tiles

CPU = torch.device("cpu")
SCRATCH = Scratch(CPU)


def candidates(bound: torch.Tensor, peak: float, source: Draws) -> tuple[torch.Tensor, torch.Tensor]:
    """Those of the candidates whose U does lie below the bound."""
    index, uniform = Stream().candidates({}, tiles((len(bound),), 1 << 18)[0], 128 * bound, 128 * peak, source)
    below = uniform < bound[index].abs()
    return index[below], uniform[below]


def draws(seed: int = 0) -> Draws:
    return Draws(torch.Generator().manual_seed(seed), SCRATCH)


@pytest.mark.parametrize("peak", [1e-4, 0.01, 1 / 16, 0.0626, 0.3, 0.999, 1.0, 7.0])
def test_candidates_are_independent_trials_with_their_own_probabilities(peak: float) -> None:
    n, rounds = 8000, 60
    bound = torch.linspace(-peak, peak, n)
    hits, seen, source = torch.zeros(n), [], draws(1)
    for _ in range(rounds):
        index, uniform = candidates(bound, peak, source)
        assert (index.diff() > 0).all()
        assert (uniform >= 0).all()
        hits[index] += 1
        seen.append(uniform / bound[index].abs().clamp(max=1))
    for block_hits, block_bound in zip(hits.view(16, -1), bound.abs().clamp(max=1).view(16, -1), strict=True):
        expected, variance = float(block_bound.sum()), float((block_bound * (1 - block_bound)).sum())
        assert abs(float(block_hits.sum()) - rounds * expected) <= 4.5 * math.sqrt(rounds * variance) + 1e-6
    inside = torch.cat(seen)  # U given that it is below the bound is uniform
    counts = torch.histc(inside.float(), 10, 0, 1)
    assert float(((counts - len(inside) / 10) ** 2).sum() / (len(inside) / 10)) < 35


def test_neighbours_are_independent() -> None:
    for peak in (0.05, 0.4):
        hits, source = torch.zeros(200, 1000), draws(2)
        for row in hits:
            row[candidates(torch.full((1000,), peak), peak, source)[0]] = 1
        pairs = float((hits[:, 1:] * hits[:, :-1]).sum())
        n = hits[:, 1:].numel()
        assert abs(pairs - n * peak**2) < 5 * math.sqrt(n * peak**2)


def test_a_bound_of_zero_is_never_met() -> None:
    for bound in (torch.zeros(1000), torch.zeros(1000).index_fill_(0, torch.tensor([5]), 1.0)):
        index, _ = candidates(bound, float(bound.max()), draws())
        assert set(index.tolist()) <= {5}


@given(st.integers(1, 300), st.floats(1e-30, 1e30), st.integers(0, 2**32))
def test_every_size_and_bound_is_taken(n: int, peak: float, seed: int) -> None:
    bound = torch.full((n,), peak, dtype=torch.float32)
    index, uniform = candidates(bound, float(bound.max()), draws(seed))
    assert len(index) == len(uniform) == len(set(index.tolist()))
    assert peak < 1 or len(index) == n
    assert not len(index) or 0 <= int(index[0]) <= int(index[-1]) < n


def test_streams_differ_by_seed_and_index() -> None:
    first = [
        int(torch.randint(2**62, (), generator=seeded_stream(s, i, CPU))) for s in range(40) for i in range(40)
    ]
    assert len(set(first)) == 1600
