"""Rows of ``engine.py`` about the native engine alone: overhead, share of the floor, counting, zeros, memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import engine_nets as nets
import numpy as np
from engine_timing import LINE, Setting, take_turns, traced
from record import median_ratio

from gxnor_sims import _kernels, get_engine, simulate
from gxnor_sims.native import available_isas
from gxnor_snn.graph import EventGraph

CALLS = 500
PEAK_SAMPLES = 100_000


def overhead(setting: Setting) -> dict[str, Any]:
    """`simulate()` of one sample on a graph of two inputs and one sum, with and without reading its counts."""
    graph, x = nets.tiny(), np.array([[1, -1]], np.int8)

    def calls(read: bool) -> Callable[[], object]:
        def run() -> None:
            for _ in range(CALLS):
                trace = simulate(graph, x)
                if read:
                    assert trace.counts is not None
                    trace.counts.synapses["fc"].n_gated  # noqa: B018

        return run

    times = take_turns({"simulate": calls(False), "simulate, counts read": calls(True)}, setting)
    return {"microseconds": {name: 1e6 * median(values) / CALLS for name, values in times.items()}}


def floor(setting: Setting) -> dict[str, Any]:
    """Share of the time that two full adders per nonzero synapse and vector of lanes take at least.

    A full adder is two three-input operations on AVX-512, five two-input ones elsewhere; their rate is measured
    with all operands in registers, one core.
    """
    x = nets.ternary((1024, 1024), 0.5, seed=1)
    graph = nets.dense_layer(0.5)
    synapses = sum(int(np.count_nonzero(p.weights)) for p in graph.projections.values())  # type: ignore[attr-defined]
    rates = {isa: _kernels.measure_ops(isa, 0.3) for isa in available_isas()}
    times = take_turns({isa: traced(graph, x, 1, isa) for isa in rates}, setting, 3)
    found = {}
    for isa, (rate, ops_per_adder) in rates.items():
        engine: Any = get_engine("native", isa=isa)
        least = 2 * ops_per_adder * synapses * -(-len(x) // engine.lanes) / rate
        found[isa] = {
            "operations_per_second": rate,
            "operations_per_synapse": 2 * ops_per_adder,
            "floor_seconds": least,
            "seconds": median(times[isa]),
            "share": least / median(times[isa]),
            "share_at_best": least / min(times[isa]),
        }
    return found


def counting(setting: Setting) -> dict[str, Any]:
    """Time with basic counts over time without."""
    found = {}
    for name, (graph, x) in _counted(setting.trained).items():
        engine: Any = get_engine("native")
        engine.plan(graph)

        def without(engine: Any = engine, graph: EventGraph = graph, x: Any = x) -> object:
            return engine.run(graph, x, counts="none", threads=setting.threads)

        runs = {"with": traced(graph, x, setting.threads), "without": without}
        times = take_turns(runs, setting, 5 if name.startswith("dense") else 1)
        found[name] = median_ratio(times["with"], times["without"])
    return {"with_over_without": found}


def _counted(trained: Path | None) -> dict[str, tuple[EventGraph, Any]]:
    images = nets.mnist()
    work: dict[str, tuple[EventGraph, Any]] = {
        f"dense, {LINE}": (nets.dense_layer(0.5), nets.ternary((1024, 1024), 0.5, seed=1)),
        f"conv, {LINE}": (nets.conv_layer(0.5), nets.ternary((512, 128, 32, 32), 0.5, seed=1)),
        f"lenet, {LINE}": (nets.lenet_graph(0.5, images), images),
    }
    return work | ({"lenet, trained": (nets.trained_graph(trained), images)} if trained else {})


def zeros(setting: Setting) -> dict[str, Any]:
    """Time as weights that are zero grow from 30 to 90 %, over what proportion to the nonzeros would give."""
    shares = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    work: dict[str, tuple[Callable[[float], EventGraph], Any]] = {
        "dense": (nets.dense_layer, nets.ternary((1024, 1024), 0.5, seed=1)),
        "conv": (nets.conv_layer, nets.ternary((512, 128, 32, 32), 0.5, seed=1)),
    }
    found = {}
    for name, (make, x) in work.items():
        runs = {f"{share:.1f}": traced(make(share), x, setting.threads) for share in shares}
        times = take_turns(runs, setting)
        seconds = {share: median(values) for share, values in times.items()}
        over = {share: seconds[share] / seconds["0.3"] * (1 - 0.3) / (1 - float(share)) for share in seconds}
        found[name] = {"seconds": seconds, "over_proportional": over}
    return found


def memory(setting: Setting) -> dict[str, Any]:
    """Peak memory of processes that stream memory maps of a number of samples and of ten times as many."""
    found = {}
    with TemporaryDirectory() as folder:
        graph, data = Path(folder, "graph.gx"), Path(folder, "x.npy")
        nets.dense_layer(0.5).save(graph)
        for name, samples in (("1x", PEAK_SAMPLES), ("10x", 10 * PEAK_SAMPLES)):
            _write(data, samples)
            script = Path(__file__).with_name("engine_memory.py")
            line = [sys.executable, str(script), str(graph), str(data), str(setting.threads)]
            done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=_plain_environment())
            found[name] = json.loads(done.stdout)
    ratio = found["10x"]["peak_mib"] / found["1x"]["peak_mib"]
    return {**found, "ratio": ratio, "more_mib": found["10x"]["peak_mib"] - found["1x"]["peak_mib"]}


def _write(path: Path, samples: int) -> None:
    """A file of samples, larger than what this process holds at once."""
    block = nets.ternary((10_000, 1024), 0.5, seed=1)
    with path.open("wb") as file:
        header = {"descr": "|i1", "fortran_order": False, "shape": (samples, 1024)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, samples, len(block)):
            file.write(block[: samples - start].tobytes())


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
