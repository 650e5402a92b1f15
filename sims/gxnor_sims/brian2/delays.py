"""Delays of synapses in steps: fixed, drawn at random, or taken from a layout on hardware.

A delay model is anything with ``of(wiring)``, which returns, by projection, one integer or one per synapse in the
order of `Wiring.links`.
"""

import math
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.results import Mapping

from .wiring import Steps, Wiring

__all__ = ["DelayModel", "FixedDelays", "MappedDelays", "RandomDelays", "check_delays", "delays_of"]

MAX_DELAY = 1 << 16


@runtime_checkable
class DelayModel(Protocol):
    """Says how long spikes travel."""

    def of(self, wiring: Wiring) -> dict[str, Steps]:
        """Delay in steps of every projection: one integer, or one per synapse."""
        ...


@dataclass(frozen=True)
class FixedDelays:
    """Delays given by hand.

    Attributes
    ----------
    steps
        By projection: an integer, or one per synapse in the order of `Wiring.links`. Projections not named keep
        the delay that the graph gives them.
    """

    steps: MappingABC[str, Any] = field(default_factory=dict)

    def of(self, wiring: Wiring) -> dict[str, Steps]:
        projections = wiring.graph.projections
        for name in self.steps:
            if name not in projections:
                raise InputError(f"delays: no projection {name!r} in the graph; it has {', '.join(projections)}")
        return {name: self.steps.get(name, p.delay) for name, p in projections.items()}


@dataclass(frozen=True)
class RandomDelays:
    """An independent delay per synapse, uniform on the integers low..high.

    Attributes
    ----------
    low, high
        Shortest and longest delay in steps.
    seed
        An integer of at least 0; the same seed gives the same delays on the same graph.
    """

    low: int
    high: int
    seed: int

    def of(self, wiring: Wiring) -> dict[str, Steps]:
        whole = all(_is_whole(value) for value in (self.low, self.high, self.seed))
        if not (whole and 0 <= self.low <= self.high <= MAX_DELAY and self.seed >= 0):
            raise InputError(
                f"RandomDelays: {self.low!r}..{self.high!r} with seed {self.seed!r} is given, allowed are "
                f"integers 0 <= low <= high <= {MAX_DELAY} and a seed of at least 0"
            )
        rng = np.random.default_rng(self.seed)
        links = wiring.links
        return {n: rng.integers(self.low, self.high + 1, len(links[n].source)) for n in wiring.graph.projections}


@dataclass(frozen=True)
class MappedDelays:
    """Delays from a layout on a chip with a mesh: hops of an average message, times the steps that a hop takes.

    Attributes
    ----------
    mapping
        What ``gxnor_hardware.map_graph`` made of the graph; its projections tell messages and hops.
    steps_per_hop
        Steps that a message needs for one hop; the product is rounded up.
    """

    mapping: Mapping
    steps_per_hop: float = 1.0

    def of(self, wiring: Wiring) -> dict[str, Steps]:
        if not isinstance(self.mapping, Mapping):
            raise InputError(f"MappedDelays: mapping is {self.mapping!r:.60}, allowed is what map_graph made")
        if self.mapping.graph != wiring.graph.digest:
            raise InputError(f"MappedDelays: the layout on {self.mapping.profile!r} is one of another graph")
        if not (math.isfinite(self.steps_per_hop) and self.steps_per_hop >= 0):
            raise InputError(f"MappedDelays: steps_per_hop is {self.steps_per_hop!r}, allowed is a number >= 0")
        return {name: self._hops(name) for name in wiring.graph.projections}

    def _hops(self, name: str) -> int:
        quantities = self.mapping.projections.get(name, {})
        keys = [f"{part}_per_line_value" for part in ("messages", "hops_x", "hops_y")]
        if any(key not in quantities for key in keys):
            raise InputError(
                f"MappedDelays: the layout on {self.mapping.profile!r} tells no hops of projection {name!r}; "
                f"allowed are layouts on a mesh of cores"
            )
        messages, x, y = (float(quantities[key]) for key in keys)
        return math.ceil((x + y) / messages * self.steps_per_hop - 1e-9) if messages else 0


def check_delays(model: Any) -> DelayModel | None:
    """A delay model or None.

    Raises
    ------
    InputError
        If it is neither.
    """
    if model is None or isinstance(model, DelayModel):
        return model
    raise InputError(f"delays is {model!r:.60}, allowed is a delay model or None")


def delays_of(model: DelayModel | None, wiring: Wiring) -> dict[str, Steps]:
    """The delays of a model, checked; None stands for those that the graph itself gives.

    Raises
    ------
    InputError
        If the model is none, or a delay is missing, has the wrong shape, is no integer, or lies outside 0..65536.
    """
    given = (check_delays(model) or FixedDelays()).of(wiring)
    return {
        name: _checked(name, given.get(name), len(wiring.links[name].source)) for name in wiring.graph.projections
    }


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _checked(name: str, steps: Any, synapses: int) -> Steps:
    array = np.asarray(steps)
    if array.dtype.kind not in "iu" or array.shape not in ((), (synapses,)):
        raise InputError(
            f"delays of projection {name!r}: {array.dtype} {array.shape} is given, allowed are an integer or "
            f"integers ({synapses},), one per synapse"
        )
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= MAX_DELAY:
        raise InputError(
            f"delays of projection {name!r}: {array.min()}..{array.max()} steps, allowed are 0..{MAX_DELAY}"
        )
    return int(array) if array.ndim == 0 else array.astype(np.int64)
