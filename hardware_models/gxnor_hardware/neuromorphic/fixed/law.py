"""The affine power law of these chips: static power, and so much energy per event.

P = chips P_static + sum_k r_k e_k, E = P t. A card whose constant is an aggregate holds the other terms in it, so
that they are suppressed; what nobody published is unpriced.
"""

import math
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
        If the card is of another model, or a rate has no name of its vocabulary, is no finite number of at least
        0, or has no price.
    """
    if profile.model != "synapse_array":
        raise PricingError(f"card {profile.name!r} is of model {profile.model!r}; allowed is synapse_array")
    for name, rate in {**rates, "chips": chips}.items():
        known = name in TERMS or name == "chips"
        if not known or not isinstance(rate, int | float) or not 0 <= rate < math.inf:
            raise PricingError(
                f"rate {name!r} is {rate!r}; allowed are {', '.join(TERMS)}, at least 0 per second, and chips"
            )
    ledger = Ledger(profile)
    charge_law(ledger, {n: Amount.exact(r) for n, r in rates.items()}, {}, Amount.exact(1.0), chips)
    bill = ledger.bill(1, Layout(profile.name, profile.kind, "", {}, {}, {}))
    if bill.total is None:
        raise PricingError(f"card {profile.name!r}: {'; '.join(u.reason for u in bill.unpriced)}")
    return Amount(bill.total.energy_j, bill.total.low_j, bill.total.high_j)
