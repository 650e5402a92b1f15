"""Ideal devices and wide converters give what the engine gives, bit for bit, on every form of graph."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware.crossbar import ArraySpec, simulate
from gxnor_hardware.crossbar.devices import Device
from gxnor_snn.errors import UnsupportedGraphError
from gxnor_snn.graph import Coding, EventGraph, execute
from gxnor_snn.results import Counts
from tests.conformance.compare import assert_same
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import arrays, one_layer, seeded


@settings(max_examples=120, deadline=None)
@given(graph=event_graphs(), array=arrays(), seed=st.integers(0, 999), off=st.sampled_from([0.0, 2e-6]))
def test_ideal_devices_give_what_the_engine_gives(
    graph: EventGraph, array: ArraySpec, seed: int, off: float
) -> None:
    if array.subtraction == "digital":
        off = 0.0  # the leakage of the two sides is rounded apart, as in the real thing
    x = random_inputs(graph, 3, seed)
    batch = [None, 1, 2][seed % 3]
    found = simulate(graph, x, Device.ideal(g_off_s=off), seeded(0), array=array, record="all", batch=batch)
    assert_same(execute(graph, x, record="all"), found)
    assert found.engine == "crossbar"


@pytest.mark.parametrize("batch", [None, 1, 2, 7])
def test_draws_stand_one_after_the_other_whatever_the_batch(batch: int | None) -> None:
    graph, x = small_graph(), small_input(5)
    expected = execute(graph, x, record="all", counts="full")
    found = simulate(
        graph, x, Device.ideal(), seeded(0), array=ArraySpec(adc_bits=24), draws=3, record="all", counts="full",
        batch=batch,
    )  # fmt: skip
    for name, sums in expected.readouts.items():
        np.testing.assert_array_equal(found.readouts[name], np.tile(sums, (3, 1)))
    for name, levels in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name].reshape(3, *levels.shape), np.stack([levels] * 3))
    assert isinstance(found.counts, Counts)
    assert isinstance(expected.counts, Counts)
    for name, counts in expected.counts.synapses.items():
        np.testing.assert_array_equal(found.counts.synapses[name].n_agree, np.tile(counts.n_agree, 3))


@pytest.mark.parametrize("cells", ["pair", "single"])
@pytest.mark.parametrize("subtraction", ["analog", "digital"])
@pytest.mark.parametrize("drive", ["bipolar", "two_row"])
def test_sums_beyond_float32_are_exact(cells: Any, subtraction: Any, drive: Any) -> None:
    rng = np.random.default_rng(0)
    coding = Coding.signmag(14)
    weights = rng.integers(-1, 2, (3, 3000))
    weights[0] = 1
    x = np.stack((np.full(3000, coding.hi), coding.hi - np.arange(3000) % 2, rng.integers(-999, 999, 3000)))
    graph = one_layer(weights, coding)
    array = ArraySpec(
        rows=1 << 13, cols=64, dac_bits=14, adc_bits=None, cells=cells, subtraction=subtraction, drive=drive
    )
    assert_same(execute(graph, x), simulate(graph, x, Device.ideal(), seeded(0), array=array))


def test_no_samples_give_no_samples() -> None:
    found = simulate(small_graph(), small_input(0), Device.ideal(), seeded(0), draws=2)
    assert found.readouts["out"].shape == (0, 4)


def test_converters_that_are_too_narrow_say_so() -> None:
    graph, x = small_graph(), small_input()
    assert not simulate(graph, x, Device.ideal(), seeded(0), array=ArraySpec(adc_bits=2)).exact
    assert simulate(graph, x, Device.ideal(), seeded(0), array=ArraySpec(adc_bits=None)).exact


@pytest.mark.parametrize("bits", range(2, 8))
def test_readouts_are_floats_wherever_a_layer_erred(bits: int) -> None:
    found = simulate(small_graph(), small_input(), Device.ideal(), seeded(0), array=ArraySpec(adc_bits=bits))
    assert {r.dtype for r in found.readouts.values()} == {np.dtype(np.int64 if found.exact else np.float64)}


def test_what_arrays_do_not_compute_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = small_graph()
    monkeypatch.setattr(type(graph.projections["conv"]), "kind", "butterfly")
    with pytest.raises(UnsupportedGraphError, match=r"'conv'.*butterfly.*dense, conv2d"):
        simulate(graph, small_input(), Device.ideal(), seeded(0))
