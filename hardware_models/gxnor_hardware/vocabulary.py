"""What the cards of one device model may say: constants, limits, design choices, and what mapping needs.

A name outside the vocabulary is refused, so that a misspelt constant never becomes a silently missing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Vocabulary", "names"]

Choice = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Allowed names on the cards of one device model.

    Attributes
    ----------
    constants
        Names by section (energy, power, time, frequency, ratio, area, count); a section left out has none.
    parts
        Further quantities that `includes` may name.
    limits
        Names of limits.
    design
        Allowed words by name; an empty tuple stands for a whole number.
    required
        Facts without which nothing can be mapped.
    variants
        Constants that prices charge instead of another one, with the name of that one.
    divisors
        Constants that prices divide by.
    cases
        Quantities that can be split into cases or parts; a card prices the whole or its cases, never both.
    required_with
        Facts that a card must give once it gives the named one.
    """

    constants: Mapping[str, frozenset[str]]
    parts: frozenset[str]
    limits: frozenset[str]
    design: Mapping[str, Choice] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    variants: Mapping[str, str] = field(default_factory=dict)
    divisors: frozenset[str] = frozenset()
    cases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    required_with: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def quantities(self) -> frozenset[str]:
        """Everything that can cost energy or area, and so be double charged."""
        return self.parts.union(*(self.constants.get(section, ()) for section in ("energy", "power", "area")))


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
