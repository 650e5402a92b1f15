"""Energy per access of a memory sized to one tensor: linear in size between 8 KB, 32 KB and 1 MB, DRAM beyond."""

from ...ledger import Amount, Charge

__all__ = ["accesses"]

_WORD = 64
_SRAM = (("sram_8kb", 8 << 10), ("sram_32kb", 32 << 10), ("sram_1mb", 1 << 20))


def accesses(values: Amount, bits: float, stored: int) -> list[Charge]:
    """Accesses for some values of a tensor, as shares of the two memories of nearest size.

    Parameters
    ----------
    values
        Values read or written; each takes bits / 64 of an access of 64 bits.
    bits
        Bits of a value.
    stored
        Values of the tensor, which lies in a memory of its own size.
    """
    amount = values * (bits / _WORD)
    size = stored * bits / 8
    name, below = _SRAM[0]
    if size <= below:
        return [(name, amount)]
    for upper, above in _SRAM[1:]:
        if size <= above:
            share = (size - below) / (above - below)
            return [(name, amount * (1 - share)), (upper, amount * share)]
        name, below = upper, above
    return [("dram", amount)]
