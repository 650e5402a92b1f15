"""Comparing one batch of torch, reference and engine, number by number."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import ConversionError, InputError
from gxnor_snn.graph import EventGraph, Weighted, execute
from gxnor_snn.results import Counts, EventTrace, logits_of

from .curves import Normalisation

__all__ = ["KINDS", "Comparison"]

KINDS = ("sums", "spikes", "counts", "readouts", "logits", "predictions")
_PART = re.compile(r"\.part\d+$")


class Comparison:
    """Counts comparisons and marks the samples that differ, batch by batch.

    Attributes
    ----------
    compared
        Numbers compared, per kind.
    """

    def __init__(self, graph: EventGraph) -> None:
        if any(graph.magnitude(n) >= 1 << 53 for n in graph.populations if graph.incoming(n)):
            raise ConversionError("certificate: the graph's sums pass 2^53, beyond which torch is not exact")
        self._graph = graph
        source = graph.metadata.get("source", {})
        self._exact_logits: dict[str, bool] = source.get("exact_logits", {})
        given = source.get("normalize")
        self._raw = given and Normalisation(tuple(map(Fraction, given[0])), Fraction(given[1]))
        self._pixels = set(graph.inputs)  # and pools of them
        for name in graph.populations:
            edges = graph.incoming(name)
            if edges and all(e.selects and e.source in self._pixels for e in edges):
                self._pixels.add(name)
        self._edges: dict[str, list[str]] = {}  # by the module that they come from
        self.compared = dict.fromkeys(KINDS, 0)
        self._bad: dict[str, list[NDArray[np.bool_]]] = {kind: [] for kind in KINDS}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, and why."""
        return tuple(
            f"logits and predictions of {name!r} are the graph's: torch rounds what follows its exact sums"
            for name in self._graph.readouts
            if not self._exact_logits.get(name, True)
        )

    def marks(self) -> dict[str, NDArray[np.bool_]]:
        """Which samples differ, per kind."""
        return {kind: np.concatenate(parts) for kind, parts in self._bad.items()}

    def add(
        self,
        x: NDArray[Any],
        seen: Mapping[str, NDArray[Any]],
        outputs: Mapping[str, NDArray[np.float64]],
        trace: EventTrace,
    ) -> None:
        """Compare one batch.

        Parameters
        ----------
        x
            Inputs.
        seen, outputs
            Torch's layers by path, and its outputs by readout.
        trace
            Of the engine.
        """
        for marks in self._bad.values():
            marks.append(np.zeros(len(x), bool))
        self._edges = {}
        for name in self._graph.projections:
            self._edges.setdefault(_module_of(name, seen), []).append(name)
        products: dict[str, NDArray[Any]] = {}

        def linear(projection: Weighted, levels: Any) -> Any:
            coding = self._graph.coding(projection.source)
            products[projection.name] = projection.apply(levels.astype(np.float64), coding, np).astype(np.int64)
            return products[projection.name]

        reference = execute(self._graph, x, linear, record="all")
        self._check_names(seen, products, reference, trace)
        for path, output in seen.items():
            self._layer(path, output, products, reference, trace)
        for name, levels in reference.spikes.items():
            self._compare("spikes", levels, trace.spikes[name])
        for name, sums in (reference.sums or {}).items():
            if trace.sums is not None and name in trace.sums:
                self._compare("sums", sums, trace.sums[name])
        for name in self._graph.readouts:
            self._readout(name, outputs, seen, reference, trace)
        self._counts(reference.counts, trace.counts)

    def _check_names(
        self,
        seen: Mapping[str, Any],
        products: Mapping[str, Any],
        reference: EventTrace,
        trace: EventTrace,
    ) -> None:
        missing = [n for n in seen if n not in self._edges and n not in reference.spikes]
        if missing:
            raise ConversionError(f"certificate: module {missing[0]!r} has no counterpart in the graph")
        unseen = [n for n in products if _module_of(n, seen) not in seen]
        if unseen:
            raise ConversionError(f"certificate: projection {unseen[0]!r} has no counterpart in the model")
        unrecorded = [n for n in reference.spikes if n not in trace.spikes]
        if unrecorded:
            raise InputError(f"verify: run() did not record population {unrecorded[0]!r}; record all of them")

    def _layer(
        self,
        path: str,
        output: NDArray[Any],
        products: Mapping[str, NDArray[Any]],
        reference: EventTrace,
        trace: EventTrace,
    ) -> None:
        """One torch layer against what stands for it: a population's levels, a projection's results, or both."""
        if path in trace.spikes:
            self._compare("spikes", _shaped(output, trace.spikes[path]), trace.spikes[path])
        if path not in self._edges:
            return
        parts = []
        for name in self._edges[path]:
            edge = self._graph.projections[name]
            if name in products:
                parts.append(products[name])
            else:
                levels = reference.spikes[edge.source].astype(np.int64)
                parts.append(edge.apply(levels, self._graph.coding(edge.source), np))
        weighted = all(name in products for name in self._edges[path])
        sums = np.sum(parts, axis=0) if weighted else np.concatenate(parts, axis=1)
        torch_sums = _shaped(output, sums)
        if weighted and self._raw and self._graph.projections[self._edges[path][0]].source in self._pixels:
            torch_sums = self._integers(torch_sums, path)
        self._compare("sums", torch_sums, sums)

    def _integers(self, real: NDArray[Any], path: str) -> NDArray[np.float64]:
        """The integer sums of pixels that stand behind torch's real sums of normalised inputs."""
        edge = cast(Weighted, self._graph.projections[self._edges[path][0]])
        channels = self._graph.populations[edge.source].shape[0]
        shift, divisor = self._raw.of_edge(edge.weights, channels, getattr(edge, "groups", 1))
        column = np.asarray([float(s) for s in shift]).reshape(-1, *[1] * (real.ndim - 2))
        return np.asarray(np.rint(real.astype(np.float64) * float(divisor) + column))

    def _readout(
        self,
        name: str,
        outputs: Mapping[str, NDArray[np.float64]],
        seen: Mapping[str, NDArray[Any]],
        reference: EventTrace,
        trace: EventTrace,
    ) -> None:
        sums = trace.readouts[name]
        self._compare("readouts", reference.readouts[name], sums)
        if name not in outputs:
            raise ConversionError(f"certificate: readout {name!r} has no counterpart among the model's outputs")
        edges = self._graph.incoming(name)
        alone = [e for e in edges if e.weighted and e.gain == 1]
        if len(edges) == len(alone) == 1 and not self._raw:
            self._compare("readouts", _shaped(seen[alone[0].name], sums), sums)
        if not self._exact_logits.get(name, True):
            return
        logits, expected = logits_of(sums, *trace.affine[name]), outputs[name]
        self._compare("logits", expected, logits)
        if logits.ndim == 2:
            self._compare("predictions", expected.argmax(axis=1), logits.argmax(axis=1))

    def _counts(self, reference: Counts | None, other: Counts | None) -> None:
        if other is None or reference is None:
            raise InputError("verify: run() made no counts; it must run with counts='basic' (or 'full')")
        for left, right in _paired(reference, other):
            self._compare("counts", left, right)

    def _compare(self, kind: str, left: NDArray[Any], right: NDArray[Any]) -> None:
        if left.shape != right.shape:
            raise ConversionError(f"certificate: {kind} of shapes {left.shape} and {right.shape} do not match")
        self.compared[kind] += left.size
        differ = (left != right).reshape(len(left), -1).any(axis=1)
        self._bad[kind][-1] |= differ


def _module_of(projection: str, seen: Mapping[str, Any]) -> str:
    """The path of the module that a projection comes from: its name, but for one part of several."""
    return projection if projection in seen else _PART.sub("", projection)


def _shaped(output: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Torch's output in the shape of the graph's, which may keep images that torch has flattened."""
    if output.shape[1:] != like.shape[1:] and output[:1].size != like[:1].size:
        raise ConversionError(f"certificate: shapes {output.shape} and {like.shape} do not match")
    return output.reshape(like.shape)


def _paired(reference: Counts, other: Counts) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Every basic count of the reference with that of the same name; full counts may hold more."""
    for part in ("projections", "populations"):
        theirs = getattr(other, part)
        for name, counts in getattr(reference, part).items():
            if name not in theirs:
                raise InputError(f"verify: run() has no counts of {name!r}; it must run with counts='basic'")
            for field in fields(counts):
                value = getattr(counts, field.name)
                if isinstance(value, np.ndarray):
                    yield value, np.asarray(getattr(theirs[name], field.name))
