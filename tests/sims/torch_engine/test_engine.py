"""Engine `torch`: thresholds met exactly, wide levels, sums beyond int32, memory, options, devices."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims import Engine, engines, get_engine, simulate
from gxnor_sims.torch_engine.arithmetic import Arithmetic
from gxnor_sims.torch_engine.plan import Plan
from gxnor_sims.torch_engine.walk import walk
from gxnor_snn.errors import EngineError, InputError, UnsupportedGraphError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Readout, Spiking, execute
from tests.conformance.compare import assert_same, assert_same_sums
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph, small_input


def agree(graph: EventGraph, x: np.ndarray, **options: object) -> None:
    engine = get_engine("torch", **options)
    for counts in ("basic", "full"):
        expected = execute(graph, x, record="all", counts=counts)
        trace = engine.run(graph, x, record="all", counts=counts)
        assert_same(expected, trace)
        assert_same_sums(expected, trace)


def dense(levels: Coding, weights: np.ndarray, coding: Coding, gain: int = 1) -> EventGraph:
    return EventGraph(
        [
            Input(name="in", shape=(weights.shape[1],), coding=levels),
            Readout(name="out", shape=(len(weights),), scale=np.ones(len(weights)), offset=np.zeros(len(weights))),
        ],
        [Dense(name="fc", source="in", target="out", weights=weights, coding=coding, gain=gain)],
    )


def test_it_is_found_by_name() -> None:
    assert "torch" in engines()
    engine = get_engine("torch")
    assert isinstance(engine, Engine)
    assert repr(engine) == "TorchEngine(device='cpu')"
    assert simulate(small_graph(), small_input(), "torch").engine == "torch"
    with pytest.raises(InputError, match="no option 'target'"):
        get_engine("torch", target="numpy")
    with pytest.raises(InputError, match="memory is 0"):
        get_engine("torch", memory=0)


@pytest.mark.parametrize("increasing", [True, False])
@pytest.mark.parametrize("coding", [Coding.ternary(), Coding.signmag(3), Coding.bits(8), Coding.bits(8, lo=200)])
def test_sums_at_thresholds_and_beside_them(coding: Coding, increasing: bool) -> None:
    every = Coding.signmag(9)
    thresholds = np.tile(np.linspace(-250, 250, coding.n_thresholds).astype(np.int64), (3, 1))
    graph = EventGraph(
        [
            Input(name="in", shape=(3,), coding=every),
            Spiking(
                name="spk",
                shape=(3,),
                coding=coding,
                thresholds=thresholds,
                increasing=np.full(3, increasing),
            ),
            Readout(name="out", shape=(3,), scale=np.ones(3), offset=np.zeros(3)),
        ],
        [Identity(name="a", source="in", target="spk"), Identity(name="b", source="spk", target="out")],
    )
    near = np.concatenate([thresholds.T, thresholds.T - 1, thresholds.T + 1, [[-256] * 3, [256] * 3, [0] * 3]])
    agree(graph, near.clip(-256, 256))


@pytest.mark.parametrize(
    ("levels", "weights"),
    [
        (Coding.bits(8), Coding.signmag(8)),
        (Coding.signmag(15, lo=-32767, hi=32767), Coding.signmag(16)),
        (Coding.pm1(12), Coding.pm1(9)),
        (Coding.signmag(15, lo=-32768 + 1, hi=0), Coding.signmag(30)),
        (Coding.bits(8, lo=100, hi=200), Coding.ternary()),
    ],
)
def test_wide_levels_and_weights_are_split_into_digits(levels: Coding, weights: Coding) -> None:
    rng = np.random.default_rng(0)
    ends = np.array([levels.lo, levels.hi])
    shape, kernel = (2, 5, 4), (4, 1, 3, 2)
    drawn = rng.integers(0, weights.n_levels if weights.n_planes < 20 else 1 << 30, kernel)
    graph = EventGraph(
        [
            Input(name="in", shape=shape, coding=levels),
            Readout(name="out", shape=(4, 3, 5), scale=np.ones(4), offset=np.zeros(4)),
        ],
        [
            Conv2d(
                name="conv",
                source="in",
                target="out",
                weights=weights.lo + weights.stride * drawn,
                coding=weights,
                stride=(2, 1),
                padding=(1, 1, 1, 1),
                groups=2,
            )
        ],
    )
    x = np.concatenate([rng.choice(ends, (4, *shape)), np.broadcast_to(ends[:, None, None, None], (2, *shape))])
    expected, trace = execute(graph, x), get_engine("torch").run(graph, x)
    assert_same(expected, trace)


def test_sums_beyond_int32_are_cut_and_added_in_int64() -> None:
    """140,000 products of 127 * 127 pass 2^31; the plan says so, and cuts the shared axis."""
    n, coding = 140_000, Coding.signmag(7, lo=-127, hi=127)
    weights = np.full((2, n), 127)
    weights[1, ::2] = -127
    graph, engine = dense(coding, weights, coding), get_engine("torch")
    x = np.full((3, n), 127, np.int8)
    x[1], x[2, ::2] = -127, -127
    trace = engine.run(graph, x)
    total = 127 * 127 * n
    assert total > 1 << 31
    assert trace.readouts["out"].tolist() == [[total, 0], [-total, 0], [0, total]]
    row = next(line for line in engine.plan(graph).describe().splitlines() if line.startswith("fc"))
    assert row.split()[1:5] == ["1x1", "2", f"{total // 2:,}", "int64"]


def test_gains_may_take_sums_beyond_int32() -> None:
    graph = dense(Coding.ternary(), np.ones((1, 9), np.int8), Coding.ternary(), gain=-(2**31) + 1)
    assert get_engine("torch").run(graph, np.ones((1, 9), np.int8)).readouts["out"].tolist() == [
        [-9 * (2**31 - 1)]
    ]


@settings(max_examples=15, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([0, 1, 30]))
def test_shapes_of_gpus_and_digits_of_narrow_cpus_change_nothing(graph: EventGraph, seed: int, n: int) -> None:
    x = random_inputs(graph, n, seed)
    plan = Plan(graph, Arithmetic(torch.device("cpu"), 7, 8, 24), memory=1 << 16)
    trace = walk(graph, plan, x, tuple(p for p in graph.populations if p not in graph.readouts), "full")
    expected = execute(graph, x, record="all", counts="full")
    assert_same(expected, trace)
    assert_same_sums(expected, trace)


def test_batches_follow_the_memory_allowed() -> None:
    graph, x = small_graph(), small_input(50)
    small, large = get_engine("torch", memory=1 << 14), get_engine("torch")
    assert small.plan(graph).batch < 10 < large.plan(graph).batch
    assert_same(small.run(graph, x, record="all"), large.run(graph, x, record="all"))


def test_a_full_gpu_is_named(monkeypatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr("gxnor_sims.torch_engine.engine.walk", full)
    with pytest.raises(EngineError, match="3 samples at once do not fit into the memory of cpu"):
        get_engine("torch").run(small_graph(), small_input(), batch=3)


def test_a_plan_is_kept_as_long_as_its_graph() -> None:
    import gc
    import weakref

    engine, graph = get_engine("torch"), small_graph()
    plan = engine.plan(graph)
    engine.run(graph, small_input(), counts="full")
    assert engine.plan(graph) is plan
    gone = weakref.ref(plan)
    del graph, plan
    gc.collect()
    assert gone() is None


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    simulate(small_graph(), small_input(), "torch", threads=before + 1)
    assert torch.get_num_threads() == before


def test_kinds_it_does_not_know_are_refused() -> None:
    class Odd(Dense):
        kind = "odd"

    populations = [*small_graph().populations.values()]
    projections = [
        Odd(name=p.name, source=p.source, target=p.target, weights=p.weights, coding=p.coding, gain=p.gain)
        if p.name == "fc"
        else p
        for p in small_graph().projections.values()
    ]
    graph, engine = EventGraph(populations, projections), get_engine("torch")
    assert "'odd', allowed are dense, conv2d" in str(engine.supports(graph))
    with pytest.raises(UnsupportedGraphError, match="engine 'torch': projection 'fc' is of kind 'odd'"):
        engine.run(graph, small_input())


def test_cpus_without_dot_products_are_exact() -> None:
    """oneDNN told to do without 8-bit dot products saturates; the engine must notice."""
    code = (
        "import numpy as np\n"
        "from gxnor_sims import get_engine\n"
        "from gxnor_snn.graph import execute\n"
        "from tests.sims.torch_engine.test_engine import dense, Coding\n"
        "c = Coding.signmag(8, lo=-127, hi=127)\n"
        "g = dense(Coding.bits(8), np.full((8, 64), 127), c)\n"
        "x = np.full((24, 64), 255, np.uint8)\n"
        "e = get_engine('torch')\n"
        "print(np.array_equal(e.run(g, x).readouts['out'], execute(g, x).readouts['out']))\n"
    )
    env = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout == "True\n", done.stderr


def test_torch_is_not_imported_before_the_engine_is_made() -> None:
    code = (
        "import sys, gxnor_sims, gxnor_snn.graph\n"
        "gxnor_sims.engines()\n"
        "assert 'torch' not in sys.modules\n"
        "gxnor_sims.get_engine('torch')\n"
        "assert 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
