"""What a device model must say for its chips to be timed, and what a trace makes of it: the load of every core.

A model lays its flows (`flows.Flow`), says where neurons fire, and turns loads into seconds and charges. To add
one, subclass `Chip` and add a line in `models.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping as SMapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping

from ..profile import Profile
from .flows import ENTRY, Flow, activities
from .footprint import Int64
from .links import Links, Sites
from .reached import open_gates

__all__ = ["Charges", "Chip", "End", "Float", "Load", "measure", "names_of"]

Float = NDArray[np.float64]
Charges = dict[str, list[tuple[str, Float]]]
"""Term of the bill -> (energy constant, how often: (samples, steps))."""
End = str
"""Which end of the band of every constant: "value", "low" or "high"."""


@dataclass(frozen=True)
class Load:
    """What happened, from recorded spikes, int64; first axes (samples, steps), step 1 first.

    Attributes
    ----------
    events
        Synaptic events by kind, (samples, steps, cores).
    sent, received
        Messages by core, (samples, steps, cores).
    fired
        Neurons that fire, by core.
    reached
        Neurons that receive at least one event, by core; None where the model does not ask.
    hops_x, hops_y, crossings
        Tile hops and chip borders of all messages, (samples, steps); 0 without a mesh.
    links
        Messages by link, (samples, steps, links); None without a mesh.
    spikes
        Neurons that fire, by recorded population, (samples,).
    """

    events: SMapping[str, Int64]
    sent: Int64
    received: Int64
    fired: Int64
    reached: Int64 | None
    hops_x: Int64
    hops_y: Int64
    crossings: Int64
    links: Int64 | None
    spikes: SMapping[str, Int64]


@dataclass(frozen=True, eq=False)
class Chip(ABC):
    """A graph on the cores of one device.

    Attributes
    ----------
    graph, profile, mapping
        What is timed.
    flows
        Events on their way to cores.
    home
        Core of every neuron, by population that has cores.
    fires
        Step in which each of these populations settles.
    sites
        Where cores stand; None without a mesh.
    notes
        What a reader must know of events that no spike tells of.
    """

    graph: EventGraph
    profile: Profile
    mapping: Mapping
    flows: tuple[Flow, ...]
    home: SMapping[str, Int64]
    fires: SMapping[str, int]
    sites: Sites | None = None
    notes: tuple[str, ...] = ()
    links: Links | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "links", None if self.sites is None else Links.of(self.sites))

    @classmethod
    @abstractmethod
    def of(cls, graph: EventGraph, profile: Profile, mapping: Mapping) -> "Chip":
        """The chip of a mapped graph."""

    @property
    def cores(self) -> int:
        """Cores in use."""
        return int(self.mapping.resources["cores"])

    @property
    def steps(self) -> int:
        """Steps of an inference."""
        return int(self.mapping.resources["steps"])

    @property
    def needs_reached(self) -> bool:
        """Whether it matters which neurons receive something."""
        return False

    def added(self, load: Load) -> Load:
        """The load with what no spike of the graph tells of (partial sums)."""
        return load

    @abstractmethod
    def updates(self, load: Load) -> Int64:
        """Neuron updates by core, broadcastable to (samples, steps, cores)."""

    @abstractmethod
    def core_seconds(self, load: Load, end: End) -> Float | None:
        """Seconds that each core works in each step, (samples, steps, cores); None without published times."""

    @abstractmethod
    def step_seconds(self, load: Load, work: Float | None, end: End) -> Float | None:
        """Seconds of each step, (samples, steps), of the busiest core's work and what the chip waits for."""

    def handling_seconds(self, load: Load, end: End) -> Float | None:
        """Seconds that each core spends on sending and receiving messages, where the card has such times."""
        return None

    def link_seconds(self, load: Load, end: End) -> Float | None:
        """Seconds that the busiest link is taken in each step, where the card has times of hops."""
        return None

    @abstractmethod
    def charges(self, load: Load) -> Charges:
        """What each step is charged, without static power."""

    def unknown(self, load: Load) -> dict[str, str]:
        """Terms that nobody can count on this chip, with the reason."""
        return {}


def names_of(mapping: Mapping) -> tuple[str, ...]:
    """A name for every core: its population and its number there; those that several share have all names."""
    found: list[list[str]] = [[] for _ in range(int(mapping.resources["cores"]))]
    for name, static in mapping.populations.items():
        if "first_core" in static:
            first, count = int(static["first_core"]), int(static["cores"])
            for k in range(count):
                found[first + k].append(f"{name}[{k}]")
    return tuple(" + ".join(parts) or f"splitters[{core}]" for core, parts in enumerate(found))


def measure(chip: Chip, levels: SMapping[str, Int64]) -> Load:
    """Count what every core and link had to do, from recorded levels (samples, neurons) by population."""
    samples = len(next(iter(levels.values())))
    shape = samples, chip.steps, chip.cores
    kinds = dict.fromkeys(f.kind for f in chip.flows)
    events = {kind: np.zeros(shape, np.int64) for kind in kinds}
    sent, received, fired = (np.zeros(shape, np.int64) for _ in range(3))
    ways = [np.zeros(shape[:2], np.int64) for _ in range(3)]
    links = None if chip.links is None else np.zeros((*shape[:2], len(chip.links)), np.int64)
    for flow in chip.flows:
        step, coding, source = flow.arrives - 1, chip.graph.coding(flow.source), levels[flow.source]
        for activity, table in flow.work:
            events[flow.kind][:, step] += table(activities(source, coding, activity))
        if flow.froms is None or flow.tos is None or not flow.sends:
            continue
        each = [table(activities(source, coding, activity)) for activity, table in flow.sends]
        messages = np.sum(each, axis=0)
        inside = flow.froms != ENTRY
        np.add.at(sent[:, step].T, flow.froms[inside], messages.T[inside])
        np.add.at(received[:, step].T, flow.tos, messages.T)
        if chip.sites is None or chip.links is None or links is None:
            continue
        crossed = chip.links.crossed(flow.froms, flow.tos, messages, chip.sites)
        links[:, step] += crossed
        ways[0][:, step] += crossed[:, : chip.links.horizontal].sum(axis=1)
        ways[1][:, step] += crossed[:, chip.links.horizontal :].sum(axis=1)
        if flow.borders is None:
            ends = [chip.sites.at(cores)[2] for cores in (flow.froms, flow.tos)]
            ways[2][:, step] += messages @ (ends[0] != ends[1])
        else:
            ways[2][:, step] += flow.borders(activities(source, coding, "lines"))[:, 0]
    for name, home in chip.home.items():
        if name in levels:
            by_core = np.zeros((chip.cores, samples), np.int64)
            np.add.at(by_core, home, (levels[name] != 0).T)
            fired[:, chip.fires[name] - 1] += by_core.T
    reached = _reached(chip, levels, shape) if chip.needs_reached else None
    spikes = {name: (found != 0).sum(axis=1) for name, found in levels.items()}
    return chip.added(Load(events, sent, received, fired, reached, ways[0], ways[1], ways[2], links, spikes))


def _reached(chip: Chip, levels: SMapping[str, Int64], shape: tuple[int, int, int]) -> Int64:
    """Neurons with at least one event in the step of their population, by core."""
    found = np.zeros(shape, np.int64)
    for name, home in chip.home.items():
        by_core = np.zeros((chip.cores, shape[0]), np.int64)
        np.add.at(by_core, home, (open_gates(chip.graph, name, levels) > 0).T)
        found[:, chip.fires[name] - 1] += by_core.T
    return found
