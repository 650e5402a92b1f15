"""Pricing counted events on an unrolled digital accelerator."""

from itertools import product

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["price_unrolled"]

_CLOCKING, _TOGGLING = "clocking", "toggling"


def price_unrolled(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_cycle e_cycle (1 - s) + n_xnor e_cycle s / (multipliers g)

    where e_cycle is the energy of a busy cycle in which a fraction g of the multipliers has an open gate, and s
    the share of it that follows toggling. Cycles do not depend on sparsity: only toggling shrinks. Nobody
    published s or g, so their bands are part of the price; the two terms move against each other, and the total's
    band is taken over the corners of (e_cycle, s, g).
    """
    cycles = float(mapping.resources["cycles"])
    opened = sum(events.of(name, "n_xnor") for name, q in mapping.projections.items() if "cycles" in q)
    energy, share = profile.energy.get("cycle"), profile.ratio.get("toggle_share")
    reference = profile.ratio.get("reference_activity")
    if energy is None or share is None or reference is None:
        missing = [
            name
            for name, constant in (("cycle", energy), ("toggle_share", share), ("reference_activity", reference))
            if constant is None
        ]
        ledger.refuse(_CLOCKING, cycles, f"card {profile.name!r} has no {', '.join(missing)}: not published")
    else:
        multipliers = float(mapping.resources["multipliers"])
        constants = {"cycle": energy, "toggle_share": share, "reference_activity": reference}

        def terms(e: float, s: float, g: float) -> tuple[float, float]:
            # toggling: as many cycles of the reference activity as the open gates make up
            return cycles * e * (1 - s), opened / (multipliers * g) * e * s

        corners = [terms(*corner) for corner in product(*((c.low, c.high) for c in constants.values()))]
        values = terms(energy.value, share.value, reference.value)
        for index, (term, count, formula) in enumerate(
            (
                (_CLOCKING, cycles, "cycles of all passes, whatever the activity x (1 - toggle share)"),
                (_TOGGLING, opened, "open gates / (multipliers x reference activity) x toggle share"),
            )
        ):
            each = [corner[index] for corner in corners]
            ledger.add(term, Amount(values[index], min(each), max(each)), count, constants, formula)
        sums = [sum(corner) for corner in corners]
        ledger.correlate((_CLOCKING, _TOGGLING), min(sums), max(sums))
    outside = int(mapping.resources["adds_outside"])
    if outside:
        ledger.exclude(f"{outside} additions of weighted bit planes per inference, done by the host")
    clock = profile.frequency.get("clock")
    time = None
    if clock is not None:
        time = Amount(cycles / clock.value, cycles / clock.high, cycles / clock.low)
        ledger.take(time, {"clock": clock}, "cycles of all layers, one after another, / clock")
    ledger.static(1, time, "seconds")
