"""What timing refuses, and what it says it does not know."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, timing
from gxnor_hardware.timing import batches
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute

from .runs import deep, ran


def test_long_delays_and_large_batches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = load_profile("loihi")
    graph = deep(10**9)
    with pytest.raises(
        PricingError, match=r"1000000002 steps x \(2 cores, 4 links\).* takes .* GiB; allowed are 4 GiB"
    ):
        timing(graph, ran(graph, 1), map_graph(graph, profile), profile)
    graph = deep(4)
    trace, mapping = ran(graph, 1, samples=5), map_graph(graph, profile)
    whole = timing(graph, trace, mapping, profile)
    monkeypatch.setattr(batches, "_AT_ONCE", 1)  # one sample at a time
    part = timing(graph, trace, mapping, profile)
    for name in ("events", "messages_in", "messages_out", "link_load", "step_s", "core_s", "priced_j"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)), name
    monkeypatch.setattr(batches, "_MOST_KEPT", 4 * 8 * 6 * (16 * 2 + 4 * 4))
    with pytest.raises(PricingError, match=r"5 sample\(s\) x 6 steps .*: at most 4 sample\(s\) at once"):
        timing(graph, trace, mapping, profile)


def test_what_is_refused(conv_net: EventGraph, pixels: Callable[[int], Any]) -> None:
    profile = load_profile("loihi")
    mapping = map_graph(conv_net, profile)
    whole = execute(conv_net, pixels(2), record="all")
    part = execute(conv_net, pixels(2), record=["act1"])
    with pytest.raises(PricingError, match=r"not recorded input, act1\.pre, act2"):
        timing(conv_net, part, mapping, profile)
    other = load_profile("isaac_isca_2016")
    elsewhere = map_graph(conv_net, other)
    with pytest.raises(PricingError, match="has no cores that work in steps"):
        timing(conv_net, whole, elsewhere, other)
    with pytest.raises(PricingError, match="the mapping is of graph"):
        timing(conv_net, whole, replace(mapping, graph="0" * 64), profile)
    with pytest.raises(PricingError, match="the mapping is of graph"):
        timing(conv_net, whole, mapping, load_profile("truenorth"))
    cut = replace(whole, spikes={n: s[..., :1] for n, s in whole.spikes.items()})
    with pytest.raises(PricingError, match="the trace has levels of shape"):
        timing(conv_net, cut, mapping, profile)
    with pytest.raises(PricingError, match="trace is None; allowed is EventTrace"):
        timing(conv_net, None, mapping, profile)  # type: ignore[arg-type]
    empty = replace(whole, spikes={n: s[:0] for n, s in whole.spikes.items()})
    with pytest.raises(PricingError, match="at least one sample"):
        timing(conv_net, empty, mapping, profile)


def test_missing_constants_are_named(edited: Callable[..., Any]) -> None:
    graph = deep()
    trace = ran(graph, 4)
    card = edited("loihi_micro_2018", {"time/synop": None, "energy/message": None})
    found = timing(graph, trace, map_graph(graph, card), card)
    assert found.core_s is None
    assert found.step_s is None
    assert found.energy_j is None
    assert "no energy of message" in found.missing["messages"]
    assert {"core_s", "step_s", "static", "energy"} <= {*found.missing}
    assert found.priced_j.sum() > 0
    assert found.busiest_core in found.cores
    edges, _ = found.series()
    assert edges.tolist() == [0, 1, 2]
