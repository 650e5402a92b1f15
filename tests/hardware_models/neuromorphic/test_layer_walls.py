"""What layer engines refuse, by the name of the wall."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph, Identity

from ..conftest import readout, spiking
from .layer_nets import SNE, SPECK, chain, dense, ended, one_conv, pooled_net, source


def fans(count: int) -> EventGraph:
    outs = [readout(f"out{k}", 1) for k in range(count)]
    edges = [dense(f"fc{k}", "a", f"out{k}", np.ones((1, 2), int)) for k in range(count)]
    return EventGraph(
        [source(2), spiking("a", (2,)), *outs], [dense("in", "input", "a", np.ones((2, 2), int)), *edges]
    )


def residual() -> EventGraph:
    return EventGraph(
        [source(2), spiking("a", (2,)), readout("out", 2)],
        [
            dense("fc0", "input", "a", np.ones((2, 2), int)),
            dense("fc1", "a", "out", np.ones((2, 2), int)),
            Identity(name="skip", source="input", target="out"),
        ],
    )


def scaled(gain: int, inputs: int = 2) -> EventGraph:
    return EventGraph(
        [source(inputs), readout("out", 1)], [dense("fc", "input", "out", np.ones((1, inputs), int), gain=gain)]
    )


def levels() -> EventGraph:
    coding = Coding.signmag(2, -2, 2)
    wide = replace(spiking("a", (2,)), coding=coding, thresholds=np.tile([-2, -1, 1, 2], (2, 1)))
    return ended(wide, dense("fc", "input", "a", np.ones((2, 2), int)))


def identity() -> EventGraph:
    return ended(spiking("a", (2,)), Identity(name="same", source="input", target="a"))


WALLS: list[tuple[Callable[[], EventGraph], str]] = [
    (lambda: chain(10), r"needs cores of 10.*the wall is 9"),
    (lambda: pooled_net("max"), r"'pool' into 'p' is a maximum or minimum pool .max-pool.; the wall is pool"),
    (lambda: pooled_net(("max", "max", "min", "max")), r"max-pool.; the wall is pool"),
    (
        lambda: pooled_net("sum", 8),
        r"windows of \(8, 8\).*the wall is pool, allowed are windows side by side of .1, 2, 4",
    ),
    (lambda: one_conv(1, 1, 17, 20), r"kernel of 17; the wall is 16"),
    (lambda: one_conv(1, 1, 3, 20, stride=(16, 16)), r"stride of 16; the wall is 8"),
    (
        lambda: one_conv(1, 1, 3, 20, stride=(3, 3)),
        r"stride \(3, 3\); the wall is stride, allowed are powers of two",
    ),
    (lambda: one_conv(1, 1, 3, 20, dilation=(2, 2)), r"dilation \(2, 2\); the wall is kernel"),
    (lambda: one_conv(1, 1, 16, 20, pad=8), r"padding of 8; the wall is 7"),
    (lambda: one_conv(1, 1, 3, 130, stride=(4, 4)), r"in_size of 130; the wall is 128"),
    (lambda: one_conv(1, 1, 1, 65), r"out_size of 65; the wall is 64"),
    (lambda: one_conv(1025, 1, 1, 2), r"channels of 1025; the wall is 1024"),
    (lambda: chain(2, 300), r"layer 'h0'.*needs kernel_words of 614400, the largest core has 65536"),
    (lambda: one_conv(32, 1, 1, 64), r"layer 'a'.*needs neuron_words of 131072, the largest core has 65536"),
    (lambda: fans(3), r"fan_out of 3; the wall is 2"),
    (residual, r"'out' adds 2 projections \(fc1, skip\).*kernels_per_layer of 2; the wall is 1"),
    (lambda: scaled(128), r"weight_bits of 9; the wall is 8"),
    (lambda: scaled(127, 300), r"sum_bits of 17; the wall is 16"),
    (levels, r"'a' sends levels -2..2; the wall is binary events"),
    (identity, r"'a' is fed by same \(identity\) without weights; the wall is pool"),
]


@pytest.mark.parametrize(("graph", "message"), WALLS)
def test_every_wall_of_speck_refuses_by_name(graph: Callable[[], EventGraph], message: str) -> None:
    with pytest.raises(PricingError, match=rf"card 'speck_natcommun_2024': .*{message}"):
        map_graph(graph(), load_profile(SPECK))


def test_weights_beyond_four_bits_do_not_fit_sne() -> None:
    with pytest.raises(PricingError, match=r"card 'sne_date_2022'.*weight_bits of 5; the wall is 4"):
        map_graph(scaled(8), load_profile(SNE))
    assert map_graph(scaled(7), load_profile(SNE)).resources["layers"] == 1


def test_layers_that_fit_one_by_one_may_not_fit_together() -> None:
    """Three layers need 64 Ki of kernel memory, which two cores have."""
    with pytest.raises(PricingError, match="every layer fits a core, but not all of them at once"):
        map_graph(chain(4, 90), load_profile(SPECK))
    assert map_graph(chain(2, 90), load_profile(SPECK)).resources["cores"] == 2
