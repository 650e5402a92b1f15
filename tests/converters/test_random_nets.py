"""Random torch networks of every form against their graphs: sums, spikes, counts, readouts, sample by sample."""

from collections import Counter

import numpy as np
import pytest

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import EventTrace

from .net import traits
from .random_layers import ACTIVATION_CODES, WEIGHT_CODES
from .random_nets import random_module, random_samples

SEEDS = range(300)
CHUNK = 10


def reference(graph: EventGraph, x: np.ndarray) -> EventTrace:
    return execute(graph, x, record="all")


def native(graph: EventGraph, x: np.ndarray) -> EventTrace:
    return simulate(graph, x, record="all")


@pytest.mark.parametrize("first", SEEDS[::CHUNK])
def test_torch_and_graph_agree_in_every_number(first: int) -> None:
    for seed in range(first, first + CHUNK):
        model, shape, given, _ = random_module(seed)
        graph = from_torch(model, shape, given)
        run = native if seed % 3 == 0 else reference
        certificate = verify(model, graph, random_samples(seed, 6, shape, given), run, batch=4)
        assert certificate.equal, (seed, certificate)
        assert certificate.compared["sums"] > 0
        assert certificate.compared["readouts"] > 0


def test_the_random_networks_discriminate() -> None:
    """What gives the same sums whatever comes in would prove little; and every form must be among them."""
    varying, seen = 0, Counter()
    for seed in SEEDS:
        model, shape, given, _ = random_module(seed)
        seen.update(traits(model, given))
        trace = execute(from_torch(model, shape, given), random_samples(seed, 6, shape, given), counts="none")
        varying += any(bool((sums != sums[:1]).any()) for sums in trace.readouts.values())
    assert varying >= 0.8 * len(SEEDS)
    forms = {
        *(f"weights {code}" for code in WEIGHT_CODES),
        *(f"activation {code}" for code in ACTIVATION_CODES),
        *(f"tie {tie}" for tie in ("strict", "fire", "up", "even")),
        *("BatchNorm1d", "BatchNorm2d", "L1BatchNorm1d", "L1BatchNorm2d", "ShiftBatchNorm1d", "ShiftBatchNorm2d"),
        *(
            "stock batch norm",
            "ScaleBias",
            "SumPool2d",
            "ResidualBlock",
            "ZeroPad2d",
            "LatentLinear",
            "LatentConv2d",
            "MaxPool2d",
        ),
        *("stride", "dilation", "padding", "kernel_size", "groups", "ceil mode", "learnable r"),
        *("negative gain", "zero gain", "shared value", "tuple", "dict"),
        *("add", "sub", "torch.add", "iadd", "cat", "concat", "flat", "view", "pad"),
        *("input auto", "input pixels", "input zn", "input mbn", "input log", "input -5"),
    }
    missing = {form: seen[form] for form in forms if seen[form] < 3}
    assert not missing
