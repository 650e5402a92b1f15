"""The affine power law of these chips: static power, and so much energy per event.

P = chips P_static + sum_k r_k e_k, E = P t. A card whose constant is an aggregate holds the other terms in it, so
that they are suppressed; what nobody published is unpriced.
"""

from collections.abc import Mapping

from gxnor_snn.errors import PricingError
from gxnor_snn.results import Mapping as Layout

from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["TERMS", "charge_law", "power_w"]

TERMS = {
    "synop": "synaptic events",
    "neuron_update": "neuron updates",
    "hop": "hops",
    "chip_link": "chip links",
    "clock": "clock",
}
"""Terms of a bill by energy constant."""


def charge_law(
    ledger: Ledger,
    events: Mapping[str, Amount],
    formulas: Mapping[str, str],
    time: Amount | None,
    chips: float,
    grade: str = "A",
) -> None:
    """Charge events, by energy constant, and static power over a time.

    Parameters
    ----------
    ledger
        Where to.
    events
        Events in that time by name of the constant that prices them.
    formulas
        What was counted, in words, by constant.
    time
        Seconds; None where nobody knows.
    chips
        Powered chips; a part of one where its cores can be powered alone.
    grade
        Grade of what the events rest on.
    """
    for name, amount in events.items():
        ledger.charge(TERMS[name], [(name, amount)], formulas.get(name, "events"), grade=grade)
    ledger.static(chips, time, "seconds x chips")


def power_w(profile: Profile, rates: Mapping[str, float], chips: float = 1.0) -> Amount:
    """Power of a chip at steady rates of events: P = chips P_static + sum_k r_k e_k.

    The same law that `price` charges for an inference, over one second.

    Parameters
    ----------
    profile
        A card of model `synapse_array`.
    rates
        Events per second by energy constant: ``{"synop": 1e9, "clock": 75e6}``.
    chips
        Powered chips.

    Returns
    -------
    Amount
        Watt, with the low and the high end of the band.

    Raises
    ------
    PricingError
        If a rate has no name of the card's vocabulary, is negative, or has no price.
    """
    for name, rate in rates.items():
        if name not in TERMS or not rate >= 0:
            raise PricingError(f"rate {name!r} is {rate!r}; allowed are {', '.join(TERMS)}, at least 0 per second")
    ledger = Ledger(profile)
    charge_law(ledger, {n: Amount.exact(r) for n, r in rates.items()}, {}, Amount.exact(1.0), chips)
    bill = ledger.bill(1, Layout(profile.name, profile.kind, "", {}, {}, {}))
    if bill.total is None:
        raise PricingError(f"card {profile.name!r}: {'; '.join(u.reason for u in bill.unpriced)}")
    return Amount(bill.total.energy_j, bill.total.low_j, bill.total.high_j)
