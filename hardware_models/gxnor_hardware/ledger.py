"""The ledger: it turns amounts and constants into the terms of a `Bill`, and remembers what has no price."""

from collections.abc import Mapping, Sequence

from gxnor_snn.results import Area, Bill, Latency, Programming, Term, Total, Unpriced
from gxnor_snn.results import Mapping as Layout
from gxnor_snn.results.bill import GRADES

from .amount import Amount, Charge, weakest
from .profile import Constant, Profile

__all__ = ["Amount", "Charge", "Ledger", "weakest"]


class Ledger:
    """Collects the terms of one bill.

    A constant that the card lacks makes its term unpriced, unless another constant of the card says that it
    includes it: then the charge is already paid.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._terms: dict[str, Term] = {}
        self._unpriced: list[Unpriced] = []
        self._excluded = list(profile.excludes)
        self._warnings: list[str] = []
        self._joint: dict[str, tuple[float, float]] = {}
        self._latency: Latency | None = None
        self._area: Area | None = None
        self._parts: dict[str, tuple[str, ...]] = {}
        self._programming: Programming | None = None
        self._used: dict[str, Constant] = {}
        self._outside: Mapping[str, Constant] = {}

    def charge(
        self, term: str, charges: Sequence[Charge], formula: str, *, design: Sequence[str] = (), grade: str = "A"
    ) -> None:
        """Add one term: the sum over `charges` of amount times constant.

        Parameters
        ----------
        term
            Name on the bill.
        charges
            Names of energy (or power, then seconds are the amount) constants with their amounts.
        formula
            What was counted, in words.
        design
            Design facts of the card that the amounts rest on; their grades weaken the term's.
        grade
            Grade of anything else the amounts rest on.
        """
        total = Amount.exact(0.0)
        count = Amount.exact(0.0)
        constants: dict[str, Constant] = {}
        for name, amount in charges:
            constant = self._profile.charged.get(name)
            if constant is None:
                self._without_price(term, name, amount)
                continue
            total += amount * constant
            count += amount
            constants[name] = constant
        if constants:
            # constants of which nothing was used do not weigh, unless there is nothing else
            used = {name: constants[name] for name, amount in charges if name in constants and amount.any}
            rest = [grade, *(self._profile.design[name].grade for name in design if name in self._profile.design)]
            self.add(term, total, count.value, used or constants, formula, rest)

    def static(self, parts: float, time: Amount | None, formula: str) -> None:
        """Charge static power over the latency of an inference.

        A card whose constants include it has paid already; without a power or without a latency the term is
        unpriced. A power of exactly 0 needs no latency.

        Parameters
        ----------
        parts
            Powered parts (chips).
        time
            Seconds of one inference; None where nobody knows.
        formula
            What was counted, in words.
        """
        if "static" in self._profile.included:
            return
        power = self._profile.power.get("static")
        if power is not None and power.high == 0:
            time = Amount.exact(0.0)
        if power is None or time is None:
            lack = (
                "no static power" if power is None else f"no latency over {parts:g} chip(s) to charge static over"
            )
            self.refuse("static", parts, f"card {self._profile.name!r} has {lack}: no published value is known")
            return
        grade = GRADES[0] if self._latency is None else self._latency.grade
        self.charge("static", [("static", time * parts)], formula, grade=grade)

    def _without_price(self, term: str, name: str, amount: Amount) -> None:
        if amount.any and name not in self._profile.included:
            reason = f"card {self._profile.name!r} has no {name}: no published value is known"
            self._unpriced.append(Unpriced(term, amount.value, reason))

    def add(
        self,
        term: str,
        energy: Amount,
        count: float,
        constants: Mapping[str, Constant],
        formula: str,
        grades: Sequence[str] = (),
    ) -> None:
        """Add a term whose energy was worked out by the caller; `grades` are those of what else it rests on."""
        band = sorted((energy.low, energy.value, energy.high))
        self._terms[term] = Term(
            energy_j=energy.value,
            low_j=band[0],
            high_j=band[-1],
            grade=weakest([*(c.grade for c in constants.values()), *grades]),
            source="; ".join(dict.fromkeys(c.source for c in constants.values())),
            count=count,
            formula=formula,
        )
        self._used |= constants

    def correlate(self, terms: Sequence[str], low_j: float, high_j: float) -> None:
        """Give the band of the sum of some terms, where it is narrower than the sum of their bands."""
        for term in terms:
            self._joint[term] = (0.0, 0.0)
        self._joint[terms[0]] = (low_j, high_j)

    def subtotal(self, name: str, terms: Sequence[str]) -> None:
        """Show the sum of some terms on the bill too; left out where one of them has no price."""
        self._parts[name] = tuple(terms)

    def refuse(self, term: str, count: float, reason: str) -> None:
        """Record events that have no price on this card."""
        self._unpriced.append(Unpriced(term, count, reason))

    def exclude(self, text: str) -> None:
        """Record what lies outside the boundary."""
        self._excluded.append(text)

    def warn(self, text: str) -> None:
        """Record what a reader of this bill must know and only the counts can tell."""
        self._warnings.append(text)

    def take(
        self, time: Amount, constants: Mapping[str, Constant], formula: str, grades: Sequence[str] = ()
    ) -> None:
        """Set the latency, in seconds; `grades` are those of what else it rests on."""
        self._outside = {**self._outside, **{f"time {name}": constant for name, constant in constants.items()}}
        grade = weakest([*(c.grade for c in constants.values()), *grades])
        band = sorted((time.low, time.value, time.high))
        self._latency = Latency(time.value, band[0], band[-1], grade, formula)

    def occupy(self, charges: Sequence[Charge], formula: str, grades: Sequence[str] = ()) -> None:
        """Set the area: the sum over `charges` of amount times area constant.

        What another area of the card includes is counted there. Where a part has neither, there is no area at
        all, as the rest would be too small; a card that gives areas then says what is missing.

        Parameters
        ----------
        charges
            Names of area constants with the number of parts.
        formula
            What was counted, in words.
        grades
            Grades of what else the amounts rest on.
        """
        known = self._profile.area
        held = {part for constant in known.values() for part in constant.includes}
        missing = [name for name, amount in charges if amount.any and name not in held | {*known}]
        if missing or not known:
            if known:
                self.exclude(f"area: card {self._profile.name!r} has no {', '.join(missing)}")
            return
        parts = {name: (amount, known[name]) for name, amount in charges if name in known}
        total = Amount.exact(0.0)
        for amount, constant in parts.values():
            total += amount * constant
        constants = [constant for _, constant in parts.values()]
        self._outside = {**self._outside, **{f"area {name}": constant for name, (_, constant) in parts.items()}}
        self._area = Area(
            area_m2=total.value,
            low_m2=min(total.low, total.value, total.high),
            high_m2=max(total.low, total.value, total.high),
            grade=weakest([*(c.grade for c in constants), *grades]),
            source="; ".join(dict.fromkeys(c.source for c in constants)),
            formula=formula,
        )

    def program(self, cells: int, pulses: str, energy: str, formula: str) -> None:
        """Set what writing the weights once takes, apart from the total.

        Parameters
        ----------
        cells
            Memory cells that are written.
        pulses
            Name of the count of pulses per cell.
        energy
            Name of the energy of a pulse.
        formula
            What was counted, in words.
        """
        per_cell, each = self._profile.count.get(pulses), self._profile.energy.get(energy)
        number = None if per_cell is None else Amount.exact(cells) * per_cell
        joule = None if number is None or each is None else number * each
        behind = [c for c in (per_cell, each) if c is not None]
        if per_cell is not None:
            self._outside = {**self._outside, pulses: per_cell}
        if joule is not None and each is not None:
            self._outside = {**self._outside, energy: each}
        self._programming = Programming(
            cells=cells,
            pulses=None if number is None else number.value,
            energy_j=None if joule is None else joule.value,
            low_j=None if joule is None else joule.low,
            high_j=None if joule is None else joule.high,
            grade=weakest([c.grade for c in behind]) if behind else None,
            source="; ".join(dict.fromkeys(c.source for c in behind)),
            formula=formula,
        )

    def bill(self, n_samples: int, mapping: Layout) -> Bill:
        """Close the ledger."""
        bands = {n: self._joint.get(n, (t.low_j, t.high_j)) for n, t in self._terms.items()}
        total = Total(
            energy_j=sum(t.energy_j for t in self._terms.values()),
            low_j=sum(low for low, _ in bands.values()),
            high_j=sum(high for _, high in bands.values()),
        )
        return Bill(
            profile=self._profile.name,
            display=self._profile.display,
            kind=self._profile.kind,
            n_samples=n_samples,
            terms=self._terms,
            total=None if self._unpriced else total,
            unpriced=tuple(self._unpriced),
            excluded=tuple(self._excluded),
            warnings=(*self._unverified(), *self._warnings, *mapping.notes, *self._profile.validity.notes),
            weakest_grade=weakest([t.grade for t in self._terms.values()]) if self._terms else None,
            latency=self._latency,
            area=self._area,
            subtotals=self._subtotals(),
            programming=self._programming,
        )

    def _subtotals(self) -> dict[str, Total]:
        missing = {u.term for u in self._unpriced}
        found = {}
        for name, terms in self._parts.items():
            if not missing & set(terms):
                priced = [self._terms[term] for term in terms if term in self._terms]
                found[name] = Total(*(sum(getattr(t, k) for t in priced) for k in ("energy_j", "low_j", "high_j")))
        return found

    def _unverified(self) -> list[str]:
        """A visible warning for everything on the card that was written from memory."""
        profile = self._profile
        used = [*self._used.items(), *self._outside.items()]
        from_memory = [name for name, c in used if c.grade == "M"]
        from_memory += [name for name, f in {**profile.limits, **profile.design}.items() if f.grade == "M"]
        return [f"unverified (grade M): {name} of card {profile.name!r}" for name in from_memory]
