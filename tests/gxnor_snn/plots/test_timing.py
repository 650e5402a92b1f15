from dataclasses import replace

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, timing
from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, Spiking, execute
from gxnor_snn.plots import core_load, energy_over_time, figure_png, link_load, style

TERNARY = Coding.ternary()


@pytest.fixture(scope="module")
def net():
    """Six layers, a core each: two tiles of Loihi."""
    rng = np.random.default_rng(1)
    names = ["x", "a", "b", "c", "d", "e"]
    rest = [
        Spiking(
            name=n, shape=(20,), coding=TERNARY, thresholds=np.tile([-1, 2], (20, 1)), increasing=np.ones(20, bool)
        )
        for n in names[1:]
    ]
    out = Readout(name="y", shape=(3,), scale=np.ones(3), offset=np.zeros(3))
    edges = [
        Dense(name=f"to_{t.name}", source=s, target=t.name, coding=TERNARY,
              weights=rng.integers(-1, 2, (t.shape[0], 20)))
        for s, t in zip(names, [*rest, out], strict=True)
    ]  # fmt: skip
    return EventGraph([Input(name="x", shape=(20,), coding=TERNARY), *rest, out], edges)


def timed(net, card):
    profile = load_profile(card)
    trace = execute(net, np.random.default_rng(2).integers(-1, 2, (3, 20)), record="all")
    return timing(net, trace, map_graph(net, profile), profile)


def test_the_area_of_the_blocks_is_the_energy(net):
    found = timed(net, "loihi")
    for sample in (None, 1):
        ax = energy_over_time(found, sample)
        joule = sum(bar.get_width() * bar.get_height() for bar in ax.patches) * 1e-6
        expected = found.energy_j.mean() if sample is None else found.energy_j[sample]
        assert ax.get_xlabel() == "time (µs)"
        assert joule == pytest.approx(expected)
    ax = energy_over_time(found, without=["static", "reset"])
    joule = sum(bar.get_width() * bar.get_height() for bar in ax.patches) * 1e-6
    left = sum(found.terms[name].sum(axis=1).mean() for name in ("static", "reset"))
    assert joule == pytest.approx(found.energy_j.mean() - left)
    assert "without static" in ax.get_xlabel()
    assert "without static" in style.description(ax)


def test_cards_without_times_or_prices(net):
    found = timed(net, "darwin3_nsr_2024")
    ax = energy_over_time(found)
    assert ax.get_xlabel() == "step"
    assert "Not complete" in style.description(ax)
    assert core_load(found).get_xlabel() == "synaptic events per sample"
    with pytest.raises(InputError, match="nothing has a price"):
        energy_over_time(timed(net, "loihi2_intel_2021"))
    with pytest.raises(InputError, match="without is"):
        energy_over_time(found, without=["coffee"])


def test_steps_of_no_length_and_runs_without_work(net):
    found = timed(net, "loihi")
    step_s = found.step_s.copy()
    step_s[:, 1] = 0
    ax = energy_over_time(replace(found, step_s=step_s), without=["static"])
    assert ax.get_xlabel().startswith("step without static")
    joule = sum(bar.get_height() for bar in ax.patches)
    left = found.terms["static"].sum(axis=1).mean()
    assert joule == pytest.approx(found.energy_j.mean() - left)
    terms = {name: np.where(np.arange(found.steps) == 1, 0, energy) for name, energy in found.terms.items()}
    ax = energy_over_time(replace(found, step_s=step_s, terms=terms))
    assert ax.get_xlabel() == "time (µs)"
    assert all(np.isfinite(bar.get_height()) for bar in ax.patches)
    still = replace(found, core_s=None, events=np.zeros_like(found.events))
    assert figure_png(lambda: core_load(still), dpi=40)
    assert figure_png(lambda: link_load(still), dpi=40)
    many = replace(found, events=np.zeros((1, 2001, 6), np.int64))
    with pytest.raises(InputError, match="the run has 2001 steps; allowed are 2000"):
        energy_over_time(many)


def test_busiest_cores_come_first(net):
    found = timed(net, "loihi")
    ax = core_load(found)
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels[0] == found.busiest_core
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == sorted(widths, reverse=True)
    assert sum(widths) == pytest.approx(found.core_s.sum() / 3 * 1e6)
    assert found.busiest_core in style.description(ax)


def test_links_are_drawn_where_messages_went(net):
    found = timed(net, "loihi")
    used = int((found.link_load.sum(axis=(0, 1)) > 0).sum())
    ax = link_load(found)
    arrows = [text for text in ax.texts if text.arrow_patch is not None]
    assert len(arrows) == used > 0
    assert found.busiest_link in style.description(ax)
    still = replace(found, link_load=np.zeros_like(found.link_load))
    assert "No message" in style.description(link_load(still))
    with pytest.raises(InputError, match="has no mesh"):
        link_load(timed(net, "spinnaker"))


def test_figures_are_whole(net):
    found = timed(net, "loihi")
    for draw in (energy_over_time, core_load, link_load):
        assert figure_png(lambda draw=draw: draw(found), dpi=40).startswith(b"\x89PNG")
