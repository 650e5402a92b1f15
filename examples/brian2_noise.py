"""Membrane noise in Brian2: accuracy against its strength, and sums of chosen neurons with their thresholds.

Run with ``python examples/brian2_noise.py`` (needs ``pip install "gxnor-snn[brian2]"``). A small ternary network
is trained on handwritten digits; its graph becomes a Brian2 network, to which a source of noise and a monitor are
added as in any Brian2 model. Writes ``brian2-noise.png`` and ``brian2-trace.png``.
"""

import numpy as np

from gxnor_converters import from_torch
from gxnor_sims import simulate
from gxnor_sims.brian2 import RandomDelays, build_brian2, load_brian2
from gxnor_snn.data import load
from gxnor_snn.models import mlp
from gxnor_snn.plots import membrane_traces, save_figure
from gxnor_snn.plots.style import new_axes, prepare
from gxnor_snn.train import PRESETS, fit

SAMPLES = 100
STRENGTHS = (0, 3, 10, 30, 100, 300)  # standard deviation of a sum; a white pixel adds 16 to it


def trained():
    """A graph 64-32-10 and the digits it is tested on."""
    digits, preset = load("digits"), PRESETS["best"]
    model = mlp((1, 8, 8), [32], 10, **preset.model, seed=1)
    fit(model, digits, preset.recipe.replace(epochs=6, seed=1))
    return from_torch(model, model.input_shape), digits.x_test[:SAMPLES], digits.y_test[:SAMPLES]


def accuracy_under_noise(graph, x, y):
    """Accuracy by strength; noise is added to every spiking neuron's sum in the step in which it decides."""
    network = build_brian2(graph, real=True)
    network.network.add(
        network.neurons.run_regularly(
            "v += strength*int(step == gate)*int(relay == 0)*randn()",
            when="before_thresholds",
            clock=network.clock,
        )
    )
    traces = [network.run(x, counts="none", namespace={"strength": s}) for s in STRENGTHS]
    return np.array([np.mean(trace.predictions == y) for trace in traces])


def sums_over_time(graph, x, neurons):
    """Sums of some neurons of the first spiking population, step by step, with delays so that there is time."""
    network = build_brian2(graph, delays=RandomDelays(0, 5, seed=1))
    name = next(n for n, p in graph.populations.items() if p.role == "spiking")
    chosen = network.indices(name)[neurons]
    monitor = load_brian2().StateMonitor(network.neurons, "v", record=chosen, clock=network.clock, when="end")
    network.network.add(monitor)
    network.run(x)
    thresholds = [graph.populations[name].thresholds[n].tolist() for n in neurons]
    return np.asarray(monitor.v), thresholds, network.window


def main() -> None:
    graph, x, y = trained()
    clean = simulate(graph, x)
    load_brian2().seed(1)  # Brian2's random numbers are global
    accuracy = accuracy_under_noise(graph, x, y)
    assert accuracy[0] == np.mean(clean.predictions == y)  # without noise nothing differs
    for strength, share in zip(STRENGTHS, accuracy, strict=True):
        print(f"noise {strength:4d}: accuracy {100 * share:.1f} %")

    def draw_noise():
        ax = new_axes(2.6)
        prepare(ax, "Membrane noise", "standard deviation of the noise on a sum")
        ax.set_xscale("symlog", linthresh=STRENGTHS[1])
        ax.plot(STRENGTHS, 100 * accuracy, marker="o")
        ax.set_ylabel("accuracy, %")
        return ax

    def draw_traces():
        sums, thresholds, window = sums_over_time(graph, x[:2], [0, 1, 2])
        return membrane_traces(sums, thresholds, ["neuron 0", "neuron 1", "neuron 2"], window)

    save_figure("brian2-noise.png", draw_noise)
    save_figure("brian2-trace.png", draw_traces)


if __name__ == "__main__":
    main()
