"""What a timed run must agree on with the bill of the same run."""

from typing import Any

__all__ = ["check_bill"]


def check_bill(found: Any, bill: Any) -> None:
    """Latency and every exact term within the bill; what has no price here has none there."""
    assert (found.latency_s is None) == (bill.latency is None)
    if bill.latency is not None:
        low, value, high = (getattr(found, f"latency{end}_s").mean() for end in ("_low", "", "_high"))
        slack = 1e-9 * high
        assert bill.latency.low_s - slack <= low <= value <= high + slack
        assert high <= bill.latency.high_s + slack
    unpriced = {u.term for u in bill.unpriced}
    missing = {*found.missing} - {"core_s", "step_s", "link_load", "energy"}
    assert missing <= unpriced
    for name in unpriced - missing:  # counts leave it open whether there were any; the run had none
        assert name in ("messages", "hops", "chip links")
        assert not found.messages_in.any() or name == "chip links"
    assert found.energy_j is None or bill.energy_j is not None or unpriced != missing
    for name, term in bill.terms.items():
        joule = float(found.terms[name].sum(axis=1).mean()) if name in found.terms else 0.0
        if name not in unpriced:
            slack = 1e-9 * abs(joule)
            assert term.low_j - slack <= joule <= term.high_j + slack, name
