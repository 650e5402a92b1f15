"""A run as a guest of the process: interrupts, threads, memory."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from gxnor_sims.native import NativeEngine
from gxnor_snn.graph import Conv2d, Dense, EventGraph, Input, execute
from tests.conformance.compare import assert_same
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import T, deep, readout, spiking, ternary


def long_run() -> tuple[EventGraph, np.ndarray]:
    """Work for many seconds in few weights."""
    rng = np.random.default_rng(0)
    names = ["in", "a", "b", "c", "d"]
    shape = (64, 64, 64)
    layers = [
        Conv2d(
            name=f"to_{b}",
            source=a,
            target=b,
            weights=ternary(rng, 64, 1 if a == "in" else 64, 3, 3),
            coding=T,
            padding=(1, 1, 1, 1),
        )
        for a, b in itertools.pairwise(names)
    ]
    last = Conv2d(name="last", source="d", target="out", weights=ternary(rng, 1, 64, 64, 64), coding=T)
    graph = EventGraph(
        [
            Input(name="in", shape=(1, 64, 64), coding=T),
            *[spiking(n, shape, [-2, 3]) for n in names[1:]],
            readout(1, 1, 1),
        ],
        [*layers, last],
    )
    return graph, np.broadcast_to(ternary(rng, 1, 1, 64, 64), (1 << 14, 1, 64, 64))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("form", ["samples", "neurons"])
def test_an_interrupt_ends_the_run_and_leaves_no_thread(form: str, threads: int) -> None:
    graph, x = long_run()
    engine = NativeEngine("portable", form)
    engine.plan(graph)
    tasks = Path("/proc/self/task")
    before = len(list(tasks.iterdir())) if tasks.exists() else 0
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        engine.run(graph, x, threads=threads)
    timer.join()
    if tasks.exists():
        assert len(list(tasks.iterdir())) <= before
    small, y = small_graph(), small_input(3)
    assert_same(execute(small, y), engine.run(small, y))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_progress_callback_ends_the_run(threads: int) -> None:
    graph, x = long_run()
    engine = NativeEngine("portable")

    def fail(done: int) -> None:
        raise LookupError(f"after {done}")

    with pytest.raises(LookupError, match="after "):
        engine.plan(graph).program.run(
            "portable", len(x), [x], [np.empty((len(x), 1, 1, 1), np.int64)], [], None, 64, threads, fail
        )


def test_other_threads_run_meanwhile() -> None:
    """The lock of the interpreter is free during a run, and runs of one plan do not disturb each other."""
    graph, x = deep(width=300), ternary(np.random.default_rng(0), 3000, 90)
    expected = execute(graph, x)
    traces = {}

    def work(key: int) -> None:
        traces[key] = NativeEngine().run(graph, x, threads=2)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for trace in traces.values():
        assert_same(expected, trace)
    assert len(traces) == 4


_MEMORY = """
import resource
import numpy as np
from gxnor_sims.native import NativeEngine
from tests.sims.native.nets import conv, ternary
rng = np.random.default_rng(0)
graph = conv(ternary(rng, 64, 4, 3, 3), (4, 16, 16), padding=(1, 1, 1, 1), stride=(4, 4))
engine = NativeEngine()
block = ternary(rng, 512, 4, 16, 16)
x = np.concatenate([block] * 40)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
engine.run(graph, x[:512], threads=1)
before = peak()
trace = engine.run(graph, x, threads=1)
assert (trace.readouts["out"].reshape(40, -1) == trace.readouts["out"][:512].reshape(1, -1)).all()
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_number_of_samples() -> None:
    """40 blocks need what is kept of them (readouts and counts, 4 MB), not 40 times a block's planes or levels."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 16_000_000


def test_dense_and_wide_sums_in_one_graph_keep_their_own_counters() -> None:
    rng = np.random.default_rng(2)
    graph = EventGraph(
        [Input(name="in", shape=(5000,), coding=T), spiking("s", (3,), [-1, 1]), readout(2)],
        [
            Dense(name="a", source="in", target="s", weights=ternary(rng, 3, 5000), coding=T),
            Dense(name="b", source="s", target="out", weights=ternary(rng, 2, 3), coding=T),
        ],
    )
    x = ternary(rng, 130, 5000)
    assert_same(execute(graph, x, record="all"), NativeEngine().run(graph, x, record="all"))
