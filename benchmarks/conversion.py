"""Conversion measured: time, memory and file size of `vgg`; trained networks proven on whole test sets.

python benchmarks/conversion.py vgg         # a fresh process, one thread
python benchmarks/conversion.py trained     # short trainings on the data sets under GXNOR_DATA, then certificates
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from record import record

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.data import load
from gxnor_snn.layers import DiscreteLayer
from gxnor_snn.models import METHODS, lenet, mlp, resnet, vgg
from gxnor_snn.train import Recipe, evaluate, fit

GREY, COLOUR = (1, 28, 28), (3, 32, 32)


def small_lenet(method: str, **more: Any) -> Any:
    return lenet(GREY, channels=(16, 32), hidden=128, **{**METHODS[method], **more})


NETS: dict[str, list[tuple[str, Any, int]]] = {
    "mnist": [
        ("lenet, gxnor", lambda: small_lenet("gxnor"), 2),
        ("lenet, mbn", lambda: small_lenet("mbn"), 1),
        ("mlp 256-256, bnn", lambda: mlp(GREY, [256, 256], 10, **METHODS["bnn"]), 1),
        ("mlp 256, gxnor of 9 levels", lambda: mlp(GREY, [256], 10, n1=4, n2=4), 1),
    ],
    "fashion_mnist": [
        ("lenet, gxnor, L1 batch norm", lambda: small_lenet("gxnor", norm="l1"), 2),
        ("lenet, qnn, shift batch norm", lambda: small_lenet("qnn", norm="shift"), 1),
        ("lenet, tbn", lambda: small_lenet("tbn"), 1),
    ],
    "cifar10_subset": [
        ("vgg of width 16, gxnor", lambda: vgg(COLOUR, 16, **METHODS["gxnor"]), 4),
        ("vgg of width 16, bnn", lambda: vgg(COLOUR, 16, **METHODS["bnn"]), 2),
        ("resnet of width 8, depth 8, gxnor", lambda: resnet(COLOUR, 8, depth=8, **METHODS["gxnor"]), 4),
        ("resnet of width 8, depth 8, mbn", lambda: resnet(COLOUR, 8, depth=8, head="max", **METHODS["mbn"]), 2),
    ],
}


def peak_bytes() -> int:
    """The largest resident memory since `reset_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def reset_peak() -> int:
    """Forget the peak so far; the resident memory now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def measure_vgg() -> int:
    """Convert `vgg` as it is built."""
    torch.set_num_threads(1)
    model = vgg().eval()
    weights = sum(m.levels.numel() for m in model.modules() if isinstance(m, DiscreteLayer))
    before = reset_peak()
    began = time.perf_counter()
    graph = from_torch(model, model.input_shape)
    seconds = time.perf_counter() - began
    growth = peak_bytes() - before
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        graph.save(Path(folder) / "vgg.safetensors")
        saved = time.perf_counter() - began
        size = (Path(folder) / "vgg.safetensors").stat().st_size
    figures = {
        "weights": weights,
        "seconds_convert": round(seconds, 3),
        "seconds_save": round(saved, 3),
        "peak_growth_bytes_per_weight": round(growth / weights, 3),
        "file_bytes_per_weight": round(size / weights, 4),
        "limits": {"seconds_convert": 10, "peak_growth_bytes_per_weight": 8, "file_bytes_per_weight": 0.27},
    }
    print(figures)
    record("conversion_vgg", figures, model="vgg, width 128, untrained", threads=1)
    return 0


def prove(name: str, build: Any, epochs: int, dataset: Any) -> dict[str, Any]:
    """Train for a short while, convert, compare on the whole test set."""
    model = build()
    recipe = Recipe(
        epochs=epochs, batch_size=100, lr=(0.05, 1e-3), float_lr=(0.01, 1e-3), betas=(0.99, 0.999), threads=1
    )
    fit(model, dataset, recipe)
    graph = from_torch(model, model.input_shape)

    def run(graph: Any, x: Any) -> Any:
        return simulate(graph, x, "native", record="all", threads=1)

    certificate = verify(model, graph, dataset.x_test, run, batch=250)
    accuracy = evaluate(model, dataset.x_test, dataset.y_test)
    figures = {
        "network": name,
        "epochs": epochs,
        "test_accuracy": round(accuracy, 4),
        "samples": certificate.n_samples,
        "samples_that_differ": certificate.samples_differing,
        "numbers_compared": certificate.compared,
        "samples_that_differ_by_kind": certificate.differing,
        "seconds_to_compare": round(certificate.seconds, 1),
        "graph": certificate.graph_digest,
        "model": certificate.model_digest,
    }
    print(figures, flush=True)
    return figures


def prove_trained() -> int:
    """All networks of `NETS`; 1 if a sample differs."""
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, Any]]] = {}
    for data, nets in NETS.items():
        dataset = load(data)
        found[data] = [prove(name, build, epochs, dataset) for name, build, epochs in nets]
    differing = sum(net["samples_that_differ"] for nets in found.values() for net in nets)
    record("conversion_trained", {"samples_that_differ": differing, "data": found}, engine="native", seed=0)
    return int(differing > 0)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("vgg", "trained"))
    return {"vgg": measure_vgg, "trained": prove_trained}[parser.parse_args().what]()


if __name__ == "__main__":
    sys.exit(main())
