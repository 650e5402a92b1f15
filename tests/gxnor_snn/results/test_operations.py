"""The table of operations, against the papers' for uniform states and against counts made by hand."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Readout, Relay, Spiking, execute
from gxnor_snn.results import Counts, OpRow, SynapseCounts, op_counts

T, B = Coding.ternary(), Coding.pm1(1)
M, N = 21, 4


def dense(weights: Coding, activations: Coding) -> EventGraph:
    return EventGraph(
        [
            Input(name="in", shape=(M,), coding=activations),
            Readout(name="out", shape=(N,), scale=np.ones(N), offset=np.zeros(N)),
        ],
        [Dense(name="fc", source="in", target="out", weights=np.ones((N, M), int), coding=weights)],
    )


def by_hand(n_samples: int = 2, **given: int) -> Counts:
    fields = {
        "n_dense": M * N,
        "n_x": 40,
        "n_w": 50,
        "n_gated": 30,
        "n_padded": M * N,
        "n_x_planes": 40,
        "n_xnor": 30,
    }
    arrays = {name: np.asarray(n_samples * value) for name, value in (fields | given).items()}
    return Counts(n_samples, {"fc": SynapseCounts(**arrays)}, {})


def row(rows: tuple[OpRow, ...], network: str, basis: str, layer: str | None = None) -> OpRow:
    (found,) = (r for r in rows if (r.network, r.basis, r.layer) == (network, basis, layer))
    return found


def test_the_papers_table_for_uniform_states() -> None:
    rows = op_counts(dense(T, T), by_hand())
    synapses = M * N

    def numbers(network: str, basis: str) -> tuple[Any, ...]:
        r = row(rows, network, basis)
        return r.multiplications, r.additions, r.xnor, r.bitcounts, r.resting

    assert numbers("full precision", "always") == (synapses, synapses, 0, 0, 0)
    assert numbers("BWN", "always") == (0, synapses, 0, 0, 0)
    assert numbers("TWN", "uniform") == pytest.approx((0, synapses * 2 / 3, 0, 0, 1 / 3))
    assert numbers("BNN", "always")[:2] == (0, 0)
    assert numbers("GXNOR", "uniform") == pytest.approx((0, 0, synapses * 4 / 9, N * (1 - (5 / 9) ** M), 5 / 9))


def test_measured_rows_are_the_counts_per_sample() -> None:
    rows = op_counts(dense(T, T), by_hand(n_bitcount=3))
    gxnor = row(rows, "GXNOR", "measured")
    assert (gxnor.xnor, gxnor.bitcounts, gxnor.resting) == (30, 3, 1 - 30 / (M * N))
    twn = row(rows, "TWN", "measured", "fc")
    assert (twn.additions, twn.resting) == (50, 1 - 50 / (M * N))
    assert row(op_counts(dense(T, T), by_hand()), "GXNOR", "measured").bitcounts is None


def test_binary_states_never_rest() -> None:
    rows = op_counts(dense(B, B), by_hand())
    for network in ("TWN", "GXNOR"):
        assert row(rows, network, "uniform").resting == 0
    assert row(rows, "GXNOR", "uniform").bitcounts == N
    mbn, bnn = (row(rows, n, "always") for n in ("MBN", "BNN"))
    assert (mbn.xnor, mbn.bitcounts, mbn.shift_adds) == (bnn.xnor, bnn.bitcounts, 0) == (M * N, N, 0)


@pytest.mark.parametrize(
    ("weights", "activations", "m", "k"),
    [
        (Coding.pm1(3), Coding.pm1(5), 3, 5),
        (T, T, 2, 2),
        (Coding.pm1(2), Coding.bits(8), 2, 8),
        (B, Coding.signmag(3), 1, 4),
    ],
)
def test_branches_take_as_many_bits_as_the_levels_need(
    weights: Coding, activations: Coding, m: int, k: int
) -> None:
    mbn = row(op_counts(dense(weights, activations), by_hand()), "MBN", "always")
    assert (mbn.xnor, mbn.bitcounts, mbn.shift_adds) == (m * k * M * N, m * k * N, (m * k - 1) * N)


def test_bnn_reads_pixels_in_bit_planes() -> None:
    assert row(op_counts(dense(B, Coding.bits(8)), by_hand()), "BNN", "always").xnor == 8 * M * N


def test_planes_of_unequal_weight_are_joined_by_shifted_additions() -> None:
    rows = op_counts(dense(T, Coding.bits(8)), by_hand())
    assert {row(rows, "GXNOR", basis).shift_adds for basis in ("uniform", "measured")} == {7 * N}
    assert row(op_counts(dense(T, T), by_hand()), "GXNOR", "measured").shift_adds == 0


@pytest.mark.parametrize(("coding", "bits"), [(T, 2), (B, 1), (Coding.pm1(3), 3), (Coding.signmag(3), 4)])
def test_stored_weights_take_the_bits_of_their_kind(coding: Coding, bits: int) -> None:
    rows = op_counts(dense(coding, T), by_hand())
    found = {(r.network, r.weight_bits) for r in rows}
    fixed = {("full precision", 32), ("BWN", 1), ("TWN", 2), ("BNN", 1)}
    assert found == fixed | {("GXNOR", bits), ("MBN", bits)}
    assert {(r.synapses, r.weights) for r in rows} == {(M * N, M * N)}


@dataclass
class Analysis:
    layers: tuple[Any, ...]


def test_shared_rows_scale_what_was_analysed() -> None:
    work = SimpleNamespace(maps=4.0, taps=10.0, additions=7.0)
    analysis = Analysis((SimpleNamespace(name="fc", positions=1, work={"mst": work}),))
    rows = op_counts(dense(T, T), by_hand(), analysis, ways=["mst"])
    measured, uniform = (row(rows, "shared mst", basis) for basis in ("measured", "uniform"))
    assert measured.xnor == pytest.approx(10 * 40 / (M * N))
    assert (measured.additions, uniform.additions) == (7, 7)
    assert (measured.counted, measured.shift_adds, measured.weight_bits) == (6, 0, None)
    assert uniform.xnor == pytest.approx(10 * 2 / 3)
    with pytest.raises(InputError, match="way 'inverses' was not analysed"):
        op_counts(dense(T, T), by_hand(), analysis)


def test_padding_makes_no_synapse_but_maps_are_added_up_everywhere() -> None:
    work = SimpleNamespace(
        maps=4.0, taps=10.0, additions=4.0 + 10 - 4
    )  # one of four kernels a map: 4 accumulations
    analysis = Analysis((SimpleNamespace(name="fc", positions=25, work={"inverses": work}),))
    for inside in (0.8, 0.1):  # the share of taps within the image
        counts = by_hand(n_padded=round(M * N / inside))
        shared = row(op_counts(dense(T, T), counts, analysis, ways=["inverses"]), "shared inverses", "measured")
        assert shared.additions - shared.counted == pytest.approx(4 * 25)
        assert shared.counted == pytest.approx(max(0, inside * 250 - 100))


def test_a_whole_run_layer_by_layer() -> None:
    rng = np.random.default_rng(0)
    graph = EventGraph(
        [
            Input(name="in", shape=(1, 6, 6), coding=Coding.bits(8)),
            Spiking(
                name="a",
                shape=(3, 6, 6),
                coding=T,
                thresholds=np.tile([-9, 9], (3, 1)),
                increasing=np.ones(3, bool),
            ),
            Relay(name="sums", shape=(3, 3, 3), kind="sum", lo=-4, hi=4),
            Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Conv2d(
                name="c",
                source="in",
                target="a",
                weights=rng.integers(-1, 2, (3, 1, 3, 3)),
                coding=T,
                padding=(1,) * 4,
            ),
            Pool2d(name="p", source="a", target="sums", mode="sum", kernel=(2, 2), stride=(2, 2)),
            Dense(name="fc", source="sums", target="out", weights=rng.integers(-1, 2, (2, 27)), coding=T),
        ],
    )
    counts = execute(graph, rng.integers(0, 256, (5, 1, 6, 6)).astype(np.uint8), counts="full").counts
    assert counts is not None
    rows = op_counts(graph, counts)
    total, c, fc = (row(rows, "GXNOR", "measured", layer) for layer in (None, "c", "fc"))
    assert c.xnor == np.mean(counts.synapses["c"].n_xnor)
    assert fc.additions == np.mean(counts.synapses["fc"].n_gated)  # sums are added
    assert (total.xnor, total.additions) == (c.xnor, fc.additions)
    assert total.resting == pytest.approx(counts.resting)
    assert op_counts(graph, counts.summed()) == rows


def test_counts_of_another_graph_are_refused() -> None:
    counts = by_hand()
    other = Counts(1, {"x": counts.projections["fc"]}, {})
    with pytest.raises(InputError, match="the graph's layers are fc"):
        op_counts(dense(T, T), other)
    with pytest.raises(InputError, match="0 samples"):
        op_counts(dense(T, T), by_hand(0))
