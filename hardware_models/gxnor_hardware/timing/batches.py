"""Following the spikes of many samples: a few at a time, as long as what is kept of all of them has room."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import PricingError

from .chip import Chip, Load, measure
from .footprint import Int64

__all__ = ["measure_all"]

_MOST_KEPT = 1 << 32
"""Bytes that the figures of all samples may take."""

_AT_ONCE = 1 << 28
"""Bytes of levels and messages that are followed at once."""


def measure_all(chip: Chip, levels: Mapping[str, NDArray[Any]]) -> Load:
    """Count what every core and link had to do, from recorded levels (samples, neurons) by population.

    Raises
    ------
    PricingError
        If the figures of so many samples, steps, cores and links take more than 4 GiB.
    """
    samples = len(next(iter(levels.values())))
    _check_room(chip, samples)
    widest = max((len(f.tos) for f in chip.flows if f.tos is not None), default=0)
    neurons = max(found.shape[1] for found in levels.values())
    each = max(1, _AT_ONCE // (8 * (3 * widest + 4 * neurons)))
    parts = [
        measure(chip, {name: found[start : start + each].astype(np.int64) for name, found in levels.items()})
        for start in range(0, samples, each)
    ]
    return parts[0] if len(parts) == 1 else _joined(parts)


def _check_room(chip: Chip, samples: int) -> None:
    links = 0 if chip.links is None else len(chip.links)
    # about 16 figures by core and 4 by link, the intermediate ones included
    one = 8 * chip.steps * (16 * chip.cores + 4 * links)
    if one * samples > _MOST_KEPT:
        most = _MOST_KEPT // one
        allowed = f"at most {most} sample(s) at once" if most else "graphs and delays of fewer steps"
        raise PricingError(
            f"timing of {samples} sample(s) x {chip.steps} steps x ({chip.cores} cores, {links} links) on card "
            f"{chip.profile.name!r} takes {one * samples / 2**30:.3g} GiB; allowed are {_MOST_KEPT >> 30} GiB: "
            f"{allowed}"
        )


def _joined(parts: Sequence[Load]) -> Load:
    """One load of consecutive samples."""

    def join(values: Sequence[Int64]) -> Int64:
        return np.concatenate(values)

    def optional(values: Sequence[Int64 | None]) -> Int64 | None:
        found = [v for v in values if v is not None]
        return join(found) if found else None

    first = parts[0]
    return Load(
        events={kind: join([p.events[kind] for p in parts]) for kind in first.events},
        sent=join([p.sent for p in parts]),
        received=join([p.received for p in parts]),
        fired=join([p.fired for p in parts]),
        reached=optional([p.reached for p in parts]),
        hops_x=join([p.hops_x for p in parts]),
        hops_y=join([p.hops_y for p in parts]),
        crossings=join([p.crossings for p in parts]),
        links=optional([p.links for p in parts]),
        spikes={name: join([p.spikes[name] for p in parts]) for name in first.spikes},
    )
