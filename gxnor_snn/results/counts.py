"""Exact integer counts of what an event graph did: per projection and per population, per sample."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["Counts", "Int64", "MoveCounts", "PopulationCounts", "SynapseCounts"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class SynapseCounts:
    """Counts of one `Dense` or `Conv2d` projection, each int64 of shape (B,), or () when summed.

    A synapse is one (weight, source value) pair that lies in range; padding makes no synapse.

    Attributes
    ----------
    n_dense
        Synapses in range, zero or not.
    n_x
        Synapses whose activation is nonzero.
    n_w
        Synapses whose weight is nonzero.
    n_gated
        Synapses whose weight and activation are both nonzero: the gates that opened.
    n_padded
        Synapses in the other convention, which counts every kernel tap of every output, padding included.
    n_x_planes
        Pairs of (synapse, nonzero activation plane): what a bit-serial row driver has to drive.
    n_xnor
        Open gated XNOR operations: pairs of (nonzero weight plane, nonzero activation plane).
    n_bitcount
        Triples (target neuron, weight plane, activation plane) with at least one open pair; only in
        full counts, else None.
    n_agree
        XNOR operations of `n_xnor` whose two plane values have the same sign (outcome +1); only in full counts.
    """

    n_dense: Int64
    n_x: Int64
    n_w: Int64
    n_gated: Int64
    n_padded: Int64
    n_x_planes: Int64
    n_xnor: Int64
    n_bitcount: Int64 | None = None
    n_agree: Int64 | None = None

    @property
    def n_disagree(self) -> Int64 | None:
        """XNOR operations whose two plane values differ in sign (outcome -1); only in full counts."""
        return None if self.n_agree is None else np.asarray(self.n_xnor - self.n_agree)

    @property
    def resting(self) -> float:
        """Resting probability 1 - n_gated / n_dense over all samples (GXNOR-Net, sec. on operations)."""
        dense = int(np.sum(self.n_dense))
        return 1.0 - int(np.sum(self.n_gated)) / dense if dense else 1.0


@dataclass(frozen=True)
class MoveCounts:
    """Counts of one `Pool2d` or `Identity` projection, which move values and multiply nothing.

    Attributes
    ----------
    n_moved
        In-range (target, source) pairs whose source is nonzero, int64 of shape (B,) or ().
    """

    n_moved: Int64


@dataclass(frozen=True)
class PopulationCounts:
    """Counts of one population.

    Attributes
    ----------
    n_neurons
        Neurons per sample (a plain int).
    internal
        True for the spiking population in front of a pool: priced as neurons, left out of layer sparsity.
    spikes_pos, spikes_neg
        Neurons whose level is above / below zero; int64 of shape (B,) or (). None for a readout.
    neurons_reached
        Neurons with at least one open gate over all their Dense and Conv2d inputs; only in full counts.
    """

    n_neurons: int
    internal: bool = False
    spikes_pos: Int64 | None = None
    spikes_neg: Int64 | None = None
    neurons_reached: Int64 | None = None


@dataclass(frozen=True)
class Counts:
    """All counts of one run.

    Arrays may be read-only and share memory with one another (engine `native` holds equal counts once, and a count
    that is the same for every sample as one number): copy one before changing it.

    Attributes
    ----------
    n_samples
        Samples counted.
    projections
        `SynapseCounts` or `MoveCounts` by projection name.
    populations
        `PopulationCounts` by population name.
    """

    n_samples: int
    projections: Mapping[str, SynapseCounts | MoveCounts]
    populations: Mapping[str, PopulationCounts]

    def __post_init__(self) -> None:
        object.__setattr__(self, "projections", MappingProxyType(dict(self.projections)))
        object.__setattr__(self, "populations", MappingProxyType(dict(self.populations)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Counts, (self.n_samples, dict(self.projections), dict(self.populations))

    @property
    def synapses(self) -> dict[str, SynapseCounts]:
        """The Dense and Conv2d projections only, in graph order."""
        return {n: c for n, c in self.projections.items() if isinstance(c, SynapseCounts)}

    @property
    def moves(self) -> dict[str, MoveCounts]:
        """The Pool2d and Identity projections only, in graph order."""
        return {n: c for n, c in self.projections.items() if isinstance(c, MoveCounts)}

    @property
    def resting(self) -> float:
        """Resting probability over all synapses of all layers and samples."""
        dense = sum(int(np.sum(c.n_dense)) for c in self.synapses.values())
        gated = sum(int(np.sum(c.n_gated)) for c in self.synapses.values())
        return 1.0 - gated / dense if dense else 1.0

    @property
    def is_summed(self) -> bool:
        """Whether every count is one number for all samples (see `summed`)."""
        return not any(array.ndim for array in self._arrays())

    def summed(self) -> "Counts":
        """The same counts added over samples; every array becomes an int64 scalar array of shape ()."""
        return self._map(lambda a: np.asarray(np.sum(a, dtype=np.int64)))

    @staticmethod
    def total(parts: "Iterable[Counts]") -> "Counts":
        """The sum over all samples of all batches of one graph; holds one batch at a time.

        Parameters
        ----------
        parts
            Counts per sample, or summed, in any mixture, as from the traces of a stream.

        Raises
        ------
        InputError
            If `parts` is empty, the batches do not come from one graph and one kind of counting, or a sum leaves
            int64.
        """
        total: Counts | None = None
        for part in parts:
            total = part.summed() if total is None else total._plus(part.summed())
        if total is None:
            raise InputError("Counts.total: got no batches, needs at least one")
        return total

    def _plus(self, other: "Counts") -> "Counts":
        """Summed counts added, entry by entry."""
        _check_alike("Counts.total", [self, other])
        addends = other._arrays()
        added = self._map(lambda a: np.asarray(a + next(addends)))
        if any(array < 0 for array in added._arrays()):  # counts are not negative: int64 wrapped around
            raise InputError("Counts.total: a sum over all samples is beyond int64; sum fewer samples at a time")
        return replace(added, n_samples=self.n_samples + other.n_samples)

    def _arrays(self) -> Iterator[Int64]:
        for item in (*self.projections.values(), *self.populations.values()):
            yield from (a for f in fields(item) if isinstance(a := getattr(item, f.name), np.ndarray))

    def _map(self, function: Callable[[Int64], Int64]) -> "Counts":
        def each(item: Any) -> Any:
            arrays = {f.name: getattr(item, f.name) for f in fields(item)}
            return replace(item, **{n: function(a) for n, a in arrays.items() if isinstance(a, np.ndarray)})

        return Counts(
            self.n_samples,
            {n: each(c) for n, c in self.projections.items()},
            {n: each(c) for n, c in self.populations.items()},
        )

    @staticmethod
    def concatenate(parts: "list[Counts]") -> "Counts":
        """Join per-sample counts of consecutive batches of one graph; summed ones are added, as in `total`.

        Raises
        ------
        InputError
            If `parts` is empty, some are summed and some not, or the batches do not come from one graph and one
            kind of counting.
        """
        if not parts:
            raise InputError("Counts.concatenate: got no batches, needs at least one")
        first = parts[0]
        _check_alike("Counts.concatenate", parts)
        if len({p.is_summed for p in parts}) > 1:
            raise InputError("Counts.concatenate: some batches are summed over samples and some are not")
        if first.is_summed:
            return Counts.total(parts)

        def join(items: list[Any]) -> Any:
            arrays = {f.name: [getattr(i, f.name) for i in items] for f in fields(items[0])}
            return replace(
                items[0],
                **{n: np.concatenate(a) for n, a in arrays.items() if isinstance(a[0], np.ndarray)},
            )

        return Counts(
            sum(p.n_samples for p in parts),
            {n: join([p.projections[n] for p in parts]) for n in first.projections},
            {n: join([p.populations[n] for p in parts]) for n in first.populations},
        )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form with totals over all samples, as written to ``counts.json``."""
        total = self.summed()

        def plain(item: Any) -> dict[str, Any]:
            values = {f.name: getattr(item, f.name) for f in fields(item)}
            return {n: int(v) if isinstance(v, np.ndarray) else v for n, v in values.items() if v is not None}

        projections = {n: plain(c) for n, c in total.projections.items()}
        for name, synapse in total.synapses.items():
            projections[name]["resting"] = synapse.resting
        return {
            "n_samples": self.n_samples,
            "resting": self.resting,
            "projections": projections,
            "populations": {n: plain(c) for n, c in total.populations.items()},
        }


def _check_alike(what: str, parts: list[Counts]) -> None:
    """Raise unless all counts are of one graph and of one kind of counting."""
    if len({(tuple(p.projections), None, tuple(p.populations)) for p in parts}) > 1:
        raise InputError(f"{what}: the batches come from different graphs")

    def kinds(counts: Counts) -> tuple[bool, ...]:
        items = (*counts.projections.values(), *counts.populations.values())
        return tuple(isinstance(getattr(item, f.name), np.ndarray) for item in items for f in fields(item))

    if len({kinds(p) for p in parts}) > 1:
        raise InputError(f"{what}: some batches have full counts and some basic ones")
