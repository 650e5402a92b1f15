"""Accuracy against bits 1 to 8 of the {-1, +1} decomposition, one recipe: each network starts from the one before.

    python benchmarks/bits.py mnist                 # results/bits_mnist.json
    python benchmarks/bits.py fashion_mnist --epochs 6

Weights and activations have the same number of bits. A float twin of the same layers (ReLU) starts the schedule
8 -> 7 -> ... -> 1 and gets the same epochs. The test part is run once per network, by torch and by the native
engine on the decomposed graph; logits must be equal, sample by sample.
"""

import argparse
from typing import Any

import numpy as np
import torch
from record import record

from gxnor_converters import decompose, from_torch
from gxnor_converters.decomposition import branch_work
from gxnor_sims import simulate
from gxnor_snn.data import load
from gxnor_snn.models import METHODS, lenet
from gxnor_snn.train import Recipe, Stage, descend_bits, evaluate, fit


def main() -> None:
    """Read the command line, train, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["mnist", "fashion_mnist", "digits"])
    parser.add_argument("--epochs", type=int, default=4, help="per number of bits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", default="ste", choices=["ste", "encoding"], help="derivative of activations")
    parser.add_argument("--channels", type=int, nargs="+", default=[16, 32])
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    data = load(arguments.data)
    sizes: Any = {"channels": arguments.channels, "hidden": arguments.hidden, "kernel": 3, "padding": 1}

    def build(bits: int) -> Any:
        options: Any = {
            **METHODS["mbn"],
            "n1": bits,
            "n2": bits,
            "window": arguments.window,
            "seed": arguments.seed,
        }
        return lenet(data.image_shape, 10, **sizes, **options)

    recipe = Recipe(
        epochs=arguments.epochs,
        batch_size=100,
        lr=(0.01, 1e-4),
        weight_lr=(0.003, 3e-5),
        float_lr=(0.003, 3e-5),
        loss="cross_entropy",
        seed=arguments.seed,
        device=arguments.device,
    )
    options: Any = {**METHODS["float"], "seed": arguments.seed}
    twin = lenet(data.image_shape, 10, **sizes, **options)
    fit(twin, data, recipe, progress=True)
    rows: dict[str, Any] = {"float": {"test_accuracy_percent": 100 * evaluate(twin, data.x_test, data.y_test)}}

    def measure(stage: Stage) -> None:
        model = stage.model.cpu()
        graph = from_torch(model, data.image_shape)
        with torch.no_grad():
            logits = np.concatenate([model(torch.tensor(x)).numpy() for x in np.array_split(data.x_test, 20)])
        branched = simulate(decompose(graph), data.x_test, counts="none").logits
        work = branch_work(graph)
        rows[str(stage.bits)] = {
            "test_accuracy_percent": float(100 * (logits.argmax(1) == data.y_test).mean()),
            "logits_that_differ": int((branched != logits).sum()),
            "branches": {row.layer: row.branches for row in work},
            "xnor": sum(row.xnor for row in work),
            "bitcounts": sum(row.bitcounts for row in work),
            "shift_adds": sum(row.shift_adds for row in work),
            "seconds": stage.history.seconds,
        }
        print(stage.bits, rows[str(stage.bits)])
        model.to(arguments.device)

    descend_bits(build, data, recipe, start=twin, on_stage=measure)
    if arguments.record:
        suffix = "" if arguments.window == "ste" else f"_{arguments.window}"
        facts = {name: value for name, value in vars(arguments).items() if name != "record"}
        record(f"bits_{arguments.data}{suffix}", rows, **facts)


if __name__ == "__main__":
    main()
