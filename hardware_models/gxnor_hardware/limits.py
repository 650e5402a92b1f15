"""Holding a number against a limit of a card."""

from collections.abc import Sequence

from gxnor_snn.errors import PricingError
from gxnor_snn.results import Check

from .profile import Profile

__all__ = ["check_deadline", "check_limit", "exceeded"]


def check_limit(profile: Profile, limit: str, used: int, note: str) -> Check:
    """The check of one limit; a limit the card does not give is unchecked, never passed.

    Raises
    ------
    PricingError
        If the limit is exceeded and the card calls it a wall.
    """
    allowed = profile.limit(limit)
    if allowed is None:
        return Check(limit, "unchecked", note=note)
    if used > allowed and profile.limits[limit].kind == "wall":
        raise PricingError(
            f"card {profile.name!r}: the graph needs {limit} of {used}; the wall is {allowed} ({note})"
        )
    return Check(limit, "pass" if used <= allowed else "exceeded", used, allowed, note)


def exceeded(checks: Sequence[Check]) -> list[str]:
    """What a reader of the bill must know about limits that are exceeded, a sentence each."""
    return [
        f"{check.limit} is {check.used:g}, the card has {check.allowed:g}: {check.note}"
        for check in checks
        if check.status == "exceeded"
    ]


def check_deadline(profile: Profile, limit: str, seconds: float | None, note: str) -> Check:
    """The check of a deadline, in the unit of its name; missing it means a slower step, never a refusal.

    Parameters
    ----------
    seconds
        What a step takes; None where the card has no times, then the deadline is unchecked.
    """
    allowed = profile.deadline(limit)
    if allowed is None or seconds is None:
        return Check(limit, "unchecked", note=note)
    value = int(profile.limits[limit].value)
    used = seconds / allowed * value
    if seconds <= allowed:
        return Check(limit, "pass", used, value, note)
    slower = f"{note}: {seconds / allowed:.3g} times the deadline, so much slower than real time"
    return Check(limit, "exceeded", used, value, slower)
