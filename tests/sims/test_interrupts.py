"""Ctrl-C ends a stream in whatever it does, and leaves no thread, no open source and no file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gxnor_sims import pieces, simulate, stream
from gxnor_snn.graph import EventGraph, check_input, execute
from tests.conformance.compare import assert_same
from tests.gxnor_snn.graph.small import small_graph, small_input
from tests.sims.native.nets import deep, ternary


@pytest.fixture
def after_a_while() -> Iterator[threading.Timer]:
    """A signal as Ctrl-C sends it, in the middle of the test once its timer is started."""
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    yield timer
    timer.cancel()
    timer.join()


def endless(graph: EventGraph, closed: list[bool], wait: float = 0.0) -> Iterator[np.ndarray]:
    """One batch after another, until closed."""
    x = ternary(np.random.default_rng(0), 700, 90)
    try:
        while True:
            time.sleep(wait)
            yield x
    finally:
        closed.append(True)


@pytest.mark.parametrize("engine", ["native", "reference", "torch"])
@pytest.mark.parametrize("wait", [0.0, 100.0])
def test_streams_of_every_engine(engine: str, wait: float, after_a_while: threading.Timer) -> None:
    graph = deep()
    closed: list[bool] = []
    simulate(graph, np.zeros((1, 90), np.int8), engine)
    before = set(threading.enumerate())
    traces = stream(graph, endless(graph, closed, wait), engine, record="all", record_as="events", progress=True)
    after_a_while.start()
    with pytest.raises(KeyboardInterrupt):
        deque(traces, maxlen=0)
    assert closed == [True]
    for thread in set(threading.enumerate()) - before:  # the bar's thread was told to end
        thread.join(10)
        assert not thread.is_alive()
    assert_same(execute(small_graph(), small_input(3)), simulate(small_graph(), small_input(3), engine))


def test_levels_of_a_huge_array_are_being_checked(after_a_while: threading.Timer) -> None:
    x = np.broadcast_to(np.int8(0), (1 << 42, 90))
    after_a_while.start()
    with pytest.raises(KeyboardInterrupt):
        check_input(deep(), x)


def test_a_huge_memory_map_is_never_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the 360 GB that the file says it holds the first pieces are run; nothing looks at the rest before."""
    path = tmp_path / "x.dat"
    with path.open("wb") as file:
        try:
            file.truncate(90 << 32)
        except OSError:
            pytest.skip("this file system holds no sparse files")
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1 << 20)
    x = np.memmap(path, np.int8, "r", shape=(1 << 32, 90))
    traces = stream(deep(), x)
    assert [len(next(traces).predictions) > 0 for _ in range(2)] == [True, True]


_COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from gxnor_sims import streaming
release = streaming.release
def told(arrays):
    release(arrays)
    print("a piece is done", flush=True)
streaming.release = told
from gxnor_snn.cli import main
main()
"""


def test_the_command_line_leaves_no_file(tmp_path: Path) -> None:
    graph = deep(inputs=64)
    graph.save(tmp_path / "graph.safetensors")
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.int8, (1 << 22, 64)).flush()
    words = ["simulate", tmp_path / "graph.safetensors", "--input", tmp_path / "x.npy", "--engine", "reference"]
    words += ["--record", "all", "--events", "--summed", "--out", tmp_path / "trace.npz"]
    running = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "a piece is done\n"
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert (running.returncode, stderr) == (130, "gxnor: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.safetensors", "x.npy"]
