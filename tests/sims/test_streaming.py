"""However the samples are given, whatever the piece: the same trace as of the whole array, from every engine."""

import gc
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims import get_engine, pieces, simulate, stream
from gxnor_snn.errors import InputError, MissingDependencyError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Counts, EventTrace
from tests.conformance.compare import assert_same, assert_same_counts
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph, small_input

ENGINES = ["native", "reference", "torch", "brian2"]


def parts_of(x: dict[str, np.ndarray], seed: int) -> Iterator[dict[str, np.ndarray]]:
    """The samples in batches of random sizes, empty ones among them."""
    rng = np.random.default_rng(seed)
    total = len(next(iter(x.values())))
    ends = np.sort(rng.integers(0, total + 1, 3)).tolist()
    for start, stop in itertools.pairwise([0, *ends, total]):
        yield {name: a[start:stop] for name, a in x.items()}


@settings(max_examples=60, deadline=None)
@given(
    graph=event_graphs(),
    seed=st.integers(0, 999),
    n=st.sampled_from([0, 1, 5, 64, 65]),
    limit=st.sampled_from([1, 3000, 1 << 26]),
    engine=st.sampled_from(["native", "reference", "torch"]),
)
def test_batches_of_any_size_give_what_the_whole_gives(
    graph: EventGraph, seed: int, n: int, limit: int, engine: str
) -> None:
    x = random_inputs(graph, n, seed)
    expected = execute(graph, x, record="all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", limit)
        assert_same(expected, simulate(graph, parts_of(x, seed), engine, record="all"))
        events = simulate(graph, parts_of(x, seed), engine, record="all", record_as="events", summed=True)
        traces = list(stream(graph, x, engine, record="all", piece=1 + seed % 9))
    assert_same(expected, EventTrace.concatenate(traces, 0.0))
    assert events.spikes == {}
    assert events.sums is None
    for name, levels in expected.spikes.items():
        dense = events.events[name].dense()
        assert dense.dtype == levels.dtype
        np.testing.assert_array_equal(dense, levels)
    np.testing.assert_equal(dict(events.readouts), dict(expected.readouts))
    assert expected.counts is not None
    assert events.counts is not None
    assert_same_counts(expected.counts.summed(), events.counts)
    assert_same_counts(expected.counts.summed(), Counts.total(t.counts for t in traces if t.counts is not None))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_streams(engine: str) -> None:
    graph, x = small_graph(), small_input(11)
    try:
        chosen = get_engine(engine)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    counts = "basic" if engine == "native" else "full"
    told: list[int] = []
    options: dict[str, Any] = {"counts": counts, "record": "all", "progress": told.append}
    trace = simulate(graph, (x[i : i + 4] for i in range(0, 11, 4)), chosen, record_as="events", **options)
    expected = execute(graph, x, counts=counts, record="all")
    assert trace.counts is not None
    assert expected.counts is not None
    assert_same_counts(expected.counts, trace.counts)
    assert {n: e.dense().tolist() for n, e in trace.events.items()} == {
        n: levels.tolist() for n, levels in expected.spikes.items()
    }
    assert sum(told) == 11
    told.clear()
    simulate(graph, x, chosen, **options)
    assert sum(told) == 11


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["uint8", ">i2", "int64"])
def test_memory_maps(order: Any, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, x = small_graph(), np.asarray(small_input(1100), dtype=dtype, order=order)
    np.save(tmp_path / "x.npy", x)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100_000)
    expected = execute(graph, x)
    for mode in ("r", "r+", "c"):
        mapped = np.load(tmp_path / "x.npy", mmap_mode=mode)
        assert_same(expected, simulate(graph, mapped))
        assert_same(expected, simulate(graph, {"input": np.asarray(mapped)[:]}))
        backwards = simulate(graph, mapped[::-1], summed=True)
        np.testing.assert_array_equal(backwards.readouts["out"], expected.readouts["out"][::-1])
    private = np.load(tmp_path / "x.npy", mmap_mode="c")
    private[:] = 0
    simulate(graph, private, summed=True)
    assert not private.any()  # what was written to private pages is still there


