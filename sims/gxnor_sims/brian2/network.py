"""A graph as Brian2 objects: one group of neurons, one set of synapses, and one more where there are max pools."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .delays import Steps
from .equations import Features, model, on_pick, on_pre, reset, synapse_model, threshold
from .parameters import neuron_parameters, starts, synapse_parameters
from .schedule import Schedule
from .wiring import Bundle, Wiring

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
    brian2: Any, wiring: Wiring, gates: Schedule, delays: dict[str, Steps], features: Features, code: Any
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
        codeobj_class=code,
        name="neurons",
        namespace={},
    )
    neurons.resetter["spike"].when = "before_synapses"  # they read the level that it sets
    neurons.steps = gates.window
    for name, values in neuron_parameters(wiring, gates, features).items():
        neurons.variables[name].set_value(values)
    neurons.variables["v"].set_value(starts(wiring).astype(float if features.real else np.int32))

    def connected(name: str, bundle: Bundle, text: str, effect: str, parameters: dict[str, Any]) -> Any:
        return (
            _connect(brian2, name, neurons, bundle, text, effect, parameters, delays, code)
            if bundle.size
            else None
        )

    weights = synapse_parameters(wiring, features)
    signs = {"w": wiring.pick.gather("weight")}
    return Objects(
        neurons,
        connected("synapses", wiring.add, synapse_model(features), on_pre(features), weights),
        connected("pools", wiring.pick, synapse_model(Features(real=features.real)), on_pick(features), signs),
        clock,
    )


def _connect(
    brian2: Any,
    name: str,
    neurons: Any,
    bundle: Bundle,
    text: str,
    effect: str,
    parameters: dict[str, Any],
    delays: dict[str, Steps],
    code: Any,
) -> Any:
    steps = np.zeros(bundle.size, np.int32)
    for link in bundle.links:
        if link.delayed:
            steps[bundle.spans[link.projection]] = delays[link.projection]
    same = int(steps.min()) == int(steps.max())
    synapses = brian2.Synapses(
        neurons,
        neurons,
        text,
        on_pre=effect,
        delay=int(steps[0]) * brian2.ms if same else None,  # one number takes no memory per synapse
        clock=neurons.clock,
        codeobj_class=code,
        name=name,
        namespace={},
    )
    if code is not None:  # this runs once and only copies: nothing is gained by compiling it
        from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

        synapses.codeobj_class = NumpyCodeObject
    synapses.connect(i=bundle.gather("source"), j=bundle.gather("target"))
    synapses.codeobj_class = code
    for field, values in parameters.items():
        setattr(synapses, field, values)
    if not same:
        synapses.delay = steps * brian2.ms
    return synapses
