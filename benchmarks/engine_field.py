"""Rows of ``engine.py`` against the field: each returns the figures of one kind of work."""

from collections.abc import Callable
from functools import partial
from typing import Any

import engine_nets as nets
import numpy as np
import torch
from engine_timing import LINE, Setting, contest, native_runs
from peers.neurobench_count import neurobench_count
from peers.onnx_net import onnx_nets
from peers.products import conv_float32, linear_float32, matmul_int8
from peers.snntorch_net import snntorch_net
from peers.spikingjelly_net import spikingjelly_net
from peers.torch_net import float_net
from peers.twin import stages_of

from gxnor_sims import get_engine, simulate
from gxnor_sims.native import available_isas
from gxnor_snn.data import load

THIRD = "1/3 zeros"
ZEROS = {LINE: 1 / 2, THIRD: 1 / 3}


def dense(setting: Setting) -> dict[str, Any]:
    """1024 x 1024, batch 1024: as a layer of a net (levels out) and as a product (sums out)."""
    x = nets.ternary((1024, 1024), 0.5, seed=1)
    runs = native_runs({name: nets.dense_layer(share) for name, share in ZEROS.items()}, x, setting.threads)
    product = {f"{name}, sums read out": nets.dense_sums(share) for name, share in ZEROS.items()}
    runs |= native_runs(product, x, setting.threads)
    graph: Any = nets.dense_sums(0.5)
    weights, sums = graph.projections["fc"].weights, simulate(graph, x).readouts["out"]
    return contest(
        runs,
        {
            "torch float32 linear": lambda: linear_float32(x, weights, sums),
            "torch._int_mm": lambda: matmul_int8(x, weights, sums),
        },
        setting,
    )


def conv(setting: Setting) -> dict[str, Any]:
    """128 -> 128, 3x3 on 32x32, batch 512."""
    x = nets.ternary((512, 128, 32, 32), 0.5, seed=1)
    graphs = {name: nets.conv_layer(share) for name, share in ZEROS.items()}
    runs = native_runs(graphs, x, setting.threads)
    graph: Any = graphs[LINE]
    levels = simulate(graph, x[:4], record=["h"]).spikes["h"]
    weights = graph.projections["conv"].weights
    return contest(runs, {"torch float32 conv2d": lambda: conv_float32(x, weights, levels)}, setting)


def vgg(setting: Setting) -> dict[str, Any]:
    """`vgg`, CIFAR shape, width 128, batch 512, from pixels."""
    x = nets.pixels(512)
    graphs = {name: nets.vgg_graph(share, x) for name, share in ZEROS.items()}
    stages = stages_of(graphs[LINE])
    expected = simulate(graphs[LINE], x[:16], counts="none").predictions
    torch.set_num_threads(setting.threads)
    field = {"torch float32 net": lambda: float_net(stages, x, expected, (16, 64), 64)}
    field |= _onnx(lambda: onnx_nets(stages, x, (16, 64), 64, setting.threads))
    return contest(native_runs(graphs, x, setting.threads), field, setting)


def lenet(setting: Setting) -> dict[str, Any]:
    """`lenet` on the 10,000 test images of MNIST, from pixels."""
    data = load("mnist")
    x, y = data.x_test, data.y_test
    graphs = {name: nets.lenet_graph(share, x) for name, share in ZEROS.items()}
    if setting.trained:
        graphs["trained"] = nets.trained_graph(setting.trained)
    torch.set_num_threads(setting.threads)
    for graph in list(graphs.values())[2:]:  # the trained net means the same to all
        float_net(stages_of(graph), x, simulate(graph, x, counts="none").predictions, (100,), 100)
    stages, trace = stages_of(graphs[LINE]), simulate(graphs[LINE], x)
    assert trace.counts is not None
    per_sample = [(c.n_gated.mean(), c.n_dense.mean()) for c in trace.counts.synapses.values()]
    gated, every = (float(total) for total in np.sum(per_sample, axis=0))
    expected, batches = trace.predictions, (50, 200)
    field = {
        "snnTorch": lambda: snntorch_net(stages, x, expected, batches),
        "SpikingJelly": lambda: spikingjelly_net(stages, x, expected, batches),
        "NeuroBench": lambda: neurobench_count(stages, x, y, gated, every, batches),
        "torch float32 net": lambda: float_net(stages, x, expected, batches, 1000),
    }
    field |= _onnx(lambda: onnx_nets(stages, x, batches, 1000, setting.threads))
    result = contest(native_runs(graphs, x, setting.threads), field, setting)
    result["nonzero_weights"] = {name: nets.nonzero_share(graph) for name, graph in graphs.items()}
    return result


def one(setting: Setting) -> dict[str, Any]:
    """One sample, 1024 x 1024 dense, `execute_into`."""
    x = nets.ternary((1, 1024), 0.5, seed=1)
    graphs: dict[str, Any] = {name: nets.dense_sums(share) for name, share in ZEROS.items()}
    *others, widest = available_isas()
    forms = [(name, name, widest) for name in graphs] + [(f"{LINE}, {isa}", LINE, isa) for isa in reversed(others)]
    sums = simulate(graphs[LINE], x).readouts["out"]
    engine: Any = get_engine("native")
    runs: dict[str, Callable[[], object]] = {}
    for label, name, isa in forms:
        out = np.empty((1, 1024), np.int64)
        runs[label] = partial(engine.plan(graphs[name]).execute_into, x, out, isa=isa)
        runs[label]()
        assert name != LINE or (out == sums).all()
    weights = graphs[LINE].projections["fc"].weights
    field = {"torch float32 linear": lambda: linear_float32(x, weights, sums)}
    return contest(runs, field, setting, repeats=200)


def _onnx(make: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    """Both contestants of one maker, made when the first is asked for."""
    made: dict[str, Any] = {}

    def of(kind: str) -> Any:
        if not made:
            made.update(make())
        return made[f"ONNX Runtime {kind}"]

    return {f"ONNX Runtime {kind}": (lambda kind=kind: of(kind)) for kind in ("float32", "int8")}  # type: ignore[misc]
