"""How long prices take: one default `vgg` graph mapped and priced on every shipped card.

Mapping looks at the graph, once per card; pricing turns counts into a bill, once per run. The line to hold is 2 s
for pricing the mapped graph on all cards. Each card maps once, and prices in every round; cards are read before.

    python benchmarks/pricing.py                              record results/pricing.json
"""

import argparse
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from record import record

from gxnor_converters import from_torch
from gxnor_hardware import compare, load_profile, map_graph, price, profiles
from gxnor_sims import simulate
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.models import vgg
from gxnor_snn.results import Counts, Mapping

LIMIT_S = 2.0


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = perf_counter()
    call()
    return perf_counter() - began


def graph_and_counts(samples: int, seed: int) -> tuple[EventGraph, Counts]:
    """The default `vgg`, untrained, and its counts on random images."""
    model = vgg(seed=seed)
    graph = from_torch(model, model.input_shape)
    images = np.random.default_rng(seed).integers(0, 256, (samples, *model.input_shape), np.uint8)
    counts = simulate(graph, images).counts
    assert counts is not None
    return graph, counts


def main() -> None:
    """Time every card and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    graph, counts = graph_and_counts(options.samples, options.seed)
    cards = {name: load_profile(name) for name in profiles()}
    for projection in graph.projections:
        graph.fan_out(projection)  # a property of the graph, found once, whatever the card

    mappings: dict[str, Mapping] = {}
    rows: dict[str, dict[str, Any]] = {}
    for name, card in cards.items():
        began = perf_counter()
        try:
            mappings[name] = map_graph(graph, card)
        except PricingError as error:
            rows[name] = {"map_s": perf_counter() - began, "refused": str(error)}
            continue
        rows[name] = {"map_s": perf_counter() - began}
    totals = []
    for _ in range(options.rounds):
        spent = {name: seconds(lambda n=name: price(counts, cards[n], mappings[n])) for name in mappings}
        totals.append(sum(spent.values()))
        for name, value in spent.items():
            rows[name]["price_s"] = min(value, rows[name].get("price_s", value))
    whole = seconds(lambda: compare(graph, counts))
    figures = {
        "cards": len(cards),
        "priced": len(mappings),
        "refused": len(cards) - len(mappings),
        "price_all_s": {"median": statistics.median(totals), "best": min(totals), "worst": max(totals)},
        "limit_s": LIMIT_S,
        "map_all_s": sum(row["map_s"] for row in rows.values()),
        "compare_s": whole,
        "by_card": rows,
    }
    record(
        "pricing", figures, seed=options.seed, samples=options.samples, rounds=options.rounds, graph=graph.digest
    )
    print(f"priced on {len(mappings)} cards in {figures['price_all_s']}; mapped in {figures['map_all_s']:.2f} s")


if __name__ == "__main__":
    main()
