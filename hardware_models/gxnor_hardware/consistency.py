"""What must hold between the constants of one card: nothing is charged twice, nothing is divided by zero."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from gxnor_snn.errors import ProfileError

from .profile import Constant
from .vocabulary import Vocabulary

__all__ = ["check_charges", "check_divisors", "check_required", "known"]


def known(where: str, section: str, names: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Refuse names outside a vocabulary."""
    for name in names:
        if name not in allowed:
            listed = ", ".join(sorted(allowed)) or "none"
            raise ProfileError(f"{where}: unknown {section}.{name}; allowed are {listed}")


def check_charges(where: str, charged: Mapping[str, Constant], vocabulary: Vocabulary) -> None:
    """Refuse variants of nothing, unknown includes, and two constants that hold the same quantity."""
    covers: dict[str, set[str]] = {}
    for name, constant in charged.items():
        if constant.variant_of is not None:
            _check_variant(where, name, constant.variant_of, charged, vocabulary)
        known(where, f"includes of {name}", dict.fromkeys(constant.includes), vocabulary.quantities)
        own = {name, constant.variant_of or name}
        twice = own & {*constant.includes}
        if twice:
            raise ProfileError(f"{where}: {name} includes {', '.join(sorted(twice))}, which it is (double charge)")
        held = own | {*constant.includes}
        covers[name] = held.union(*(vocabulary.cases.get(part, frozenset()) for part in held))
    for one, other in combinations(charged, 2):
        roots = [charged[one].variant_of or one, charged[other].variant_of or other]
        shared = covers[one] & covers[other]
        if roots[0] == roots[1]:
            # one event is charged one of the two, so both may include the same parts, but not each other
            shared = ({one} & {*charged[other].includes}) | ({other} & {*charged[one].includes})
        if shared:
            raise ProfileError(
                f"{where}: {one} and {other} both hold {', '.join(sorted(shared))} (double charge); "
                f"an aggregate replaces what it includes"
            )


def _check_variant(
    where: str, name: str, root: str, charged: Mapping[str, Constant], vocabulary: Vocabulary
) -> None:
    """Only what the prices charge instead of another constant, never beside it, may call itself its variant."""
    if vocabulary.variants.get(name) != root:
        allowed = ", ".join(f"{v} of {r}" for v, r in vocabulary.variants.items()) or "none"
        raise ProfileError(f"{where}: {name} is variant_of {root!r}; allowed are {allowed}")
    if root not in charged:
        raise ProfileError(f"{where}: {name} is variant_of {root!r}, which the card lacks")


def check_divisors(where: str, sections: Mapping[str, Mapping[str, Constant]], vocabulary: Vocabulary) -> None:
    """What prices divide by is above zero, band included."""
    for section, constants in sections.items():
        for name, constant in constants.items():
            if name in vocabulary.divisors and constant.low <= 0:
                raise ProfileError(
                    f"{where}: {section}.{name} is {constant.value:g}, its band starts at {constant.low:g}; "
                    f"allowed are numbers above 0, as prices divide by it"
                )


def check_required(where: str, model: str, facts: set[str], vocabulary: Vocabulary) -> None:
    """Everything that mapping cannot do without is there, also what one fact needs beside it."""
    needs = [(f"a card of model {model}", vocabulary.required)]
    needs += [
        (f"a card that gives {fact}", needed) for fact, needed in vocabulary.required_with.items() if fact in facts
    ]
    for what, needed in needs:
        missing = sorted(needed - facts)
        if missing:
            raise ProfileError(f"{where}: {', '.join(missing)} is missing; {what} needs it")
