"""Counts per inference, proven to come from the graph that was mapped."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Counts, Mapping, MoveCounts, SynapseCounts
from gxnor_snn.results.mapping import Quantity

from .profile import Profile
from .sound import check_counts

Float = NDArray[np.float64]

__all__ = ["Events", "Float", "mapping_on", "static_populations", "static_projections"]


def static_projections(graph: EventGraph) -> dict[str, dict[str, Quantity]]:
    """What every mapping keeps of each projection, so that counts of another graph are recognised."""
    found: dict[str, dict[str, Quantity]] = {}
    for name, projection in graph.projections.items():
        fan_out = graph.fan_out(name)
        found[name] = {
            "op": projection.kind,
            "source": projection.source,
            "target": projection.target,
            "n_dense": int(fan_out.dense.sum()),
            "n_w": int(fan_out.nonzero.sum()),
        }
    return found


def static_populations(graph: EventGraph) -> dict[str, dict[str, Quantity]]:
    """What every mapping keeps of each population."""
    return {n: {"role": p.role, "n_neurons": p.size} for n, p in graph.populations.items()}


def mapping_on(
    profile: Profile,
    graph: EventGraph,
    *,
    projections: MappingABC[str, MappingABC[str, Quantity]],
    populations: MappingABC[str, MappingABC[str, Quantity]],
    resources: MappingABC[str, Quantity],
    checks: Iterable[Check],
    notes: Iterable[str],
) -> Mapping:
    """What a device model found, under the names and digests of card and graph that prices check."""
    return Mapping(
        profile=profile.name,
        kind=profile.kind,
        graph=graph.digest,
        projections=projections,
        populations=populations,
        resources=resources,
        checks=tuple(checks),
        notes=tuple(notes),
        card=profile.digest,
    )


class Events:
    """Counts per inference: means, and sample by sample where the counts have that.

    Parameters
    ----------
    counts
        Exact counts, per sample or summed.
    mapping
        The mapping they are priced with.

    Raises
    ------
    PricingError
        If there are no samples, the counts contradict themselves, or come from another graph than the mapping.
    """

    def __init__(self, counts: Counts, mapping: Mapping) -> None:
        if counts.n_samples < 1:
            raise PricingError(f"counts hold {counts.n_samples} samples; allowed is at least one")
        check_counts(counts)
        self.n_samples = counts.n_samples
        self._mapping = mapping
        self._counts = counts.summed()
        self._raw = counts
        self._check()
        sizes = {np.size(getattr(p, f.name)) for p in counts.projections.values() for f in fields(p)[:1]}
        self.per_sample = sizes == {counts.n_samples}

    def _check(self) -> None:
        counts, mapping = self._counts, self._mapping
        for noun, given, allowed in (
            ("projections", set(counts.projections), set(mapping.projections)),
            ("populations", set(counts.populations), set(mapping.populations)),
        ):
            if given != allowed:
                raise PricingError(
                    f"counts have the {noun} {sorted(given)}, the mapping on {mapping.profile!r} has "
                    f"{sorted(allowed)}; allowed are counts of the mapped graph"
                )
        for name, population in counts.populations.items():
            self._same(f"population {name!r}", "n_neurons", population.n_neurons, mapping.populations[name])
        for name, projection in counts.projections.items():
            mapped = mapping.projections[name]
            if isinstance(projection, SynapseCounts) != (mapped["op"] in ("dense", "conv2d")):
                raise PricingError(f"projection {name!r}: counts are not those of a {mapped['op']} projection")
            if isinstance(projection, SynapseCounts):
                for label in ("n_dense", "n_w"):
                    per_sample = int(getattr(projection, label)) / self.n_samples
                    self._same(f"projection {name!r}", label, per_sample, mapped)

    def _same(self, where: str, label: str, given: float, mapped: Any) -> None:
        if given != mapped[label]:
            raise PricingError(
                f"{where}: counts have {label} {given:g} per sample, the mapping has {mapped[label]}; "
                f"allowed are counts of the mapped graph"
            )

    def of(self, projection: str, label: str) -> float:
        """Mean per inference of one count of a projection."""
        return int(getattr(self._counts.projections[projection], label)) / self.n_samples

    def known(self, projection: str, label: str) -> float | None:
        """`of`, or None where these counts do not hold it (some are in full counts only)."""
        found = getattr(self._counts.projections[projection], label)
        return None if found is None else int(found) / self.n_samples

    def each(self, projection: str, label: str) -> Float:
        """One count of a projection sample by sample, or its mean alone, shape (1,), where counts are summed."""
        return self._each(getattr(self._raw.projections[projection], label))

    def _each(self, count: Any) -> Float:
        values = np.atleast_1d(np.asarray(count, np.float64))
        return values if self.per_sample else np.asarray([values.sum() / self.n_samples])

    def lines(self, projection: str) -> Float:
        """Events that travel over a projection, weighted by fan-out: driven synapses or moved pairs, as `each`."""
        moves = isinstance(self._raw.projections[projection], MoveCounts)
        return self.each(projection, "n_moved" if moves else "n_x_planes")

    def firing(self, population: str) -> Float:
        """Neurons with a nonzero level, as `each`."""
        found = self._raw.populations[population]
        if found.spikes_pos is None or found.spikes_neg is None:
            raise PricingError(f"population {population!r}: the counts hold no spikes of it")
        return self._each(found.spikes_pos) + self._each(found.spikes_neg)

    def reached(self, population: str) -> float | None:
        """Neurons with at least one open gate, mean per inference; None in basic counts."""
        found = self._counts.populations[population].neurons_reached
        return None if found is None else int(np.sum(found)) / self.n_samples
