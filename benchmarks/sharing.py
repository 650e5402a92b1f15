"""Result sharing of trained convolutions, next to chance, and exactness of the passes in number.

    python benchmarks/sharing.py train bnn --seed 0           # trains one network, keeps it under runs/sharing
    python benchmarks/sharing.py measure bnn_pulled --seed 0  # merges within a budget, shares, tests
    python benchmarks/sharing.py collect                      # results/sharing_trained.json from what is kept
    python benchmarks/sharing.py nulls                        # results/sharing_nulls.json: random kernels alone
    python benchmarks/sharing.py exact --nets 3000            # results/sharing_exact.json: random graphs

Networks are `lenet` with 3x3 convolutions of 256 channels on 14x14 and 7x7 maps. The last 5,000 training images
choose what is merged, and 512 others set the thresholds behind it anew; the test images are looked at once, at
the end. Losses are paired, image by image, against the network of the same kind and seed trained without pull.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import command, record

from gxnor_converters import from_torch
from gxnor_converters.passes import SHARING_MODES, merge_similar, share_results, shared_results
from gxnor_converters.sharing import WAYS, SharingReport, analyse, distinct_fraction
from gxnor_sims import simulate
from gxnor_snn.cli.provenance import provenance
from gxnor_snn.data import Dataset, load
from gxnor_snn.files import write_json
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.models import METHODS, lenet
from gxnor_snn.results import op_counts
from gxnor_snn.train import KernelPenalty, KernelSettings, Recipe, fit, load_checkpoint, save_checkpoint

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs" / "sharing"
HELD_OUT = 5000
CALIBRATED_ON = 512
CHANNELS = (64, 256, 256)

NETS: dict[str, tuple[str, KernelSettings | None]] = {
    "bnn": ("bnn", None),
    "bnn_pulled": ("bnn", KernelSettings(weight=300.0, codebook=96, warm_up=0.1)),
    "gxnor": ("gxnor", None),
    "gxnor_pulled": ("gxnor", KernelSettings(weight=300.0, codebook=96, warm_up=0.1)),
}
BUDGETS = (0.0, 0.001, 0.0025, 0.005)
KEPT = tuple(k / 50 for k in range(10, 31))  # shares of different kernels that a layer may keep, tried in turn


def split(name: str) -> tuple[Dataset, tuple[Any, Any]]:
    """The data set less its last training samples, and these."""
    data = load(name)
    held = data.x_train[-HELD_OUT:], data.y_train[-HELD_OUT:]
    return replace(data, x_train=data.x_train[:-HELD_OUT], y_train=data.y_train[:-HELD_OUT]), held


def stem_of(arguments: argparse.Namespace) -> Path:
    return RUNS / f"{arguments.data}-{arguments.net}-{arguments.seed}"


def train(arguments: argparse.Namespace) -> None:
    """Train one network and keep it; an interrupted training goes on."""
    data, _ = split(arguments.data)
    method, pull = NETS[arguments.net]
    options: Any = {**METHODS[method], "seed": arguments.seed}
    model = lenet(data.image_shape, 10, channels=arguments.channels, hidden=512, kernel=3, padding=1, **options)
    rates: dict[str, Any] = {"weight_lr": (0.01, 1e-4)} if options["weights"] == "latent" else {}
    recipe = Recipe(
        epochs=arguments.epochs,
        batch_size=100,
        lr=(0.1, 1e-4),
        float_lr=(0.003, 1e-5),
        loss="cross_entropy",
        seed=arguments.seed,
        device=arguments.device,
        **rates,
    )
    stem = stem_of(arguments)
    RUNS.mkdir(parents=True, exist_ok=True)
    settings = pull if pull is None or arguments.pull is None else pull.replace(weight=arguments.pull)
    penalty = None if settings is None else KernelPenalty(model, settings)
    state = stem.with_suffix(".state")
    history = fit(model, data, recipe, penalty=penalty, checkpoint=state, resume=True, progress=True)
    notes = {"recipe": json.loads(recipe.model_dump_json()), "pull": settings and settings.model_dump()}
    save_checkpoint(stem.with_suffix(".safetensors"), model.cpu(), history=history, metadata=notes)


def correct(graph: EventGraph, x: Any, y: Any) -> Any:
    """Which samples the native engine gets right."""
    return simulate(graph, x, counts="none").predictions == y


def paired(before: Any, after: Any) -> dict[str, float]:
    """Points of accuracy lost, and the half-width of the 95 % interval of the paired difference."""
    lost = 100.0 * (before.astype(int) - after.astype(int))
    return {"lost_points": float(lost.mean()), "interval_95": float(1.96 * lost.std(ddof=1) / len(lost) ** 0.5)}


def ratios(report: SharingReport) -> dict[str, Any]:
    """Every figure over the 3x3 layers after the first, with its null models."""
    found = {(what, way): report.ratio(what, way) for what in ("maps", "taps", "additions") for way in WAYS[2:]}
    return {f"{what} {way}": {"value": f.value, **f.nulls} for (what, way), f in found.items()}


def layer_facts(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer of a report; of its rank-frequency curves the ends of each doubling of the rank."""
    for statistics in (layer["statistics"], *layer["null_statistics"].values()):
        often = statistics.pop("distinct")
        ranks = [1 << k for k in range(len(often).bit_length())]
        statistics |= {"distinct_kernels": len(often), "often_at_rank": {rank: often[rank - 1] for rank in ranks}}
    return layer


