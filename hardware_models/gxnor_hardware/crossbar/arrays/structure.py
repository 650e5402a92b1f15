"""How well the facts are known that decide how many reads, conversions and cells a graph takes."""

from ...ledger import weakest
from ...profile import Profile

__all__ = ["structure"]

_DESIGN = ("pair", "pair_subtraction", "row_drive", "input_planes", "cell_levels", "read_mode")
_LIMITS = ("rows", "cols", "rows_per_read")


def structure(profile: Profile) -> str:
    """The weakest grade of what every count of the mapping rests on."""
    facts = [profile.design.get(name) for name in _DESIGN] + [profile.limits.get(name) for name in _LIMITS]
    return weakest([fact.grade for fact in facts if fact is not None])
