"""Gates and windows, worked out by hand."""

import pytest

from gxnor_sims.brian2 import wire
from gxnor_sims.brian2.schedule import schedule
from gxnor_snn.errors import InputError

from .nets import chain, pooled


def delays(*steps: int) -> dict[str, int]:
    return dict(zip(("ia", "ab", "bo"), steps, strict=True))


def test_without_delays_every_layer_takes_one_step() -> None:
    found = schedule(chain(0, 0, 0), delays(0, 0, 0))
    assert found.gates == {"in": 0, "a": 1, "b": 2, "out": 3}
    assert (found.window, found.exact) == (3, True)


def test_gates_wait_for_the_longest_delay() -> None:
    found = schedule(chain(0, 0, 0), delays(3, 0, 2))
    assert found.gates == {"in": 0, "a": 4, "b": 5, "out": 8}
    assert (found.window, found.exact) == (8, True)


def test_early_gates_leave_the_window_and_the_readout_as_they_are() -> None:
    found = schedule(chain(0, 0, 0), delays(3, 0, 2), wait=1)
    assert found.gates == {"in": 0, "a": 2, "b": 3, "out": 8}
    assert (found.window, found.exact) == (8, False)
    assert schedule(chain(0, 0, 0), delays(3, 0, 2), wait=3).exact


def test_a_pools_own_neurons_take_a_step_more() -> None:
    graph = pooled()
    wiring = wire(graph)
    found = schedule(graph, dict.fromkeys(graph.projections, 0), wiring.helpers)
    assert found.helpers == {"max": 1}
    assert found.gates == {"in": 0, "s": 2, "r": 1, "out": 3}
    gates = found.per_neuron(wiring)
    assert set(gates[wiring.helpers["max"]]) == {1}
    assert set(gates[wiring.spans["out"]]) == {-1}


def test_a_window_beyond_all_reason_is_refused() -> None:
    with pytest.raises(InputError, match="window of 3000003 steps"):
        schedule(chain(0, 0, 0), delays(10**6, 10**6, 10**6))
