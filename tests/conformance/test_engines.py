"""One suite for all engines: whatever runs a graph gives what the reference gives, or refuses."""

import shutil
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims import Engine, get_engine
from gxnor_sims.brian2 import Brian2Engine, RandomDelays
from gxnor_snn.errors import EngineError, InputError, MissingDependencyError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, execute
from tests.gxnor_snn.graph.small import small_graph, small_input

from .compare import assert_same, assert_same_sums
from .engines import ENGINES, counts_of
from .graphs import event_graphs, random_inputs

ALL = [*ENGINES, "torch-cpu", "torch-cuda", "brian2-numpy"]


@cache
def engine_named(name: str) -> Engine:
    """An engine of `ENGINES`, or torch or Brian2 on what is behind the dash; the test skips where that is missing."""
    if name in ENGINES:
        return ENGINES[name]
    if name.startswith("torch-"):
        try:
            return get_engine("torch", device=name.removeprefix("torch-"))
        except EngineError as error:
            pytest.skip(str(error))
    target = name.removeprefix("brian2-")
    if target != "numpy" and not (shutil.which("g++") and shutil.which("make")):
        pytest.skip("no C++ compiler on this machine")
    try:
        return Brian2Engine(target)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def check(engine: Engine, graph: EventGraph, x: dict[str, np.ndarray], **options: object) -> bool:
    """Compare one engine with the reference walk; False if the engine rightly refuses the graph."""
    reason = engine.supports(graph)
    if reason is not None:
        with pytest.raises(UnsupportedGraphError):
            engine.run(graph, x)
        return False
    expected = execute(graph, x, record="all", counts=str(options.get("counts", "basic")))
    assert_same(expected, engine.run(graph, x, record="all", **options))
    return True


@settings(max_examples=300, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([1, 2, 5, 64, 65]))
def test_random_graphs_run_the_same_on_every_engine(graph: EventGraph, seed: int, n: int) -> None:
    x = random_inputs(graph, n, seed)
    for name, engine in ENGINES.items():
        counts = counts_of(name, full=seed // 4 % 2 == 1)
        check(engine, graph, x, counts=counts, threads=1 + seed % 3, batch=[None, 1, 7, 40][seed % 4])


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@settings(max_examples=40, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([1, 2, 65]))
def test_random_graphs_run_the_same_on_torch(device: str, graph: EventGraph, seed: int, n: int) -> None:
    engine, x = engine_named(f"torch-{device}"), random_inputs(graph, n, seed)
    counts, batch = ["basic", "full"][seed % 2], [None, 1, 7, 40][seed // 2 % 4]
    expected = execute(graph, x, record="all", counts=counts)
    trace = engine.run(graph, x, record="all", counts=counts, batch=batch)
    assert_same(expected, trace)
    assert_same_sums(expected, trace)


@settings(max_examples=30, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([1, 2, 5]))
def test_random_graphs_run_the_same_on_brian2(graph: EventGraph, seed: int, n: int) -> None:
    x = random_inputs(graph, n, seed)
    engine_named("brian2-numpy")
    engine = Brian2Engine(delays=RandomDelays(0, 3, seed) if seed % 2 else None)
    check(engine, graph, x, counts=["basic", "full"][seed // 2 % 2], batch=[None, 2][seed // 4 % 2])


@pytest.mark.parametrize("engine", ["brian2-cython", "brian2-cpp_standalone"])
def test_a_net_with_everything_runs_the_same_compiled(engine: str) -> None:
    for n in (33, 1, 0):
        assert check(engine_named(engine), small_graph(), {"input": small_input(n)}, batch=16)


@pytest.mark.parametrize(
    ("engine", "n"),
    [(e, n) for e in ENGINES for n in (0, 1, 2, 63, 64, 65, 511, 512, 513, 1100)]
    + [(e, n) for e in ("torch-cpu", "torch-cuda", "brian2-numpy") for n in (0, 1, 63)],
)
def test_batches_of_every_size(engine: str, n: int) -> None:
    graph = small_graph()
    assert_same(
        execute(graph, small_input(n), record="all"),
        engine_named(engine).run(graph, small_input(n), record="all"),
    )


@pytest.mark.parametrize("engine", ALL)
def test_recording_and_counting_do_what_they_are_asked(engine: str) -> None:
    graph, x = small_graph(), small_input()
    trace = engine_named(engine).run(graph, x, record=["relay"], counts="none")
    assert list(trace.spikes) == ["relay"]
    assert trace.counts is None
    assert trace.engine == engine_named(engine).name
    assert engine_named(engine).run(graph, x).spikes == {}


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize(
    ("x", "options"),
    [
        (small_input().astype(float), {}),
        (small_input()[:, :1], {}),
        (np.full((1, 2, 6, 6), 300), {}),
        (small_input(), {"record": ["nope"]}),
        (small_input(), {"counts": "some"}),
        (small_input(), {"threads": 0}),
        (small_input(), {"batch": 0}),
    ],
)
def test_bad_arguments_are_refused_alike(engine: str, x: np.ndarray, options: dict) -> None:
    with pytest.raises(InputError):
        engine_named(engine).run(small_graph(), x, **options)


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(EngineError, match="unknown engine 'warp'; allowed are reference, native"):
        get_engine("warp")
    with pytest.raises(EngineError, match="allowed is a name or an object"):
        get_engine(3)  # type: ignore[arg-type]
