"""Holding a number against a limit of a card."""

from gxnor_snn.results import Check

from .profile import Profile

__all__ = ["check_limit"]


def check_limit(profile: Profile, limit: str, used: int, note: str) -> Check:
    """The check of one limit; a limit the card does not give is unchecked, never passed."""
    allowed = profile.limit(limit)
    if allowed is None:
        return Check(limit, "unchecked", note=note)
    return Check(limit, "pass" if used <= allowed else "exceeded", used, allowed, note)
