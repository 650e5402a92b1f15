"""Figures over time, from runs made by hand: no simulator is needed to draw."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from gxnor_sims.brian2 import EarlyFiring, Timing
from gxnor_snn.errors import InputError
from gxnor_snn.plots import (
    accuracy_over_time,
    early_firing_cost,
    figure_png,
    membrane_traces,
    spike_times,
    traffic_over_time,
)
from gxnor_snn.plots.style import description
from gxnor_snn.results import EventTrace


def made(n: int = 2) -> Timing:
    """Two samples, four steps: two inputs fire at once, two neurons in step 2, one of them in one sample only."""
    sums = np.zeros((n, 4, 2), np.int64)
    sums[:, 3] = np.array([[0, 5], [5, 0]])[:n]
    trace = EventTrace({"out": sums[:, -1]}, {"out": (np.ones(2), np.zeros(2))}, None, {}, None, 0.0, "brian2")
    fired = {"in": np.zeros((n, 2), np.int32), "a": np.array([[2, 2], [2, -1]], np.int32)[:n]}
    spikes = {name: np.stack([(f == t).sum(axis=1) for t in range(4)], axis=1) for name, f in fired.items()}
    events = np.array([[6, 0, 4, 0], [6, 0, 2, 0]])[:n]
    return Timing(trace, {"in": 0, "a": 2, "out": 4}, fired, spikes, events, {"out": sums})


@pytest.fixture
def cost() -> EarlyFiring:
    return EarlyFiring(
        ("wait 0", "wait 3", "arrival"),
        np.array([0.5, 0.9, 0.7]),
        np.array([0.6, 1.0, 0.8]),
        {"in": np.zeros(3), "h1": np.array([0.3, 0.0, 0.2])},
        np.array([2.0, 4.0, 3.0]),
        np.array([10.0, 20.0, 30.0]),
    )


def test_spike_times_are_shares_of_all_neurons_and_samples() -> None:
    ax = spike_times(made())
    by_name = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert by_name == {"in": [1, 1, 1, 1], "a": [0, 0, 0.75, 0.75]}
    assert "a 75.0\u00a0%" in description(ax)


def test_traffic_is_a_mean_over_samples_and_gates_are_marked() -> None:
    ax = traffic_over_time(made())
    assert [bar.get_height() for bar in ax.containers[0]] == [6, 0, 3, 0]
    assert [text.get_text() for text in ax.texts] == ["a"]
    assert "9 in all" in description(ax)


def test_accuracy_is_that_of_a_readout_read_early() -> None:
    ax = accuracy_over_time({"exact": made()}, np.array([1, 0]))
    assert ax.lines[0].get_ydata().tolist() == [0.5, 0.5, 0.5, 1.0]
    with pytest.raises(InputError, match="3 classes"):
        accuracy_over_time({"exact": made()}, np.array([1, 0, 0]))
    with pytest.raises(InputError, match="runs of"):
        accuracy_over_time({}, np.array([1, 0]))


def test_settings_without_gates_are_points(cost: EarlyFiring) -> None:
    ax = early_firing_cost(cost)
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines if line.get_linestyle() != "None"}
    assert lines == {"accuracy": [0.5, 0.9], "h1: levels changed": [0.3, 0.0]}
    points = [line.get_ydata().tolist() for line in ax.lines if line.get_linestyle() == "None"]
    assert points == [[0.7], [0.2]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["wait 0", "wait 3", "arrival"]


def test_without_labels_agreement_is_drawn(cost: EarlyFiring) -> None:
    from dataclasses import replace

    ax = early_firing_cost(replace(cost, accuracy=np.full(3, np.nan)))
    assert ax.lines[0].get_ydata().tolist() == [0.6, 1.0]


def test_thresholds_near_the_trace_are_drawn_in_its_colour() -> None:
    ax = membrane_traces(np.array([[0, 3, 3], [0, 0, -2]]), [[2, 900], [-1]], ["n0", "n1"], 3)
    solid = {line.get_label(): line for line in ax.lines if line.get_label() in ("n0", "n1")}
    dashed = [line for line in ax.lines if line not in solid.values()]
    assert [line.get_ydata()[0] for line in dashed] == [2, -1]
    assert [line.get_color() for line in dashed] == [solid["n0"].get_color(), solid["n1"].get_color()]
    with pytest.raises(InputError, match="one of each per neuron"):
        membrane_traces(np.zeros((2, 3)), [[1]], ["n0", "n1"], 3)


def test_a_run_without_samples_is_refused() -> None:
    for draw in (spike_times, traffic_over_time):
        with pytest.raises(InputError, match="0 samples"):
            draw(made(0))


def test_all_take_axes_and_give_whole_pictures(cost: EarlyFiring) -> None:
    from matplotlib.figure import Figure

    draws = {
        "times": lambda ax=None: spike_times(made(), ax),
        "traffic": lambda ax=None: traffic_over_time(made(), ax),
        "accuracy": lambda ax=None: accuracy_over_time({"exact": made()}, np.array([1, 0]), ax),
        "cost": lambda ax=None: early_firing_cost(cost, ax),
        "traces": lambda ax=None: membrane_traces(np.zeros((1, 4)), [[1]], ["n"], 2, ax),
    }
    for draw in draws.values():
        ax = Figure().add_subplot()
        assert isinstance(ax, Axes)
        assert draw(ax) is ax
        assert description(ax)
        assert figure_png(draw, dpi=40).startswith(b"\x89PNG")
