"""The same net in SpikingJelly: one time step of its `TernaryIFNode`, reset between batches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Contestant, require, versions
from .torch_net import fastest, predictions
from .twin import Stage, layers_of


def spikingjelly_net(
    stages: list[Stage], x: NDArray[Any], expected: NDArray[Any], batches: tuple[int, ...]
) -> Contestant:
    """The net and what it was checked against: all predictions."""
    package = ("spikingjelly==2.0.0", "torchvision", "torchaudio", "h5py", "loguru", "tqdm")
    neuron: Any = require("spikingjelly.activation_based.neuron", *package)
    functional: Any = require("spikingjelly.activation_based.functional", *package)
    make, trial = lambda: layers_of(stages, neuron.TernaryIFNode), min(2000, len(x))
    run, tried = fastest(make, x, batches, trial, functional.reset_net)
    np.testing.assert_array_equal(predictions(run()), expected)
    return Contestant(run, tried, f"all {len(expected)} predictions", versions("spikingjelly", "torch"))
