"""A graph as Brian2 objects: one group of neurons, one set of synapses, and one more where there are max pools."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .equations import XNOR, Features, model, on_pick, on_pre, reset, synapse_model, threshold, wide
from .parameters import neuron_parameters, starts, synapse_parameters
from .schedule import Schedule
from .wiring import Bundle, Steps, Wiring

__all__ = ["Objects", "assemble"]


@dataclass(frozen=True)
class Objects:
    """The Brian2 objects of a graph.

    Attributes
    ----------
    neurons
        `NeuronGroup` of all neurons.
    synapses
        `Synapses` that add; None if every weight is zero.
    pools
        `Synapses` of max and min pools, or None.
    clock
        The `Clock` of all of them.
    """

    neurons: Any
    synapses: Any
    pools: Any
    clock: Any

    @property
    def all(self) -> list[Any]:
        """All objects, for a `Network`."""
        return [o for o in (self.neurons, self.synapses, self.pools) if o is not None]


def assemble(
    brian2: Any, wiring: Wiring, gates: Schedule, delays: Mapping[str, Steps], features: Features, code: Any
) -> Objects:
    """Make the objects.

    Parameters
    ----------
    brian2
        The module.
    wiring, gates, delays, features
        What they are to be.
    code
        Class of code objects (numpy, Cython) that all of them use; None leaves it to the device.
    """
    clock = brian2.Clock(dt=brian2.ms)
    neurons = brian2.NeuronGroup(
        wiring.n_neurons,
        model(features),
        threshold=threshold(features),
        reset=reset(features),
        clock=clock,
        dtype=dict.fromkeys(wide(features), np.int64),
        codeobj_class=code,
        name="neurons",
        namespace={},
    )
    neurons.resetter["spike"].when = "before_synapses"  # they read the level that it sets
    neurons.steps = gates.window
    if features.planes:
        neurons.xnor = XNOR
    for name, values in neuron_parameters(wiring, gates, features).items():
        neurons.variables[name].set_value(values)
    neurons.variables["v"].set_value(starts(wiring).astype(float if features.real else np.int32))

    def connected(kind: _Kind) -> Any:
        return _connect(brian2, neurons, kind, delays, code) if kind.bundle.size else None

    adding = _Kind(
        "synapses",
        wiring.add,
        synapse_model(features),
        on_pre(features),
        lambda: synapse_parameters(wiring, features),
    )
    picking = _Kind(
        "pools",
        wiring.pick,
        synapse_model(Features(real=features.real)),
        on_pick(features),
        lambda: {"w": wiring.pick.gather("weight")},
    )
    return Objects(neurons, connected(adding), connected(picking), clock)


@dataclass(frozen=True)
class _Kind:
    """One `Synapses` object to be: its name, synapses, model, effect of a spike, and parameters by name."""

    name: str
    bundle: Bundle
    text: str
    effect: str
    parameters: Callable[[], Mapping[str, NDArray[np.int32]]]


def _connect(brian2: Any, neurons: Any, kind: _Kind, delays: Mapping[str, Steps], code: Any) -> Any:
    """Make the synapses; no array is made before it is needed, for these are the largest there are."""
    steps = kind.bundle.delays(delays)
    same = isinstance(steps, int)
    synapses = brian2.Synapses(
        neurons,
        neurons,
        kind.text,
        on_pre=kind.effect,
        delay=steps * brian2.ms if same else None,  # one number takes no memory per synapse
        clock=neurons.clock,
        codeobj_class=code,
        name=kind.name,
        namespace={},
    )
    if code is not None:  # this runs once and only copies: nothing is gained by compiling it
        from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

        synapses.codeobj_class = NumpyCodeObject
    synapses.connect(i=kind.bundle.gather("source"), j=kind.bundle.gather("target"))
    synapses.codeobj_class = code
    for field, values in kind.parameters().items():
        synapses.variables[field].set_value(values)  # the whole array; an index array would take twice as much
    if not same:
        synapses.pre.variables["delay"].set_value(np.asarray(steps) * 1e-3)
    return synapses
