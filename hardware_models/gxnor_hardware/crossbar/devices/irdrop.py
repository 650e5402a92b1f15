r"""First-order wire loss of an array in closed form.

With M columns and N rows, rows driven at the left end and columns held at virtual ground below the last row,

.. math:: T_{ij} = \frac{\cosh k^r_i (M - a_j)}{\cosh k^r_i M} \cdot \frac{\cosh k^c_j (N - d_i)}{\cosh k^c_j N}

:math:`k^r_i = \sqrt{\bar G_i r_{row}}` with the mean cell conductance on the row,
:math:`k^c_j = \sqrt{\bar G'_j r_{col}}` with the mean conductance that the column sees per row (disconnected rows
count as 0), and distances in segments to the middle of the cell's own, :math:`a_j = j + 1/2` from the driver and
:math:`d_i = N - i - 1/2` from the sense end.
The mean over cells is :math:`\frac{\tanh k^r M}{k^r M} \frac{\tanh k^c N}{k^c N}`.

The solution of two transmission lines, each loaded by the mean of its cells. Good to about 0.02 on average while
the mean loss is below 30 % (0.05 with disconnected rows), worse beyond: `excessive` says so.
A row at 0 V loads its columns like any other, so T does not depend on the input; only a disconnected row does.
"""

from typing import TYPE_CHECKING

from gxnor_snn.errors import InputError

from .checks import check_ohm

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TRUSTED_LOSS", "excessive", "retained", "transfer"]

TRUSTED_LOSS = 0.3
"""Mean loss up to which the closed form is checked against the nodal solve."""


def transfer(g_s: "Tensor", r_row_ohm: float, r_col_ohm: float, connected: "Tensor | None" = None) -> "Tensor":
    """Retained fraction per cell: the current of cell (i, j) that its column delivers, over ``g v``.

    Parameters
    ----------
    g_s
        Cell conductances (..., rows, cols), siemens; row 0 is farthest from the sense end.
    r_row_ohm, r_col_ohm
        Wire resistance per cell along rows and columns, ohm; 0 is an ideal wire.
    connected
        Rows that are connected, bools (..., rows); None for all. Fractions of other rows mean nothing.

    Returns
    -------
    Tensor
        (..., rows, cols), in 0 to 1, of the type of `g_s`.

    Raises
    ------
    InputError
        If `g_s` has no rows and columns or holds no conductances, or a resistance is negative or not finite.
    """
    kr, kc = _rates(g_s, r_row_ohm, r_col_ohm, connected)
    import torch

    rows, cols = g_s.shape[-2:]
    a = torch.arange(cols, device=g_s.device, dtype=g_s.dtype) + 0.5
    d = torch.arange(rows, device=g_s.device, dtype=g_s.dtype).flip(0).unsqueeze(-1) + 0.5
    return _decay(kr, a, cols) * _decay(kc, d, rows)


def retained(g_s: "Tensor", r_row_ohm: float, r_col_ohm: float, connected: "Tensor | None" = None) -> "Tensor":
    """Mean retained fraction (...,) of arrays of the mean conductance; arguments as of `transfer`."""
    import torch

    kr, kc = _rates(g_s, r_row_ohm, r_col_ohm, connected)
    rows, cols = g_s.shape[-2:]
    whole = []
    for k, length in ((kr, cols), (kc, rows)):
        x = k.square().mean(dim=(-2, -1)).sqrt() * length
        whole.append(torch.where(x > 0, x.tanh() / x.clamp(min=1e-30), torch.ones_like(x)))
    return whole[0] * whole[1]


def excessive(g_s: "Tensor", r_row_ohm: float, r_col_ohm: float, connected: "Tensor | None" = None) -> str | None:
    """A warning where the worst array loses more than `TRUSTED_LOSS`, else None; arguments as of `transfer`."""
    fractions = retained(g_s, r_row_ohm, r_col_ohm, connected)
    loss = 1 - float(fractions.min()) if fractions.numel() else 0.0
    if loss <= TRUSTED_LOSS:
        return None
    rows, cols = g_s.shape[-2:]
    return (
        f"wires of {rows} x {cols} cells lose {loss:.0%} of the current on average; the closed form is checked "
        f"up to {TRUSTED_LOSS:.0%}: use smaller arrays, less conductance or the exact solve (nodal)"
    )


def _decay(k: "Tensor", x: "Tensor", length: int) -> "Tensor":
    """``cosh(k (L - x)) / cosh(k L)`` without overflow."""
    return (-k * x).exp() * ((-2 * k * (length - x)).exp() + 1) / ((-2 * k * length).exp() + 1)


def _rates(g_s: "Tensor", r_row: float, r_col: float, connected: "Tensor | None") -> "tuple[Tensor, Tensor]":
    """(k_r (..., rows, 1), k_c (..., 1, cols))."""
    if not getattr(g_s, "is_floating_point", bool)() or g_s.dim() < 2:
        given = f"{getattr(g_s, 'dtype', type(g_s).__name__)} {tuple(getattr(g_s, 'shape', ()))}"
        raise InputError(f"g_s is {given}; allowed is a torch tensor of floats (..., rows, cols)")
    if g_s.numel() and not bool(((g_s >= 0) & g_s.isfinite()).all()):
        raise InputError("g_s holds negative or infinite values; allowed are conductances in siemens")
    check_ohm("r_row_ohm", r_row)
    check_ohm("r_col_ohm", r_col)
    seen = g_s
    if connected is not None:
        if connected.shape != g_s.shape[:-1]:
            raise InputError(f"connected has shape {tuple(connected.shape)}; allowed is {tuple(g_s.shape[:-1])}")
        seen = g_s * connected.unsqueeze(-1)
    kr = (g_s.mean(dim=-1, keepdim=True) * r_row).sqrt()
    kc = (seen.mean(dim=-2, keepdim=True) * r_col).sqrt()
    return kr, kc
