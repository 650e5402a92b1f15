"""One trained net under every arithmetic of the papers: operations, energies, and its equal graphs on all cards.

The papers' table (multiplications, additions, XNOR, bit counts, resting probability) from counts of a test set,
beside the assumption that all states are equally probable, priced by Horowitz's constants. Then the net's event
graph, the same with shared results, and decomposed, each run, counted and priced on every card that can hold it.
Bit counts need full counts, which engine native does not make: engine reference makes them of the first samples.

    python benchmarks/side_by_side.py runs/training/mnist-ternary-0.safetensors   records results/side_by_side.json
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from record import record

from gxnor_converters import decompose, from_torch
from gxnor_converters.passes import shared_results
from gxnor_converters.sharing import analyse
from gxnor_hardware import compare
from gxnor_hardware.operations import layer_table, operations_table, price_operations
from gxnor_sims import simulate
from gxnor_snn.data import load
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Counts, op_counts
from gxnor_snn.train import load_checkpoint


def on_cards(graph: EventGraph, counts: Counts) -> dict[str, Any]:
    """Energies, bands and walls of one graph on all shipped cards."""
    found = compare(graph, counts)
    energies = {
        name: {
            "energy_j": bill.energy_j,
            "low_j": None if bill.total is None else bill.total.low_j,
            "high_j": None if bill.total is None else bill.total.high_j,
            "compute_only_j": bill.subtotals["compute only"].energy_j
            if "compute only" in bill.subtotals
            else None,
            "weakest_grade": bill.weakest_grade,
        }
        for name, bill in found.bills.items()
    }
    return {"cards": energies, "ranking": list(found.ranking), "refusals": dict(found.refusals)}


def main() -> None:
    """Count, price and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--full", type=int, default=100, help="samples whose bit counts are counted")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    data = load(options.data)
    x, y = data.x_test[: options.samples], data.y_test[: options.samples]
    graph = from_torch(load_checkpoint(options.checkpoint), data.image_shape)
    trace = simulate(graph, x, threads=options.threads)
    assert trace.counts is not None
    report = analyse(graph)
    prices = price_operations(op_counts(graph, trace.counts, report))
    print(operations_table(prices))
    print(layer_table(prices))

    full = simulate(graph, x[: options.full], "reference", counts="full").counts
    assert full is not None
    counted = [r for r in op_counts(graph, full) if (r.network, r.basis) == ("GXNOR", "measured")]
    bitcounts = {"samples": full.n_samples} | {r.layer or "all layers": r.bitcounts for r in counted}
    print(bitcounts)

    shared = shared_results(graph)
    graphs = {
        "gxnor": graph,
        "shared results": shared.graph,
        "decomposed, pixels and levels in planes": decompose(graph),
        "decomposed, ternary in two bits": decompose(graph, ternary="two_bits"),
    }
    side: dict[str, Any] = {}
    for name, each in graphs.items():
        run = trace if each is graph else simulate(each, x, threads=options.threads)
        assert run.counts is not None
        side[name] = {
            "graph": each.digest,
            "gated_synapses": sum(int(np.sum(c.n_gated)) for c in run.counts.synapses.values()) / len(x),
            "xnor": sum(int(np.sum(c.n_xnor)) for c in run.counts.synapses.values()) / len(x),
            "resting": run.counts.resting,
            "predictions_that_differ": int((run.predictions != trace.predictions).sum()),
            **on_cards(each, run.counts),
        }
        print(f"{name}: {len(side[name]['cards'])} cards, {len(side[name]['refusals'])} walls")
    figures = {
        "test_accuracy_percent": float(100 * (trace.predictions == y).mean()),
        "operations": {name: part for name, part in prices.to_dict().items() if name != "layers"},
        "resting_by_layer": {
            f"{r.row.layer}, {r.row.basis}": r.row.resting for r in prices.layers if r.row.network == "GXNOR"
        },
        "bit_counts_gxnor_measured": bitcounts,
        "sharing": {
            "layers": {
                n: {"modes": list(c.modes), "synapses": [c.before, c.after]} for n, c in shared.changed.items()
            },
            "left": dict(shared.left),
        },
        "graphs": side,
    }
    facts = {"data": options.data, "samples": len(x), "engine": trace.engine, "graph": graph.digest}
    record("side_by_side", figures, checkpoint=options.checkpoint.name, **facts)


if __name__ == "__main__":
    main()
