"""Accuracy on crossbars whose cells fail: the share of working cells against what is still classified right.

Run with ``python examples/crossbar_yield.py``. A small ternary network is trained on handwritten digits and
programmed into arrays in which some cells are stuck on or off, many times over; then once more with offsets of the
column amplifiers and noise of the selecting switches. Writes ``crossbar-yield.png``.
"""

import torch

from gxnor_converters import from_torch
from gxnor_hardware.crossbar import ArraySpec, accuracy, mean_and_std, simulate
from gxnor_hardware.crossbar.devices import Device
from gxnor_sims import simulate as run
from gxnor_snn.data import load
from gxnor_snn.models import mlp
from gxnor_snn.plots import accuracy_over_yield, save_figure
from gxnor_snn.train import PRESETS, fit

YIELDS = (1.0, 0.98, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
DRAWS = 20


def trained():
    """A graph 64-128-10 and the digits it is tested on."""
    digits, preset = load("digits"), PRESETS["best"]
    model = mlp((1, 8, 8), [128], 10, **preset.model, seed=1)
    fit(model, digits, preset.recipe.replace(epochs=10, seed=1))
    return from_torch(model, model.input_shape), digits.x_test, digits.y_test


def curve(graph, x, y, array):
    """Accuracies (yields, draws); what fails is stuck on or off in equal parts."""
    found = []
    for share in YIELDS:
        device = Device.ideal().with_faults(stuck_on=(1 - share) / 2, stuck_off=(1 - share) / 2)
        generator = torch.Generator().manual_seed(1)
        found.append(accuracy(graph, x, y, device, generator, array=array, draws=DRAWS, at_once=DRAWS))
    return found


def main() -> None:
    graph, x, y = trained()
    arrays = {
        "stuck cells": ArraySpec(adc_bits=8),
        "and 100 uV offset, 0.5 % switch noise": ArraySpec(adc_bits=8, offset_v=1e-4, switch_noise=0.005),
    }
    # cells that all work, and converters that are wide enough, give what the engine gives
    perfect = simulate(graph, x, Device.ideal(), torch.Generator(), array=ArraySpec(adc_bits=8))
    assert perfect.exact
    assert (perfect.logits == run(graph, x).logits).all()
    curves = {name: curve(graph, x, y, array) for name, array in arrays.items()}
    for name, found in curves.items():
        for share, accuracies in zip(YIELDS, found, strict=True):
            mean, std = mean_and_std(accuracies)
            print(f"{name}: yield {100 * share:5.1f} %, accuracy {100 * mean:.1f} +- {100 * std:.1f} %")
    save_figure("crossbar-yield.png", lambda: accuracy_over_yield(YIELDS, curves))


if __name__ == "__main__":
    main()
