"""Run one small net on our Loihi card and in SANA-FE: event counts, energy by term, and what explains each gap.

SANA-FE (Boyle et al., IEEE TCAD 2025; GPL-3) is compared against, never shipped: give the Python of an environment
that holds it, ``--python sanafe/bin/python`` (``python -m venv sanafe; sanafe/bin/pip install
sanafe==2.2.9``). The card `loihi_sanafe_2025` carries the constants of its loihi.yaml, so energies may differ by
what is counted alone.
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from record import record
from sanafe_latency import explained_latency

from gxnor_hardware import Timing, load_profile, map_graph, timing
from gxnor_hardware.neuromorphic.placement import Mesh
from gxnor_hardware.timing.lists import ListsChip
from gxnor_sims import simulate
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, Spiking
from gxnor_snn.results import EventTrace, Mapping

TERNARY = Coding.ternary()
HEIGHT = 4  # SANA-FE numbers tiles along y first


def ternary_net(sizes: tuple[int, ...], seed: int) -> EventGraph:
    """A net of dense ternary layers whose neurons fire on about two sums in three."""
    rng = np.random.default_rng(seed)
    populations: list[Any] = [Input(name="input", shape=(sizes[0],), coding=TERNARY)]
    edges = []
    for number, (before, size) in enumerate(itertools.pairwise(sizes), 1):
        name = "readout" if number == len(sizes) - 1 else f"layer{number}"
        if name == "readout":
            populations.append(Readout(name=name, shape=(size,), scale=np.ones(size), offset=np.zeros(size)))
        else:
            level = max(1, round(0.3 * np.sqrt(before)))
            populations.append(
                Spiking(
                    name=name, shape=(size,), coding=TERNARY, increasing=np.ones(size, bool),
                    thresholds=np.tile([1 - level, level], (size, 1)),
                )
            )  # fmt: skip
        weights = rng.integers(-1, 2, (size, before))
        source = populations[-2].name
        edges.append(Dense(name=f"fc{number}", source=source, target=name, coding=TERNARY, weights=weights))
    return EventGraph(populations, edges)


def lines_of(levels: Any) -> Any:
    """Two binary lines per ternary level, +1 first: (..., neurons) -> (..., 2 neurons)."""
    return np.stack([levels > 0, levels < 0], axis=-1).reshape(*levels.shape[:-1], -1)


def foreign(graph: EventGraph, mapping: Mapping, chip: ListsChip, x: Any) -> dict[str, Any]:
    """The same lines, compartments, weights and cores as numbers for SANA-FE."""
    profile = chip.profile
    mesh = Mesh.of(profile)
    assert mesh is not None
    slots = " ".join(str(q["slots"]) for q in mapping.populations.values() if "slots" in q)
    slot = np.asarray(slots.split(), np.int64)
    tile_x, tile_y, _ = mesh.at(slot)
    cores = (tile_x * HEIGHT + tile_y) * mesh.cores_per_tile + slot % mesh.cores_per_tile
    layers = []
    for projection in graph.projections.values():
        target: Any = graph.populations[projection.target]
        weights = np.asarray(projection.weights, np.int64)  # type: ignore[attr-defined]
        signs = [1, -1] if target.has_outputs else [1]
        # lines (+, -) of a source carry (w, -w); the compartment for -1 has all of them negated
        whole = np.stack([np.stack([s * weights, -s * weights], axis=-1) for s in signs], axis=1)
        whole = whole.reshape(len(weights) * len(signs), -1)
        to, start = np.nonzero(whole)
        home = np.repeat(chip.home[target.name], len(signs))
        thresholds = np.full(len(home), 1e9)
        if target.has_outputs:
            low, high = target.thresholds[:, 0], target.thresholds[:, 1]
            thresholds = np.stack([high - 0.5, 0.5 - low], axis=1).reshape(-1)
        layers.append(
            {
                "name": target.name,
                "source": projection.source,
                "sends": target.has_outputs,
                "cores": cores[home].tolist(),
                "thresholds": thresholds.tolist(),
                "pairs": np.stack([start, to], axis=1).tolist(),
                "weights": whole[to, start].astype(float).tolist(),
            }
        )
    return {
        "inputs": 2 * x.shape[1],
        "input_core": 0,
        "layers": layers,
        "steps": int(mapping.resources["steps"]) + 1,
        "samples": lines_of(x).astype(int).tolist(),
        "cores": cores.tolist(),
    }


def theirs(python: str, net: dict[str, Any]) -> dict[str, Any]:
    """What SANA-FE made of it."""
    with TemporaryDirectory() as folder:
        given, made = Path(folder, "net.json"), Path(folder, "out.json")
        given.write_text(json.dumps(net))
        script = Path(__file__).with_name("sanafe_net.py")
        subprocess.run([python, str(script), str(given), str(made)], check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(made.read_text())
    return found


def same_function(graph: EventGraph, trace: EventTrace, found: dict[str, Any]) -> dict[str, int]:
    """How many spikes and readout sums of SANA-FE differ from ours."""
    wrong = {"spikes": 0, "readouts": 0, "spikes_compared": 0, "readouts_compared": 0}
    order = list(graph.populations)
    for sample, ran in enumerate(found["samples"]):
        seen: set[str] = set()
        for step in ran["steps"]:
            seen |= set(step["spikes"])
        for name in order[:-1]:
            fired = lines_of(trace.spikes[name][sample])
            expected = {f"{name}.{k}" for k in np.nonzero(fired)[0].tolist()}
            wrong["spikes"] += len(expected ^ {s for s in seen if s.rpartition(".")[0] == name})
            wrong["spikes_compared"] += len(fired)
        sums = trace.readouts[order[-1]][sample]
        wrong["readouts"] += int((np.asarray(ran["steps"][-1]["potentials"]) != sums).sum())
        wrong["readouts_compared"] += len(sums)
    return wrong


def lingering(graph: EventGraph, trace: EventTrace) -> float:
    """Compartments, mean per sample, whose sum is neither 0 nor makes them fire: SANA-FE updates them again."""
    assert trace.sums is not None
    hidden = [n for n, p in graph.populations.items() if p.has_inputs and p.has_outputs]
    held = sum(2 * int((trace.sums[n] != 0).sum()) - int((trace.spikes[n] != 0).sum()) for n in hidden)
    return held / len(trace.spikes[hidden[0]])


def compare(ours: Timing, chip: ListsChip, found: dict[str, Any], net: dict[str, Any]) -> dict[str, Any]:
    """Events and energies side by side, mean per sample, with the reason of every difference."""
    energy = {name: c.value for name, c in chip.profile.energy.items()}
    samples = len(found["samples"])

    def mean(pick: Any) -> float:
        return float(sum(pick(step) for ran in found["samples"] for step in ran["steps"]) / samples)

    counted = {term: float(values.sum(axis=1).mean()) for term, values in ours.terms.items()}
    assert ours.link_load is not None
    assert chip.links is not None
    along = ours.link_load[..., : chip.links.horizontal].sum() / samples
    total = ours.link_load.sum() / samples
    spikes = counted["spikes"] / energy["spike_out"]
    events = {
        "synaptic events": (float(ours.events.sum() / samples), mean(lambda s: s["events"])),
        "messages": (float(ours.messages_in.sum() / samples), mean(lambda s: s["messages"])),
        "hops x": (float(along), mean(lambda s: s["hops_x"])),
        "hops y": (float(total - along), mean(lambda s: s["hops_y"])),
        "compartments that fire": (spikes, mean(lambda s: s["fired"]) - float(np.sum(net["samples"]) / samples)),
        "compartment accesses": (
            counted["neuron accesses"] / energy["soma_access"],
            float(len([c for layer in net["layers"] for c in layer["cores"]]) * net["steps"]),
        ),
        # it counts input lines that fire as updates too, at no energy
        "compartment updates": (
            counted["neuron updates"] / energy["soma_update"],
            mean(lambda s: s["updated"]) - float(np.sum(net["samples"]) / samples),
        ),
    }
    soma = {
        "accesses": events["compartment accesses"][1] * energy["soma_access"],
        "updates": events["compartment updates"][1] * energy["soma_update"],
        "spikes": events["compartments that fire"][1] * energy["spike_out"],
    }
    terms = {
        "synapses": (counted["synaptic events"], mean(lambda s: s["energy"]["synapse"])),
        "soma": (
            counted["neuron accesses"] + counted["neuron updates"] + counted["spikes"],
            mean(lambda s: s["energy"]["soma"]),
        ),
        "network": (counted["messages"] + counted["hops"], mean(lambda s: s["energy"]["network"])),
    }
    compartments = events["compartment accesses"][1] / net["steps"]
    explained = {
        "soma: one more time step of accesses": compartments * energy["soma_access"],
        "soma: updates without an event": (events["compartment updates"][1] - events["compartment updates"][0])
        * energy["soma_update"],
    }
    sums = {"ours": sum(a for a, _ in terms.values()), "sanafe": sum(b for _, b in terms.values())}
    by_core = np.zeros(128)
    for ran in found["samples"]:
        for step in ran["steps"]:
            for core, count in step["events_by_core"].items():
                by_core[int(core)] += count
    mine = np.zeros(128)
    np.add.at(mine, net["cores"], ours.events.sum(axis=(0, 1)))
    assert ours.latency_s is not None
    assert ours.latency_with_messages_s is not None
    return {
        "events_per_sample": {n: {"ours": a, "sanafe": b, "difference": b - a} for n, (a, b) in events.items()},
        "cores_with_other_synaptic_events": int((by_core != mine).sum()),
        "energy_j": {n: {"ours": a, "sanafe": b, "ratio": b / a} for n, (a, b) in terms.items()},
        "energy_total_j": {**sums, "ratio": sums["sanafe"] / sums["ours"]},
        "explained_j": explained,
        "unexplained_j": sums["sanafe"] - sums["ours"] - sum(explained.values()),
        "soma_of_sanafe_from_counts_j": {**soma, "reported": terms["soma"][1]},
        "left_out_of_ours": {n: counted[n] for n in ("static", "reset")},
        "latency_s": {
            "ours": float(ours.latency_s.mean()),
            "ours_with_messages": float(ours.latency_with_messages_s.mean()),
            "sanafe_detailed": mean(lambda s: s["sim_time"]),
            "sanafe_simple": float(np.mean([sum(steps) for steps in found["simple_s"]])),
        },
    }


NETS = {"wide": (64, 300, 300, 300, 10), "deep": (64, 200, 200, *[48] * 34, 10)}
"""Layer sizes; the deep one takes more cores than a row of tiles has, so that messages go along y as well."""


def both(sizes: tuple[int, ...], python: str, samples: int, seed: int) -> tuple[dict[str, Any], str]:
    """Figures of one net, and the version of SANA-FE."""
    graph = ternary_net(sizes, seed)
    x = np.random.default_rng(seed + 1).integers(-1, 2, (samples, sizes[0]))
    trace = simulate(graph, x, engine="reference", record="all", counts="full")
    profile = load_profile("loihi_sanafe_2025")
    mapping = map_graph(graph, profile)
    chip = ListsChip.of(graph, profile, mapping)
    net = foreign(graph, mapping, chip, x)
    found = theirs(python, net)
    figures = {
        "sizes": sizes,
        "samples": samples,
        "cores": int(mapping.resources["cores"]),
        "tiles": int(mapping.resources["tiles"]),
        "updates_without_an_event_expected": lingering(graph, trace),
        "differences_from_our_engine": same_function(graph, trace, found),
        **compare(timing(graph, trace, mapping, profile), chip, found, net),
    }
    latency = explained_latency(graph, trace, chip, net["cores"].index(net["input_core"]))
    simple = figures["latency_s"]["sanafe_simple"]
    figures["latency_explained_s"] = {**latency, "unexplained": simple - latency["together"]}
    return figures, found["version"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="Python that has sanafe")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    runs = {name: both(sizes, given.python, given.samples, given.seed) for name, sizes in NETS.items()}
    figures = {name: run for name, (run, _) in runs.items()}
    print(json.dumps(figures, indent=1))
    versions = {version for _, version in runs.values()}
    record("sanafe", figures, seed=given.seed, sanafe=", ".join(versions), card="loihi_sanafe_2025")
    if any(abs(run["unexplained_j"]) > 1e-9 * run["energy_total_j"]["ours"] for run in figures.values()):
        sys.exit("energies differ by more than the counts explain")
    if any(abs(run["latency_explained_s"]["unexplained"]) > 1e-12 for run in figures.values()):
        sys.exit("times differ by more than the rules explain")


if __name__ == "__main__":
    main()