class InFile:
    """An array inside a file as h5py gives it: a dtype, a shape, slices."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.dtype, self.shape = array.dtype, array.shape
        self.most = 0

    def __getitem__(self, key: slice) -> np.ndarray:
        part: np.ndarray = self._array[key]
        self.most = max(self.most, len(part))
        return part


def test_arrays_inside_files_are_read_by_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, held = small_graph(), InFile(small_input(1500))
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)
    assert_same(execute(graph, small_input(1500)), simulate(graph, held))
    assert held.most == get_engine("native").lanes  # type: ignore[attr-defined]


def test_a_loader_of_torch_gives_batches() -> None:
    from torch.utils.data import DataLoader

    graph, x = small_graph(), small_input(9)
    loader: Any = DataLoader([*x], batch_size=4)  # type: ignore[arg-type]
    assert_same(execute(graph, x), simulate(graph, loader))
    assert [trace.n_samples for trace in stream(graph, loader)] == [4, 4, 1]


def test_one_trace_per_batch_of_an_iterable(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, x = small_graph(), small_input(9)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1)
    sizes = [4, 0, 5]
    batches = (x[:size] for size in sizes)
    assert [t.n_samples for t in stream(graph, batches, "reference")] == sizes
    assert [t.n_samples for t in stream(graph, x, piece=4)] == [4, 4, 1]
    assert list(stream(graph, iter([]))) == []
    assert simulate(graph, iter([])).n_samples == 0


def test_errors_name_the_sample_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, x = small_graph(), small_input(2000).astype(np.int16)
    x[1234, 0, 3, 2] = 300
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100_000)
    for engine in ("native", "reference", "torch"):
        for samples in (x, np.asfortranarray(x), (x[i : i + 100] for i in range(0, 2000, 100))):
            with pytest.raises(InputError, match=r"input 'input': sample 1234 holds 300, allowed are "):
                simulate(graph, samples, engine)
    with pytest.raises(InputError, match=r"batch 2: input 'input': shape is \(3, 1\), allowed is"):
        simulate(graph, iter([x[:1], x[:2], x[:3, 0, 0, :1]]))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"counts": "some"}, "counts is 'some', allowed are"),
        ({"record": ["nope"]}, "'nope' is not a population"),
        ({"record_as": "dense"}, "record_as is 'dense', allowed are levels, events"),
        ({"piece": 0}, "piece is 0, allowed is"),
        ({"threads": 0}, "threads is 0, allowed is"),
    ],
)
def test_arguments_are_checked_before_anything_is_fetched(options: dict[str, Any], match: str) -> None:
    fetched: list[int] = []
    batches = (fetched.append(i) for i in range(3))
    with pytest.raises(InputError, match=match):
        stream(small_graph(), batches, **options)
    assert fetched == []
    if "piece" not in options:
        with pytest.raises(InputError, match=match):
            simulate(small_graph(), small_input(2), **options)
    with pytest.raises(InputError, match="float64, allowed are integers"):
        stream(small_graph(), small_input(2).astype(float))


@pytest.mark.parametrize(
    "ends", ["exhausted", "closed", "bad batch", "unsupported", "interrupt", "failing callback"]
)
def test_a_generator_is_closed_and_nothing_stays_behind(ends: str) -> None:
    graph, x, closed = small_graph(), small_input(4), []

    def batches() -> Iterator[np.ndarray]:
        try:
            yield x
            if ends == "interrupt":
                raise KeyboardInterrupt
            yield x.astype(float) if ends == "bad batch" else x
        finally:
            closed.append(True)

    def fail(done: int) -> None:
        raise LookupError(f"after {done}")

    before = threading.active_count()
    if ends == "exhausted":
        assert simulate(graph, batches(), progress=True).n_samples == 8
    elif ends == "closed":
        traces = stream(graph, batches(), progress=True)
        assert next(traces).n_samples == 4
        assert closed == []
        traces.close()  # type: ignore[attr-defined]
    elif ends == "failing callback":
        with pytest.raises(LookupError, match="after 4"):
            simulate(graph, batches(), progress=fail)
    else:
        errors: dict[str, type[BaseException]] = {
            "bad batch": InputError,
            "unsupported": UnsupportedGraphError,
            "interrupt": KeyboardInterrupt,
        }
        engine = _Refuses() if ends == "unsupported" else "native"
        with pytest.raises(errors[ends]) as held:
            simulate(graph, batches(), engine, progress=True)  # type: ignore[arg-type]
        assert closed == [True]  # while the traceback is alive, too
        del held
    assert closed == [True]
    gc.collect()
    assert threading.active_count() == before


class _Refuses:
    name = "refuses"

    def supports(self, graph: EventGraph) -> str:
        return "no graph at all"

    def run(self, graph: EventGraph, x: Any, **options: Any) -> EventTrace:
        raise UnsupportedGraphError("no graph at all")
