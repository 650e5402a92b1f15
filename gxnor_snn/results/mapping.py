"""Where an event graph lies on a device: what mapping found out before any event was counted."""

from collections.abc import Mapping as MappingABC
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["Check", "Mapping", "Quantity"]

Quantity = int | float | str | bool
"""One static mapped quantity; everything in a mapping is JSON-able."""


@dataclass(frozen=True)
class Check:
    """One limit of the device and how the graph stands to it.

    Attributes
    ----------
    limit
        Name of the limit on the card.
    status
        "pass"; "exceeded" (the device can still run the graph, at a price that `note` states: what cannot run
        at all is refused); or "unchecked" (the card gives no such limit).
    used, allowed
        The two numbers compared; None where unchecked.
    note
        What was compared, or what exceeding means.
    """

    limit: str
    status: Literal["pass", "exceeded", "unchecked"]
    used: float | None = None
    allowed: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Mapping:
    """An event graph laid out on one device; pricing needs this and the counts, not the graph.

    Attributes
    ----------
    profile, kind
        Name and kind of the hardware card.
    graph
        Digest of the event graph.
    projections, populations
        Static mapped quantities by name.
    resources
        What the whole graph takes of the device: cores, arrays, chips, steps.
    checks
        Every limit that was looked at.
    notes
        What a reader of the bill must know about this layout.
    card
        Digest of the card's content.
    """

    profile: str
    kind: str
    graph: str
    projections: MappingABC[str, MappingABC[str, Quantity]]
    populations: MappingABC[str, MappingABC[str, Quantity]]
    resources: MappingABC[str, Quantity]
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    card: str = ""

    def __post_init__(self) -> None:
        for name in ("projections", "populations"):
            parts = {n: MappingProxyType(dict(q)) for n, q in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(parts))
        object.__setattr__(self, "resources", MappingProxyType(dict(self.resources)))

    def __reduce__(self) -> tuple[Any, ...]:
        plain = (
            {n: dict(q) for n, q in self.projections.items()},
            {n: dict(q) for n, q in self.populations.items()},
            dict(self.resources),
        )
        return Mapping, (self.profile, self.kind, self.graph, *plain, self.checks, self.notes, self.card)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "profile": self.profile,
            "kind": self.kind,
            "card": self.card,
            "graph": self.graph,
            "resources": dict(self.resources),
            "projections": {n: dict(q) for n, q in self.projections.items()},
            "populations": {n: dict(q) for n, q in self.populations.items()},
            "checks": [asdict(c) for c in self.checks],
            "notes": list(self.notes),
        }
