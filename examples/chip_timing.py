"""Where and when a net spends its time and energy on two chips: follow every spike to the cores that hear it.

Run with ``python examples/chip_timing.py [folder]``; with a folder, the figures are written there. A ternary LeNet
for 8x8 digits is laid on Loihi and on TrueNorth; the busiest core and link are named, and the latency stands
beside the bounds that counts alone give.
"""

import sys
from functools import partial
from pathlib import Path

from gxnor_converters import from_torch
from gxnor_hardware import load_profile, map_graph, price, timing
from gxnor_sims import simulate
from gxnor_snn.data import load
from gxnor_snn.graph import EventGraph
from gxnor_snn.models import lenet
from gxnor_snn.plots import core_load, energy_over_time, link_load, save_figure


def net() -> EventGraph:
    """A ternary LeNet of random weights for digits of 8x8 pixels."""
    model = lenet((1, 8, 8), channels=(16, 32), hidden=128, kernel=3, padding=1)
    model.eval()
    return from_torch(model, model.input_shape)


def main(folder: Path | None) -> None:
    graph = net()
    trace = simulate(graph, load("digits").x_test[:8], record="all")  # every population that sends events
    assert trace.counts is not None
    for name in ("loihi", "truenorth"):
        profile = load_profile(name)
        mapping = map_graph(graph, profile)
        found = timing(graph, trace, mapping, profile)
        print(f"{found.display}: {len(found.cores)} cores, {found.steps} steps")
        print(f"  busiest core {found.busiest_core}, busiest link {found.busiest_link}")
        energy = found.priced_j.sum(axis=1).mean() * 1e6
        print(f"  energy {energy:.2f} uJ, complete: {'no' if 'energy' in found.missing else 'yes'}")
        bounds = price(trace.counts, profile, mapping).latency
        if found.latency_s is not None and bounds is not None:
            ends = f"{bounds.low_s * 1e6:.1f} to {bounds.high_s * 1e6:.1f}"
            print(f"  latency {found.latency_s.mean() * 1e6:.1f} us; from counts alone {ends} us")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            whole = [term for term in ("static", "reset") if term in found.terms]  # they would hide all others
            save_figure(folder / f"{name}_energy.png", partial(energy_over_time, found, without=whole))
            save_figure(folder / f"{name}_cores.png", partial(core_load, found))
            save_figure(folder / f"{name}_links.png", partial(link_load, found))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
