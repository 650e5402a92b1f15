"""Rows of counted operations, priced by the constants of dense processors."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType

from gxnor_snn.errors import PricingError
from gxnor_snn.results import OpRow, Unpriced

from ..cards import load_profile
from ..digital.arithmetic.memory import accesses
from ..ledger import Amount
from ..profile import Constant, Profile
from .prices import Energy, OperationPrices, PricedRow, added, joined

__all__ = ["price_operations"]

_CARDS = ("horowitz_float32", "horowitz_int8", "horowitz_binary")
_FULL = "full precision"
_WORDS = ("float", "integer")
_ARITHMETIC: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {_FULL: _WORDS, "BWN": _WORDS, "TWN": _WORDS, **dict.fromkeys(("BNN", "GXNOR", "MBN"), ("binary",))}
)
_SHARED = "shared "
_BASES = ("always", "uniform", "measured")
_EXCLUDED = (
    "reading activations (32, 8, 2 bits or 1), writing results, comparing with thresholds, pools: the cards of "
    "dense processors price these for a graph",
    "finding out that a weight or an activation is zero: the table of operations has no constant for that",
    "control, clocks, instructions, wires between memories and arithmetic, and leakage",
)

_Charge = tuple[str, str, str, float]  # term, arithmetic of the card, constant, amount


def price_operations(rows: Iterable[OpRow], profiles: Iterable[Profile | str] | None = None) -> OperationPrices:
    """Price the operations of every network, compute and memory of the weights.

    Compute, with n operations and e constants of a card:

    - full precision, BWN, TWN, once in float32 and once in 8-bit integers (the activations these methods keep):
      ``n_mul e_multiply + n_add e_add``;
    - BNN, GXNOR, MBN and shared results: ``n_xnor e_xnor_count`` (an XNOR and its share of the bit count, an
      estimate; bit counts are no second charge), additions of whole sums and of shared maps with the 8-bit
      integer ``add``, shifted additions with the binary card's 32-bit ``add``.

    Memory: the weights of a layer, ``row.weight_bits`` each (full precision: the card's operands), lie in a
    memory of their own size. They are read once per inference, or once for every dense synapse; real dataflows lie
    between. The energy of an access is linear in size between 8 KB, 32 KB and 1 MB, and DRAM's beyond.

    Parameters
    ----------
    rows
        From `gxnor_snn.results.op_counts`, of every layer; the rows of all layers are added up from these.
    profiles
        Cards of model ``arithmetic``, at most one each of float, integer and binary arithmetic, or their names or
        paths; the three Horowitz cards if None. Without a card its networks have no price.

    Returns
    -------
    OperationPrices
        Joule per inference; a network or figure without a constant is None and says why.

    Raises
    ------
    PricingError
        If a row is no row, names an unknown network or basis, stands there twice, holds a number that is no
        count, or if rows of all layers are not the sum of those of each; or if a card is of another model, or
        two are of one arithmetic.
    ProfileError
        If a card is unknown or damaged.
    """
    cards = _cards(profiles)
    single, together = _sorted(rows)
    layers: list[PricedRow] = []
    totals: list[PricedRow] = []
    for key, parts in single.items():
        total = together[key]
        _check_sum(total, parts)
        for arithmetic in _arithmetic(total.network):
            priced = [_priced(row, arithmetic, cards) for row in parts]
            layers += priced
            totals.append(joined(priced, total))
    names = {arithmetic: card.name for arithmetic, card in cards.items()}
    return OperationPrices(tuple(totals), tuple(layers), names, _EXCLUDED)


def _cards(given: Iterable[Profile | str] | None) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for item in _CARDS if given is None else given:
        card = item if isinstance(item, Profile) else load_profile(item)
        if card.model != "arithmetic":
            raise PricingError(
                f"card {card.name!r} is of model {card.model!r}; operations are priced on model 'arithmetic'"
            )
        other = found.setdefault(card.choice("arithmetic"), card)
        if other.digest != card.digest:
            raise PricingError(
                f"cards {other.name!r} and {card.name!r} are both of {card.choice('arithmetic')} arithmetic; "
                f"allowed is one"
            )
    if not found:
        raise PricingError("operations: no card to price on; allowed is at least one")
    return found


def _arithmetic(network: str) -> tuple[str, ...]:
    return ("binary",) if network.startswith(_SHARED) else _ARITHMETIC[network]


def _sorted(rows: Iterable[OpRow]) -> tuple[dict[tuple[str, str], list[OpRow]], dict[tuple[str, str], OpRow]]:
    """Rows of single layers, and of all together, by network and basis."""
    single: dict[tuple[str, str], list[OpRow]] = {}
    together: dict[tuple[str, str], OpRow] = {}
    seen = set()
    for row in rows:
        if not isinstance(row, OpRow):
            raise PricingError(f"operations: a row is {row!r:.80}; allowed is OpRow")
        where = f"operations of {row.network!r}, {row.basis!r}, layer {row.layer!r}"
        if row.network not in _ARITHMETIC and not row.network.startswith(_SHARED):
            raise PricingError(f"{where}: unknown network; allowed are {', '.join(_ARITHMETIC)}, shared WAY")
        if row.basis not in _BASES:
            raise PricingError(f"{where}: unknown basis; allowed are {', '.join(_BASES)}")
        if (row.network, row.basis, row.layer) in seen:
            raise PricingError(f"{where}: the row stands there twice; allowed is once")
        seen.add((row.network, row.basis, row.layer))
        _check_numbers(row, where)
        key = row.network, row.basis
        if row.layer is None:
            together[key] = row
        else:
            single.setdefault(key, []).append(row)
    if not single or set(single) != set(together):
        raise PricingError(
            f"operations: rows of single layers are of {sorted(single) or 'nothing'}, rows of all layers of "
            f"{sorted(together) or 'nothing'}; both are needed of every network"
        )
    return single, together


def _check_numbers(row: OpRow, where: str) -> None:
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name in ("network", "basis", "layer") or value is None:
            continue
        most = 1.0 if field.name == "resting" else math.inf
        # a share of nothing may miss 0 by rounding
        if not isinstance(value, int | float) or not math.isfinite(value) or not -1e-9 <= value <= most:
            raise PricingError(
                f"{where}: {field.name} is {value!r:.40}; allowed are {'0..1' if most == 1 else 'numbers from 0'}"
            )


def _check_sum(total: OpRow, parts: Iterable[OpRow]) -> None:
    parts = list(parts)
    for name in ("multiplications", "additions", "xnor", "shift_adds", "counted", "synapses", "weights"):
        whole, summed = getattr(total, name), sum(getattr(part, name) for part in parts)
        if not math.isclose(whole, summed, rel_tol=1e-9, abs_tol=1e-6):
            raise PricingError(
                f"operations of {total.network!r}, {total.basis!r}: {name} of all layers is {whole:g}, of the "
                f"layers {summed:g}; allowed is their sum"
            )


def _priced(row: OpRow, arithmetic: str, cards: Mapping[str, Profile]) -> PricedRow:
    gaps: list[Unpriced] = []
    compute = _energy(_compute(row, arithmetic), cards, gaps, ())
    energies: dict[str, Energy | None] = {"compute": compute}
    for name, reads in (("once", min(float(row.weights), row.synapses)), ("each", row.synapses)):
        charges = _memory(row, arithmetic, reads, cards, gaps)
        # when weights are read is an assumption: grade D at best, as on the cards of dense processors
        memory = None if charges is None else _energy(charges, cards, gaps, ("D",))
        energies[f"weights_{name}"] = memory
        energies[name] = _both(compute, memory)
    ordered = {name: energies[name] for name in ("compute", "weights_once", "weights_each", "once", "each")}
    return PricedRow(row, arithmetic, ordered, tuple(dict.fromkeys(gaps)))


def _compute(row: OpRow, arithmetic: str) -> list[_Charge]:
    if arithmetic != "binary":
        return [
            ("multiplications", arithmetic, "multiply", row.multiplications),
            ("additions", arithmetic, "add", row.additions),
        ]
    return [
        ("XNOR and bit counts", "binary", "xnor_count", row.xnor),
        ("additions", "integer", "add", row.additions - row.counted),
        ("shifted additions", "binary", "add", row.shift_adds),
    ]


def _memory(
    row: OpRow, arithmetic: str, reads: float, cards: Mapping[str, Profile], gaps: list[Unpriced]
) -> list[_Charge] | None:
    card = cards.get(arithmetic)
    bits = row.weight_bits
    if row.network == _FULL and card is not None:
        bits = float(card.number("operand_bits"))
    if bits is None:
        reason = "what a layer with shared results stores and reads depends on its plan; price the shared graph"
        gaps.append(Unpriced("weights", row.weights, reason))
        return None
    return [("weights", arithmetic, name, n.value) for name, n in accesses(Amount.exact(reads), bits, row.weights)]


def _energy(
    charges: Iterable[_Charge], cards: Mapping[str, Profile], gaps: list[Unpriced], grades: tuple[str, ...]
) -> Energy | None:
    amounts: dict[Constant, float] = {}
    whole = True
    for term, arithmetic, name, amount in charges:
        if not amount:
            continue
        card = cards.get(arithmetic)
        constant = None if card is None else card.energy.get(name)
        if constant is None:
            lack = f"no card of {arithmetic} arithmetic" if card is None else f"card {card.name!r} has no {name}"
            gaps.append(Unpriced(term, amount, f"{lack}: no published value is known"))
            whole = False
            continue
        amounts[constant] = amounts.get(constant, 0.0) + amount
    return added(amounts, grades) if whole else None


def _both(one: Energy | None, other: Energy | None) -> Energy | None:
    if one is None or other is None:
        return None
    amounts = {c: one.amounts.get(c, 0.0) + other.amounts.get(c, 0.0) for c in {**one.amounts, **other.amounts}}
    return added(amounts, [grade for grade in (one.grade, other.grade) if grade is not None])
