"""Checks in number: one seed after the other in chunks, over processes, going on where an interrupted run stopped.

A campaign is a function ``check(seed)`` that raises or returns an `Outcome`. It is called in processes of its own,
so it stands at the top level of a module.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gxnor_snn.files import write_json

ROOT = Path(__file__).parent.parent
CHUNK = 250


@dataclass(frozen=True)
class Outcome:
    """What the check of one seed found.

    Attributes
    ----------
    compared
        Numbers compared, by kind.
    differing
        Samples that differ, by kind.
    traits
        What the case has, for an account of what was covered.
    """

    compared: Mapping[str, int]
    differing: Mapping[str, int]
    traits: frozenset[str]


Check = Callable[[int], Outcome]
State = dict[str, Any]


def fresh() -> State:
    """The account of a run that has not begun."""
    return {"next": 0, "compared": {}, "differing": {}, "seeds_that_differ": [], "traits": {}, "cpu_seconds": 0.0}


def chunk(check: Check, first: int) -> State:
    """The account of seeds first .. first + CHUNK - 1."""
    began, account = time.process_time(), fresh()
    totals: dict[str, Counter[str]] = {"compared": Counter(), "differing": Counter(), "traits": Counter()}
    for seed in range(first, first + CHUNK):
        try:
            found = check(seed)
        except Exception as error:
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            found = Outcome({}, {"errors": 1}, frozenset())
        if any(found.differing.values()):
            print(f"seed {seed} differs: {dict(found.differing)}", flush=True)
            account["seeds_that_differ"].append(seed)
        totals["compared"].update(found.compared)
        totals["differing"].update(found.differing)
        totals["traits"].update(found.traits)
    seconds = time.process_time() - began
    return account | {key: dict(+total) for key, total in totals.items()} | {"cpu_seconds": seconds}


def add(state: State, account: State) -> None:
    """Add the account of the next chunk."""
    for key in ("compared", "differing", "traits"):
        state[key] = dict(Counter(state[key]) + Counter(account[key]))
    state["seeds_that_differ"] += account["seeds_that_differ"]
    state["cpu_seconds"] += account["cpu_seconds"]
    state["next"] += CHUNK


def run(check: Check, name: str, thing: str, number: int, doc: str | None, **facts: object) -> int:
    """Read the command line, run to the last seed and write ``results/<name>.json``; 1 if anything differed.

    Parameters
    ----------
    check
        See the module.
    name
        Of the result file, and of the file that keeps what is done.
    thing
        What a seed makes, in the plural.
    number
        Seeds, unless the command line says otherwise.
    doc
        Of the command line.
    facts
        What the figures depend on.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--number", type=int, default=number, help=f"seeds 0 .. NUMBER - 1, a multiple of {CHUNK}")
    parser.add_argument("--state", type=Path, default=ROOT / "build" / f"{name}.state.json")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run has done")
    parser.add_argument("--name", default=name, help="of the result file")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.number < CHUNK or options.number % CHUNK:
        parser.error(f"--number is {options.number}; allowed are multiples of {CHUNK}")
    state = fresh()
    if options.state.is_file() and not options.again:
        state = json.loads(options.state.read_text())
    options.state.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("spawn")) as pool:
        for account in pool.map(partial(chunk, check), range(state["next"], options.number, CHUNK)):
            add(state, account)
            write_json(options.state, state)
            print(f"{state['next']} {thing}, {len(state['seeds_that_differ'])} differ", flush=True)
    from record import record

    figures = {
        thing: state["next"],
        f"{thing}_that_differ": len(state["seeds_that_differ"]),
        "seeds_that_differ": state["seeds_that_differ"],
        "numbers_compared": dict(sorted(state["compared"].items())),
        "samples_that_differ": state["differing"],
        f"{thing}_with": dict(sorted(state["traits"].items())),
        "cpu_seconds": round(state["cpu_seconds"], 1),
    }
    record(options.name, figures, seeds=f"0..{state['next'] - 1}", **facts)
    return 1 if state["seeds_that_differ"] else 0