def measure(arguments: argparse.Namespace) -> None:
    """Merge within budgets on held-out samples, share, and test once; writes one file."""
    stem = stem_of(arguments)
    part, (x, y) = split(arguments.data)
    data = load(arguments.data)
    seen = part.x_train[:CALIBRATED_ON]
    x_test, y_test = data.x_test[: arguments.samples], data.y_test[: arguments.samples]
    graph = from_torch(load_checkpoint(stem.with_suffix(".safetensors")), data.image_shape)
    plain = stem.with_name(f"{arguments.data}-{arguments.net.removesuffix('_pulled')}-{arguments.seed}")
    against = from_torch(load_checkpoint(plain.with_suffix(".safetensors")), data.image_shape)
    twin = correct(against, x_test, y_test)
    rows = {}
    for budget in BUDGETS:
        trials: list[dict[str, Any]] = []
        merged = graph
        if budget:
            found = merge_similar(
                graph, lambda g: float(correct(g, x, y).mean()), budget, keep=KEPT, calibration=seen
            )
            merged, trials = found.graph, [vars(t) for t in found.trials]
        report = analyse(merged)
        right = correct(merged, x_test, y_test)
        shared = shared_results(merged)
        counts = simulate(merged, x_test).counts
        assert counts is not None
        few = x_test[:100]
        rows[f"budget {100 * budget:g} points"] = {
            "test_accuracy_percent": float(100 * right.mean()),
            "twin_accuracy_percent": float(100 * twin.mean()),
            "against_twin": paired(twin, right),
            "ratios": ratios(report),
            "layers": [layer_facts(layer.to_dict()) for layer in report.layers],
            "trials": trials,
            "exact": {
                "modes": {name: list(c.modes) for name, c in shared.changed.items()},
                "synapses": {name: [c.before, c.after] for name, c in shared.changed.items()},
                "left": dict(shared.left),
                "differences_in_100_samples": int(
                    sum(
                        (simulate(merged, few).readouts[n] != s).sum()
                        for n, s in simulate(shared.graph, few).readouts.items()
                    )
                ),
            },
            "operations": [vars(row) for row in op_counts(merged, counts, report) if row.layer is None],
        }
        print(
            budget,
            {k: rows[f"budget {100 * budget:g} points"][k] for k in ("test_accuracy_percent", "against_twin")},
        )
    torch_facts = {"torch": torch.__version__}
    write_json(
        stem.with_suffix(".json"), {"figures": rows, "provenance": provenance(command=command(), **torch_facts)}
    )


def collect(arguments: argparse.Namespace) -> None:
    """One results file from all networks measured."""
    found = {f.stem: json.loads(f.read_text())["figures"] for f in sorted(RUNS.glob("*.json"))}
    record("sharing_trained", found, held_out=HELD_OUT, calibrated_on=CALIBRATED_ON)


def nulls(arguments: argparse.Namespace) -> None:
    """Random kernels: shares that differ against the closed form, taps of spanning trees."""
    figures = {}
    rng = np.random.default_rng(0)
    for kind, levels, states in (("binary", [-1, 1], 256), ("ternary", [-1, 0, 1], 9842)):
        for count in (64, 128, 256, 512):
            layer = analyse(rng.choice(levels, (count, 64, 3, 3)), rng=rng, null_channels=1)["weights"]
            work = {way: w.values() for way, w in layer.work.items()}
            figures[f"{kind} {count}"] = {
                "maps_share": work["inverses"][0] / layer.kernels,
                "closed_form": distinct_fraction(count, states),
                "tree_taps_per_kernel": work["mst"][1] / layer.kernels,
                "tree_taps_share": work["mst"][1] / work["gated"][1],
                "additions_share": {way: work[way][2] / work["gated"][2] for way in WAYS[2:]},
            }
    record("sharing_nulls", figures, seed=0, channels=64)


def exact(arguments: argparse.Namespace) -> None:
    """Random graphs in every mode: differing readout sums on the reference and native engines."""
    sys.path.insert(0, str(ROOT))
    from tests.conformance.graphs import random_inputs
    from tests.converters.sharing.random_convs import random_convs

    figures = {mode: {"graphs": 0, "changed": 0, "sums": 0, "differences": 0} for mode in SHARING_MODES}
    for seed in range(arguments.nets):
        graph = random_convs(seed)
        x = random_inputs(graph, 5, seed)
        expected = execute(graph, x, counts="none").readouts
        for mode, row in figures.items():
            after = share_results(graph, mode)
            row["graphs"] += 1
            row["changed"] += after is not graph
            for engine in ("reference", "native"):
                for name, sums in simulate(after, x, engine=engine, counts="none").readouts.items():
                    row["sums"] += sums.size
                    row["differences"] += int((sums != expected[name]).sum())
    print(figures)
    record("sharing_exact", figures, nets=arguments.nets)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for run in (train, measure):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("net", choices=list(NETS))
        command.add_argument("--data", default="fashion_mnist")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--samples", type=int, default=10_000, help="test images")
        command.add_argument("--epochs", type=int, default=15)
        command.add_argument("--pull", type=float, help="weight of the penalty, in place of the one written here")
        command.add_argument("--device", default="cpu")
        command.add_argument("--channels", type=int, nargs="+", default=list(CHANNELS))
    for run in (collect, nulls):
        commands.add_parser(run.__name__, help=run.__doc__).set_defaults(run=run)
    many = commands.add_parser("exact", help=exact.__doc__)
    many.set_defaults(run=exact)
    many.add_argument("--nets", type=int, default=300)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
