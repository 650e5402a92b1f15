"""Brian2 as the referee: differences and speed of every target on trained networks, beside the native engine.

Run with ``python benchmarks/referee.py`` (GXNOR_DATA set, an otherwise quiet machine; about 20 minutes, most of it
training once, kept under ``runs/brian2``). Speeds are CPU time of this process and its children, which other load
on the machine disturbs least; runs to be compared take turns.
"""

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from record import interleaved, median_ratio, record

from gxnor_sims import Engine, get_engine  # (this file cannot be called brian2.py: it would hide the package)
from gxnor_sims.brian2 import Brian2Engine, RandomDelays, build_brian2
from gxnor_sims.brian2.expand import count_synapses
from gxnor_snn.cli.checking import compare_traces
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import EventTrace

RUNS = Path(__file__).parents[1] / "runs" / "brian2"
SEED = 1


def cpu_seconds() -> float:
    """CPU time of this process and of all its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def trained(name: str, epochs: int) -> tuple[EventGraph, float]:
    """The graph of a network trained on MNIST by the preset "best", and its test accuracy; trained once."""
    path = RUNS / f"{name}-{epochs}.safetensors"
    if not path.exists():
        import torch

        from gxnor_converters import from_torch
        from gxnor_snn import models
        from gxnor_snn.data import load
        from gxnor_snn.train import PRESETS, fit

        preset, data = PRESETS["best"], load("mnist")
        sizes: dict[str, tuple[Any, ...]] = {"mlp": ((1, 28, 28), [512, 256], 10), "lenet": ()}
        torch.set_num_threads(1)
        model = getattr(models, name)(*sizes[name], **preset.model, seed=SEED)
        fit(model, data, preset.recipe.replace(epochs=epochs, seed=SEED), progress=True)
        graph = from_torch(model, model.input_shape)
        right = float(np.mean(native().run(graph, data.x_test).predictions == data.y_test))
        graph.with_metadata(benchmark={"test_accuracy": right}).save(path)
    graph = EventGraph.load(path)
    return graph, float(graph.metadata["benchmark"]["test_accuracy"])


def native() -> Engine:
    return get_engine("native")


def mnist(n: int) -> np.ndarray:
    from gxnor_snn.data import load

    return load("mnist").x_test[:n]


def differences(engine: Engine, graph: EventGraph, x: np.ndarray) -> tuple[dict[str, int], EventTrace]:
    """Samples that differ from the native engine in logits, spikes or counts."""
    expected = native().run(graph, x, record="all", threads=1)
    found = engine.run(graph, x, record="all")
    comparison = compare_traces(found, expected)
    logits = int((found.logits != expected.logits).any(axis=1).sum())
    return {"logits": logits, **comparison.differing}, found


def events(trace: EventTrace) -> int:
    assert trace.counts is not None
    return sum(int(c.n_gated.sum()) for c in trace.counts.synapses.values())


def mlp_figures(n: int, rounds: int, epochs: int) -> dict[str, Any]:
    """Differences on all targets; CPU time per sample, warm; events per second beside native, one thread each."""
    graph, right = trained("mlp", epochs)
    x = mnist(n)
    engines: dict[str, Engine] = {t: Brian2Engine(t) for t in ("numpy", "cython", "cpp_standalone")}
    found: dict[str, Any] = {
        "synapses": count_synapses(graph),
        "test_accuracy": right,
        "samples": n,
        "samples_that_differ": {},
    }
    for target, engine in engines.items():
        found["samples_that_differ"][target], trace = differences(engine, graph, x)
    found["events_per_sample"] = events(trace) / n
    timed: dict[str, Callable[[], object]] = {
        name: (lambda engine=engine: engine.run(graph, x)) for name, engine in engines.items() if name != "numpy"
    }
    repeats = 50  # one run of native is shorter than the clock's tick
    timed["native"] = lambda: [native().run(graph, x, threads=1) for _ in range(repeats)]
    seconds = interleaved(timed, rounds, cpu_seconds)
    seconds["native"] = [s / repeats for s in seconds["native"]]
    found["cpu_ms_per_sample"] = {
        name: {"median": 1e3 * statistics.median(s) / n, "least": 1e3 * min(s) / n} for name, s in seconds.items()
    }
    began = cpu_seconds()
    engines["numpy"].run(graph, x[:100])
    found["cpu_ms_per_sample"]["numpy"] = {"median": 1e3 * (cpu_seconds() - began) / 100}
    found["events_per_cpu_second"] = {name: events(trace) / statistics.median(s) for name, s in seconds.items()}
    found["native_over_cpp_standalone"] = {
        "events_per_cpu_second": median_ratio(seconds["cpp_standalone"], seconds["native"]),
        "events_per_second_of_wall_time": _wall_ratio(graph, x, engines["cpp_standalone"], rounds, repeats),
        "cores": len(os.sched_getaffinity(0)),
    }
    found["rounds"] = rounds
    return found


def _wall_ratio(graph: EventGraph, x: np.ndarray, slow: Engine, rounds: int, repeats: int) -> float:
    """Events per second of wall time: native on all cores against one C++ program."""
    runs = {
        "slow": lambda: slow.run(graph, x),
        "native": lambda: [native().run(graph, x) for _ in range(repeats)],
    }
    seconds = interleaved(runs, rounds)
    return median_ratio(seconds["slow"], seconds["native"]) * repeats


def in_a_new_process(code: str) -> dict[str, Any]:
    """What a fresh interpreter prints as JSON."""
    import json

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


LENET = """
import json, resource, sys, time
sys.path.insert(0, {folder!r})
import referee as benchmark
graph, right = benchmark.trained("lenet", {epochs})
x = benchmark.mnist({n})
engine = benchmark.Brian2Engine({target!r})
engine.run(graph, x)
before = benchmark.cpu_seconds()
engine.run(graph, x)
spent = benchmark.cpu_seconds() - before
own, children = (resource.getrusage(w).ru_maxrss * 1024 for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
differ, trace = benchmark.differences(engine, graph, x)
print(json.dumps(dict(synapses=benchmark.count_synapses(graph), test_accuracy=right, samples={n},
    samples_that_differ=differ, cpu_ms_per_sample=1e3 * spent / {n}, peak_bytes=own,
    peak_bytes_of_the_largest_child=children, events_per_sample=benchmark.events(trace) / {n})))
"""

SECOND = """
import json, sys
sys.path.insert(0, {folder!r})
import referee as benchmark
print(json.dumps(benchmark.second_start()))
"""


def second_start() -> dict[str, Any]:
    """A graph of other sizes, code cache warm: what its start costs beyond writing out its own synapses."""
    from gxnor_snn.graph import Coding, Dense, Input, Readout, Spiking

    rng = np.random.default_rng(SEED)
    sizes, ternary = (784, 300, 200, 10), Coding.ternary()
    populations: list[Any] = [Input(name="in", shape=(784,), coding=Coding.bits(8))]
    projections = []
    for k, size in enumerate(sizes[1:], start=1):
        last, t = k == len(sizes) - 1, 400 if k == 1 else 3
        populations.append(
            Readout(name="out", shape=(size,), scale=np.ones(size), offset=np.zeros(size))
            if last
            else Spiking(
                name=f"h{k}",
                shape=(size,),
                coding=ternary,
                thresholds=np.tile([-t, t], (size, 1)),
                increasing=np.ones(size, bool),
            )
        )
        weights = rng.integers(-1, 2, (size, sizes[k - 1]))
        projections.append(
            Dense(
                name=f"fc{k}",
                source=populations[-2].name,
                target=populations[-1].name,
                weights=weights,
                coding=ternary,
            )
        )
    graph = EventGraph(populations, projections)
    build_brian2(graph)  # Brian2 itself is imported and warm
    from gxnor_sims.brian2 import wire

    times: dict[str, float] = {}
    for name, act in (
        ("own_synapses", lambda: wire(graph)),
        ("start_and_one_sample", lambda: build_brian2(graph, target="cython").run(np.ones((1, 784), np.uint8))),
    ):
        wall, cpu = time.perf_counter(), cpu_seconds()
        act()
        times[f"{name}_wall_s"], times[f"{name}_cpu_s"] = time.perf_counter() - wall, cpu_seconds() - cpu
    return times


def random_delay_figures(graphs: int) -> dict[str, Any]:
    """Random graphs of every form with random delays 0..3 per synapse, against the reference, number by number."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    from gxnor_sims.brian2.limits import why_not
    from tests.conformance.graphs import event_graphs, random_inputs

    found = {"graphs": 0, "graphs_that_differ": 0, "refused": 0, "delayed_synapses": 0}

    @seed(SEED)
    @settings(
        max_examples=graphs, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(graph=event_graphs(), number=st.integers(0, 10**6))
    def one(graph: EventGraph, number: int) -> None:
        if why_not(graph):
            found["refused"] += 1
            return
        x = random_inputs(graph, 3, number)
        delays = RandomDelays(0, 3, number)
        network = build_brian2(graph, delays=delays)
        comparison = compare_traces(network.run(x, record="all"), execute(graph, x, record="all"))
        found["graphs"] += 1
        found["graphs_that_differ"] += not comparison.equal
        found["delayed_synapses"] += sum(int(np.count_nonzero(d)) for d in delays.of(network.plan.wiring).values())

    one()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=5, help="of the perceptron; lenet is trained for one")
    parser.add_argument("--graphs", type=int, default=100)
    parser.add_argument("--only", choices=["mlp", "lenet", "second", "delays"], action="append")
    arguments = parser.parse_args()
    chosen = arguments.only or ["mlp", "lenet", "second", "delays"]
    RUNS.mkdir(parents=True, exist_ok=True)
    folder = str(Path(__file__).parent)
    if "mlp" in chosen:
        record(
            "brian2_mlp",
            mlp_figures(arguments.samples, arguments.rounds, arguments.epochs),
            seed=SEED,
            data="mnist",
        )
        gc.collect()
    if "lenet" in chosen:
        trained("lenet", 1)
        figures = {
            target: in_a_new_process(LENET.format(folder=folder, n=100, target=target, epochs=1))
            for target in ("cython", "cpp_standalone")
        }
        record("brian2_lenet", figures, seed=SEED, data="mnist")
    if "second" in chosen:
        rounds = [in_a_new_process(SECOND.format(folder=folder)) for _ in range(5)]
        median = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        record("brian2_second_graph", {"median_of_5_processes": median}, seed=SEED)
    if "delays" in chosen:
        record("brian2_random_delays", random_delay_figures(arguments.graphs), seed=SEED)


if __name__ == "__main__":
    main()
