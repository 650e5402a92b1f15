"""What a graph holds, as rows: for people, as text or as HTML in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from .coding import Coding
from .event_graph import EventGraph
from .population import Population
from .projection import Projection
from .tables import html_table, text_table

__all__ = ["PopulationRow", "ProjectionRow", "Summary", "summarise"]

_PLAIN = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1, "gain": 1, "delay": 0}


@dataclass(frozen=True)
class PopulationRow:
    """One population.

    Attributes
    ----------
    name, role, shape, neurons
        As in the graph; ``role`` says "(internal)" of populations in front of a pool.
    coding
        Kind, planes, lowest and highest level; "sums" for a readout.
    thresholds
        Lowest and highest integer threshold, or None.
    decreasing
        Channels with falling thresholds (negative gains).
    """

    name: str
    role: str
    shape: tuple[int, ...]
    neurons: int
    coding: str
    thresholds: tuple[int, int] | None
    decreasing: int

    def texts(self) -> tuple[str, ...]:
        """The cells of its row."""
        extent = "" if self.thresholds is None else f"{self.thresholds[0]:,} .. {self.thresholds[1]:,}"
        falling = f", {self.decreasing} channels decreasing" if self.decreasing else ""
        return self.name, self.role, _times(self.shape), self.coding, extent + falling


@dataclass(frozen=True)
class ProjectionRow:
    """One projection.

    Attributes
    ----------
    name, source, target
        As in the graph.
    form
        Kind, with what differs from the plain form.
    shape, coding
        Of the weights; None and "" without weights.
    weights, zeros
        Number of weights, and of those that are 0.
    fan_in
        Weights per output neuron, and the fewest and the most of them that are not 0.
    synapses
        Synapses in range (pools and identities: moved values).
    n_bytes
        Size in a file.
    """

    name: str
    source: str
    target: str
    form: str
    shape: tuple[int, ...] | None
    coding: str
    weights: int
    zeros: int
    fan_in: tuple[int, int, int] | None
    synapses: int
    n_bytes: int

    def texts(self) -> tuple[str, ...]:
        """The cells of its row."""
        if self.shape is None or self.fan_in is None:
            return self.name, self.source, self.target, self.form, "", "", "", ""
        each, fewest, most = self.fan_in
        fan_in = f"{fewest:,} .. {most:,} of {each:,}"
        zeros = f"{100 * self.zeros / self.weights:.1f} %"
        return self.name, self.source, self.target, self.form, _times(self.shape), self.coding, fan_in, zeros


POPULATION_HEAD = ("population", "role", "shape", "coding", "thresholds")
PROJECTION_HEAD = ("projection", "from", "to", "form", "weights", "coding", "fan-in not 0", "zeros")


@dataclass(frozen=True)
class Summary:
    """All rows of a graph; ``print`` it, or let a notebook show it.

    Attributes
    ----------
    populations, projections
        Rows in graph order.
    digest
        Of the graph.
    certificate
        What the graph's metadata tell of its proof, or None; see `gxnor_converters.certify`.
    """

    populations: tuple[PopulationRow, ...]
    projections: tuple[ProjectionRow, ...]
    digest: str
    certificate: dict[str, Any] | None

    @property
    def totals(self) -> dict[str, int]:
        """Populations, projections, neurons, weights, zero weights, synapses, bytes of weights."""
        return {
            "populations": len(self.populations),
            "projections": len(self.projections),
            "neurons": sum(p.neurons for p in self.populations),
            "weights": sum(p.weights for p in self.projections),
            "zeros": sum(p.zeros for p in self.projections),
            "synapses": sum(p.synapses for p in self.projections if p.weights),
            "bytes": sum(p.n_bytes for p in self.projections),
        }

    @property
    def head(self) -> str:
        """The totals in one line."""
        t = self.totals
        zeros = f" ({100 * t['zeros'] / t['weights']:.1f} % of them 0)" if t["weights"] else ""
        return (
            f"{t['populations']} populations, {t['neurons']:,} neurons; {t['projections']} projections, "
            f"{t['weights']:,} weights{zeros} in {t['bytes']:,} bytes, {t['synapses']:,} synapses"
        )

    @property
    def proof(self) -> str:
        """What the certificate says, in one line."""
        if self.certificate is None:
            return "not verified"
        try:
            n, differing = int(self.certificate["n_samples"]), int(self.certificate["samples_differing"])
            engine, numbers = self.certificate["engine"], sum(self.certificate["compared"].values())
            same = self.certificate["graph_digest"] == self.digest
        except (KeyError, TypeError, ValueError, AttributeError):
            return "certificate in an unknown form"
        if not same:
            return "certificate of another graph"
        return f"{differing:,} of {n:,} samples differ between torch, reference and {engine} ({numbers:,} numbers)"

    def __str__(self) -> str:
        tables = (
            text_table(POPULATION_HEAD, [p.texts() for p in self.populations]),
            text_table(PROJECTION_HEAD, [p.texts() for p in self.projections]),
        )
        return "\n\n".join([f"{self.head}\nproof: {self.proof}", *("\n".join(t) for t in tables)])

    def _repr_html_(self) -> str:
        tables = html_table(POPULATION_HEAD, [p.texts() for p in self.populations])
        tables += html_table(PROJECTION_HEAD, [p.texts() for p in self.projections])
        return f"<div><p>{escape(self.head)}<br>proof: {escape(self.proof)}</p>{tables}</div>"


def summarise(graph: EventGraph) -> Summary:
    """The rows of a graph; see `EventGraph.summary`."""
    certificate = graph.metadata.get("certificate")
    return Summary(
        populations=tuple(_population(graph, p) for p in graph.populations.values()),
        projections=tuple(_projection(graph, p) for p in graph.projections.values()),
        digest=graph.digest,
        certificate=certificate if isinstance(certificate, dict) else None,
    )


def _population(graph: EventGraph, population: Population) -> PopulationRow:
    thresholds = getattr(population, "thresholds", np.empty(0))
    increasing = getattr(population, "increasing", np.ones(1, bool))
    return PopulationRow(
        name=population.name,
        role=f"{population.role} (internal)" if population.is_internal else population.role,
        shape=population.shape,
        neurons=population.size,
        coding=_coding(graph.coding(population.name)) if population.has_outputs else "sums",
        thresholds=(int(thresholds.min()), int(thresholds.max())) if thresholds.size else None,
        decreasing=int(np.count_nonzero(~increasing)),
    )


def _projection(graph: EventGraph, edge: Projection) -> ProjectionRow:
    weights = getattr(edge, "weights", None)
    fan_in, zeros = None, 0
    if weights is not None:
        nonzero = np.count_nonzero(weights.reshape(len(weights), -1), axis=1)
        fan_in = weights[0].size, int(nonzero.min()), int(nonzero.max())
        zeros = weights.size - int(nonzero.sum())
    return ProjectionRow(
        name=edge.name,
        source=edge.source,
        target=edge.target,
        form=_form(edge),
        shape=None if weights is None else weights.shape,
        coding="" if weights is None else _coding(edge.coding),  # type: ignore[attr-defined]
        weights=0 if weights is None else weights.size,
        zeros=zeros,
        fan_in=fan_in,
        synapses=int(graph.fan_out(edge.name).dense.sum()),
        n_bytes=sum(t.nbytes for t in edge.to_spec()[1].values()),
    )


def _coding(coding: Coding) -> str:
    planes = "" if coding.kind == "ternary" else f"({coding.n_planes})"
    return f"{coding.kind}{planes} {coding.lo}..{coding.hi}"


def _form(edge: Any) -> str:
    """Kind of a projection with what differs from the plain form, as in ``conv2d, padding 1``."""
    mode = getattr(edge, "mode", "")  # per channel it is a tuple
    words = [f"{edge.kind} {mode if isinstance(mode, str) else '/'.join(sorted(set(mode)))}".rstrip()]
    parts = {key: getattr(edge, key) for key in ("kernel", *_PLAIN) if hasattr(edge, key)}
    if "stride" in parts:
        parts["stride"] = edge.window.stride  # of a pool it may be left to the kernel
    words += [f"{key} {_short(value)}" for key, value in parts.items() if value != _PLAIN.get(key)]
    if edge.target_channels is not None:
        words.append("channels {}..{}".format(*edge.target_channels))
    return ", ".join(words)


def _short(value: Any) -> str:
    """A number, or a tuple of numbers, which stands as one number where all are equal."""
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
    return str(value)


def _times(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
