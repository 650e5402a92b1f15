"""Counts that no run can have counted, such as fewer than none or more open gates than driven synapses."""

from dataclasses import fields
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.results import Counts

__all__ = ["check_counts"]

_ORDERED = (
    ("n_gated", "n_x"), ("n_x", "n_dense"), ("n_w", "n_dense"), ("n_x", "n_x_planes"),
    ("n_gated", "n_xnor"), ("n_agree", "n_xnor"), ("n_bitcount", "n_xnor"),
)  # fmt: skip
"""(never more than, this one) within a projection, sample by sample.

That open gates are no more than nonzero weights is left out, so that counts may be put together from assumed
activities too."""


def check_counts(counts: Counts) -> None:
    """Refuse counts that contradict what they are counts of.

    Raises
    ------
    PricingError
        Naming the projection or population, the count, and what is allowed.
    """
    for name, projection in counts.projections.items():
        found = _whole(f"projection {name!r}", counts.n_samples, projection)
        for less, more in _ORDERED:
            if less in found and more in found and (found[less] > found[more]).any():
                raise PricingError(
                    f"projection {name!r}: counts have {less} above {more}; allowed is at most as many"
                )
    for name, population in counts.populations.items():
        found = _whole(f"population {name!r}", counts.n_samples, population)
        firing = found.get("spikes_pos", np.asarray(0)) + found.get("spikes_neg", np.asarray(0))
        if np.sum(firing) > counts.n_samples * population.n_neurons:
            raise PricingError(
                f"population {name!r}: counts have {int(np.sum(firing))} firing neurons in {counts.n_samples} "
                f"samples; allowed are at most {population.n_neurons} in each"
            )


def _whole(where: str, n_samples: int, part: Any) -> dict[str, Any]:
    """The counts of a part by name: whole numbers, none below 0, one over all samples or one for each."""
    found = {f.name: getattr(part, f.name) for f in fields(part) if f.name not in ("n_neurons", "internal")}
    arrays = {label: np.asarray(value) for label, value in found.items() if value is not None}
    for label, array in arrays.items():
        good = array.dtype.kind in "iu" and array.shape in ((), (n_samples,))
        if not good or (array.size and array.min() < 0):
            raise PricingError(
                f"{where}: {label} is {array!r:.60}; allowed are whole numbers from 0, one for all samples or one "
                f"for each of {n_samples}"
            )
    if len({array.shape for array in arrays.values()}) > 1:
        raise PricingError(f"{where}: some counts are summed and some are not; allowed is one of the two")
    return arrays
