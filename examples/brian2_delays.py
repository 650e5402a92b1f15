"""Delays in Brian2: exact when neurons wait for the longest, and what early firing costs when they do not.

Run with ``python examples/brian2_delays.py`` (needs ``pip install "gxnor-snn[brian2]"``). Every synapse gets a
delay drawn at random. Writes ``brian2-traffic.png``, ``brian2-times.png`` and ``brian2-early.png``.
"""

import numpy as np

from gxnor_converters import from_torch
from gxnor_sims import simulate
from gxnor_sims.brian2 import RandomDelays, early_firing, run_async
from gxnor_snn.data import load
from gxnor_snn.models import mlp
from gxnor_snn.plots import early_firing_cost, save_figure, spike_times, traffic_over_time
from gxnor_snn.train import PRESETS, fit

SAMPLES = 60


def main() -> None:
    digits, preset = load("digits"), PRESETS["best"]
    model = mlp((1, 8, 8), [32], 10, **preset.model, seed=1)
    fit(model, digits, preset.recipe.replace(epochs=6, seed=1))
    graph = from_torch(model, model.input_shape)
    x, y = digits.x_test[:SAMPLES], digits.y_test[:SAMPLES]
    expected = simulate(graph, x)

    delays = RandomDelays(0, 4, seed=1)
    patient, hasty = (run_async(graph, x, delays=delays, firing=firing) for firing in ("gated", "arrival"))
    assert np.array_equal(patient.trace.logits, expected.logits)
    for name, timing in (("wait for the longest delay", patient), ("fire at the first crossing", hasty)):
        right = np.mean(timing.trace.predictions == y)
        print(f"{name}: accuracy {100 * right:.1f} %, answer after {timing.latency.mean():.1f} steps")

    cost = early_firing(graph, x, y, delays, waits=range(5))
    assert cost.agreement[4] == 1
    save_figure("brian2-traffic.png", lambda: traffic_over_time(patient))
    save_figure("brian2-times.png", lambda: spike_times(hasty))
    save_figure("brian2-early.png", lambda: early_firing_cost(cost))


if __name__ == "__main__":
    main()
