"""Random torch networks of every form against their event graphs, in number: `make conformance-long`.

Each seed makes one network (`tests/converters/random_nets.py`), converts it, and compares torch in eval mode, the
reference and the native engine on a few samples: sums, spikes, counts, readouts, logits. Every difference is
printed with its seed. What is done is kept in a file, so an interrupted run goes on where it stopped.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from gxnor_converters import from_torch  # noqa: E402
from gxnor_converters.comparison import KINDS, Comparison  # noqa: E402
from gxnor_converters.recording import recording  # noqa: E402
from gxnor_sims import simulate  # noqa: E402
from gxnor_snn.files import write_json  # noqa: E402
from tests.converters.net import traits  # noqa: E402
from tests.converters.random_nets import random_module, random_samples  # noqa: E402

CHUNK = 250
SAMPLES = 5


def check(seed: int) -> tuple[dict[str, int], dict[str, int], set[str]]:
    """Numbers compared and samples that differ, by kind, and the network's traits."""
    model, shape, given, _ = random_module(seed)
    graph = from_torch(model, shape, given)
    x = random_samples(seed, SAMPLES, shape, given)
    comparison = Comparison(graph)
    with recording(model, graph) as recorder:
        outputs = recorder.run(x)
        comparison.add(x, recorder.seen, outputs, simulate(graph, x, record="all", threads=1))
    return comparison.compared, {k: int(np.sum(m)) for k, m in comparison.marks().items()}, traits(model, given)


def fresh() -> dict[str, Any]:
    """The account of a run that has not begun."""
    return {"next": 0, "compared": {}, "differing": {}, "seeds_that_differ": [], "traits": {}, "cpu_seconds": 0.0}


def chunk(first: int) -> dict[str, Any]:
    """The account of seeds first .. first + CHUNK - 1."""
    torch.set_num_threads(1)
    began, account = time.process_time(), fresh()
    totals: dict[str, Counter[str]] = {"compared": Counter(), "differing": Counter(), "traits": Counter()}
    for seed in range(first, first + CHUNK):
        try:
            compared, differing, found = check(seed)
        except Exception as error:
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            compared, differing, found = {}, {"errors": 1}, set()
        if any(differing.values()):
            print(f"seed {seed} differs: {differing}", flush=True)
            account["seeds_that_differ"].append(seed)
        for key, counted in (("compared", compared), ("differing", differing), ("traits", found)):
            totals[key].update(counted)
    seconds = time.process_time() - began
    return account | {key: dict(+total) for key, total in totals.items()} | {"cpu_seconds": seconds}


def add(state: dict[str, Any], account: dict[str, Any]) -> None:
    """Add the account of the next chunk."""
    for key in ("compared", "differing", "traits"):
        state[key] = dict(Counter(state[key]) + Counter(account[key]))
    state["seeds_that_differ"] += account["seeds_that_differ"]
    state["cpu_seconds"] += account["cpu_seconds"]
    state["next"] += CHUNK


def main() -> int:
    """Run to the last seed; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", type=int, default=50_000, help=f"seeds 0 .. NETS - 1, a multiple of {CHUNK}")
    parser.add_argument("--state", type=Path, default=ROOT / "build" / "conformance_conversion.state.json")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run has done")
    parser.add_argument("--name", default="conformance_conversion", help="of the result file")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.nets % CHUNK:
        parser.error(f"--nets is {options.nets}; allowed are multiples of {CHUNK}")
    state = fresh()
    if options.state.is_file() and not options.again:
        state = json.loads(options.state.read_text())
    options.state.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("spawn")) as pool:
        for account in pool.map(chunk, range(state["next"], options.nets, CHUNK)):
            add(state, account)
            write_json(options.state, state)
            print(f"{state['next']} networks, {len(state['seeds_that_differ'])} differ", flush=True)
    from record import record

    figures = {
        "networks": options.nets,
        "samples_each": SAMPLES,
        "networks_that_differ": len(state["seeds_that_differ"]),
        "seeds_that_differ": state["seeds_that_differ"],
        "numbers_compared": {kind: state["compared"].get(kind, 0) for kind in KINDS},
        "samples_that_differ": state["differing"],
        "networks_with": dict(sorted(state["traits"].items())),
        "cpu_seconds": round(state["cpu_seconds"], 1),
    }
    record(options.name, figures, seeds=f"0..{options.nets - 1}", engines="torch eval, reference, native")
    return 1 if state["seeds_that_differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
