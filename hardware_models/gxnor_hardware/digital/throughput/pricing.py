"""Pricing operations at the one energy that was published for them."""

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["price_throughput"]

_WORDS = ("binary", "ternary", "int8")


def price_throughput(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference: operations x the published energy per operation.

    What the figures were measured on skips no zeros that anyone published, so nothing here depends on the data.
    The energy is a mean at one operating point, mostly the peak: a lower bound for layers that fill the array
    less.
    """
    amounts = {word: _amount(mapping, word) for word in _WORDS if f"operations_{word}" in mapping.resources}
    for word, amount in amounts.items():
        ledger.charge(
            f"{word} operations",
            [(f"operation_{word}", amount)],
            "2 x synapses, padding included, x values per activation and weight x thresholds; zeros cost the same",
            design=("outputs",),
            grade="A",
        )
    outside = int(mapping.resources["work_outside"])
    if outside:
        ledger.exclude(f"{outside} additions, comparisons of pools and scalings per inference, beside the layers")
    ledger.static(1, _latency(profile, amounts, ledger), "seconds")


def _amount(mapping: Mapping, word: str) -> Amount:
    most, least = (float(mapping.resources[f"{label}_{word}"]) for label in ("operations", "operations_low"))
    return Amount(most, least, most)


def _latency(profile: Profile, amounts: dict[str, Amount], ledger: Ledger) -> Amount | None:
    times = {f"operation_{word}": profile.time.get(f"operation_{word}") for word in amounts}
    known = {name: constant for name, constant in times.items() if constant is not None}
    if len(known) < len(amounts):
        return None
    total = Amount.exact(0.0)
    for word, amount in amounts.items():
        total += amount * known[f"operation_{word}"]
    ledger.take(total, known, "at least: operations / published throughput, which a full array reaches")
    return total
