"""Crossbar physics on MNIST: speed beside aihwkit, and accuracy against the yield of the arrays.

::

    python benchmarks/crossbar.py speed CHECKPOINT --aihwkit-python VENV/bin/python
    python benchmarks/crossbar.py yield CHECKPOINT

CHECKPOINT is a ternary `lenet` trained on MNIST: ``python benchmarks/training.py study mnist`` writes
``runs/training/mnist-ternary-0.safetensors``. GXNOR_DATA says where MNIST is. `crossbar_aihwkit.py` says how to
make the environment for aihwkit, which needs another version of torch.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import median_ratio, record

from gxnor_converters import from_torch
from gxnor_hardware.crossbar import ArraySpec, Crossbars, accuracy, mean_and_std, program
from gxnor_hardware.crossbar.devices import Device, load_device
from gxnor_snn.data import load
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.train import load_checkpoint

SEED = 1
WORKER = Path(__file__).with_name("crossbar_aihwkit.py")
AMPLITUDE = ArraySpec(rows=128, cols=128, dac_bits=8, adc_bits=8)
BIT_SERIAL = ArraySpec(rows=128, cols=128, dac_bits=1, adc_bits=8)
BATCHES = (50,)  # that aihwkit is offered: 200 takes longer


def trained(path: str) -> EventGraph:
    model = load_checkpoint(path)
    return from_torch(model, model.input_shape)


def export(graph: EventGraph, path: Path, x: np.ndarray, y: np.ndarray) -> None:
    """Write the layers of a chain of products for the worker, with converter bounds that clip nothing."""
    arrays: dict[str, Any] = {"x": x, "y": y}
    products = [p for p in graph.projections.values() if p.weighted]
    for k, projection in enumerate(products):
        target = graph.populations[projection.target]
        fan_in = int(np.prod(projection.weights.shape[1:]))
        arrays[f"weights{k}"] = projection.weights
        arrays[f"bound{k}"] = float(fan_in) if k == 0 else 127.0
        if target.has_outputs:
            arrays |= {f"thresholds{k}": target.thresholds, f"increasing{k}": target.increasing}
        else:
            arrays |= {"scale": target.scale, "offset": target.offset}
    np.savez(path, layers=len(products), **arrays)


class Worker:
    """aihwkit in its own process, one run per request."""

    def __init__(self, python: str, net: Path, tile: str) -> None:
        command = [python, "-W", "ignore", str(WORKER), str(net), tile]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions = self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the aihwkit process ended without an answer; its messages stand above")
        return dict(json.loads(line))

    def run(self, batch: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{batch}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def ours(crossbars: Crossbars, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    generator = torch.Generator().manual_seed(SEED)
    wall, cpu = time.perf_counter(), time.process_time()
    trace = crossbars.run(x, generator, counts="none")
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "accuracy": float(np.mean(trace.predictions == y)),
    }


def measure_speed(checkpoint: str, python: str | None, n: int, rounds: int) -> None:
    """Wall and CPU seconds of one run over the test set on programmed arrays, one thread, taking turns."""
    torch.set_num_threads(1)
    graph, data, device = trained(checkpoint), load("mnist"), load_device("rram_wan2022")
    x, y = data.x_test[:n], data.y_test[:n]
    generator = torch.Generator().manual_seed(SEED)
    runs: dict[str, Callable[[], dict[str, Any]]] = {}
    for name, array in (("ours", AMPLITUDE), ("ours, bit-serial pixels", BIT_SERIAL)):
        crossbars = program(graph, device, generator, array=array, time_s=1.0)
        runs[name] = lambda c=crossbars: ours(c, x, y)  # type: ignore[misc]
    figures: dict[str, Any] = {
        "what": "MNIST test set once, programmed arrays, lenet, rram_wan2022 at 1 s, 1 % read noise, 8-bit ADC, "
        "128 rows, one thread; 8-bit DAC for pixels unless bit-serial; TorchInferenceTile refuses weight "
        "noise and has plain noise on its outputs instead",
        "samples": n,
    }
    workers = []
    with tempfile.TemporaryDirectory() as folder:
        if python is not None:
            net = Path(folder) / "net.npz"
            export(graph, net, x, y)
            for tile, name in (("cpp", "aihwkit, InferenceTile"), ("torch", "aihwkit, TorchInferenceTile")):
                worker = Worker(python, net, tile)
                workers.append(worker)
                figures["aihwkit"] = worker.versions
                for batch in BATCHES:
                    runs[f"{name}, batch {batch}"] = lambda w=worker, b=batch: w.run(b)  # type: ignore[misc]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
        for turn in range(rounds):
            for name, run in runs.items():
                found[name].append(run())
                print(turn, name, found[name][-1], flush=True)
        for worker in workers:
            worker.close()
    figures["runs"] = {
        name: {
            key: {"median": statistics.median(values), "least": min(values)}
            for key in ("seconds", "cpu_seconds")
            if (values := [r[key] for r in results])
        }
        | {"accuracy": results[0]["accuracy"]}
        for name, results in found.items()
    }
    cpu = {name: [r["cpu_seconds"] for r in results] for name, results in found.items()}
    theirs = [name for name in cpu if "aihwkit" in name]
    figures["times_faster_in_cpu_time"] = {
        f"{mine} over {other}": median_ratio(cpu[other], cpu[mine])
        for mine in cpu
        if mine not in theirs
        for other in theirs
    }
    print(figures["times_faster_in_cpu_time"])
    record("crossbar_speed", figures, rounds=rounds, checkpoint=Path(checkpoint).name, device="rram_wan2022")


YIELDS = (1.0, 0.99, 0.98, 0.97, 0.95, 0.925, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
NAMES = ("faults", "faults_offset_switch")


def yield_curve(
    graph: EventGraph, x: np.ndarray, y: np.ndarray, draws: int, yields: tuple[float, ...] = YIELDS
) -> dict[str, Any]:
    """Accuracy over draws against the share of cells that work; the rest is stuck on or off in equal parts."""
    spec = ArraySpec(dac_bits=8, adc_bits=10)
    arrays = dict(
        zip(NAMES, (spec, ArraySpec(dac_bits=8, adc_bits=10, offset_v=1e-4, switch_noise=0.005)), strict=True)
    )
    curves: dict[str, Any] = {}
    for name, array in arrays.items():
        rows = []
        for share in yields:
            device = Device.ideal().with_faults((1 - share) / 2, (1 - share) / 2)
            generator = torch.Generator().manual_seed(SEED)
            found = accuracy(graph, x, y, device, generator, array=array, draws=draws, at_once=1)
            mean, std = mean_and_std(found)
            rows.append({"yield": share, "mean": mean, "std": std, "draws": found.tolist()})
            print(name, share, f"{mean:.4f} +- {std:.4f}", flush=True)
        curves[name] = rows
    return curves


def measure_yield(checkpoint: str, n: int, draws: int) -> None:
    torch.set_num_threads(1)
    graph, data = trained(checkpoint), load("mnist")
    x, y = data.x_test[:n], data.y_test[:n]
    exact = float(np.mean(execute(graph, x[:1000], counts="none").predictions == y[:1000]))
    figures = {
        "what": "ternary lenet on MNIST; pairs of cells, each stuck on or off with (1 - yield) / 2; "
        "faults_offset_switch: also 100 uV op-amp offset (0.2 V read voltage) and 0.5 % switch noise",
        "samples": n,
        "accuracy_of_first_1000_without_faults": exact,
        "curves": yield_curve(graph, x, y, draws),
    }
    record("crossbar_yield", figures, draws=draws, seed=SEED, checkpoint=Path(checkpoint).name)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "yield"))
    parser.add_argument("checkpoint")
    parser.add_argument("--aihwkit-python", help="interpreter that has aihwkit; without it only ours is measured")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=10)
    given = parser.parse_args()
    if given.what == "speed":
        measure_speed(given.checkpoint, given.aihwkit_python, given.samples, given.rounds)
    else:
        measure_yield(given.checkpoint, given.samples, given.draws)
    return 0


if __name__ == "__main__":
    sys.exit(main())
