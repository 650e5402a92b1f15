"""Integer levels as conductances: differential pairs and single cells.

A pair holds |v| on one side: (g(v), g_off) for v >= 0, (g_off, g(-v)) for v < 0, with g(m) running evenly from
the smallest conductance at 0 to the largest at `span`. Ternary: +1 -> (on, off), -1 -> (off, on), 0 -> (off, off);
the conductance of the off state cancels in the mean of the difference, its variance does not. A single cell runs
evenly from the smallest conductance at -span to the largest at +span; a reference of the middle conductance is
subtracted.

The difference (pair), or the difference to the middle (single cell), is ``v * unit_conductance(...)``.
"""

from typing import TYPE_CHECKING, Literal

from gxnor_snn.errors import InputError, ProfileError

from .device import Device

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Cells", "conductances", "unit_conductance"]

Cells = Literal["pair", "single"]
_STATES = {"pair": lambda span, step: span // step + 1, "single": lambda span, step: 2 * span // step + 1}


def _check(device: Device, cells: str, span: int, step: int) -> None:
    if cells not in _STATES:
        raise InputError(f"cells is {cells!r:.40}; allowed are {', '.join(_STATES)}")
    if not isinstance(span, int) or not isinstance(step, int) or span < 1 or step < 1:
        raise InputError(f"span is {span!r:.40} and step {step!r:.40}; allowed are positive whole numbers")
    states = _STATES[cells](span, step)
    if device.levels is not None and states > device.levels:
        raise ProfileError(
            f"device {device.name!r}: levels up to {span} in steps of {step} take {states} conductances per cell "
            f"(cells={cells!r}); its card allows {device.levels}"
        )


def unit_conductance(device: Device, cells: Cells = "pair", span: int = 1) -> float:
    """Conductance difference of one level, siemens.

    Parameters
    ----------
    device
        The memory device.
    cells
        "pair" or "single".
    span
        Largest absolute level.
    """
    _check(device, cells, span, 2 * span)  # how many states are used does not matter here
    whole = device.g_on_s - device.g_off_s
    return whole / span if cells == "pair" else whole / (2 * span)


def conductances(
    level: "Tensor", device: Device, cells: Cells = "pair", *, span: int = 1, step: int = 1
) -> "Tensor":
    r"""Target conductances of integer levels.

    Parameters
    ----------
    level
        Integers in [-span, span], any shape; float tensors of whole numbers are taken too.
    device
        The memory device.
    cells
        "pair": two cells per level; "single": one.
    span
        Largest absolute level: 1 for ternary and binary weights.
    step
        Distance of neighbouring levels: 2 for codes of odd integers, else 1.

    Returns
    -------
    Tensor
        (2, \*level.shape), positive side first, or (1, \*level.shape); siemens, in the level's float type, else
        in torch's default one.

    Raises
    ------
    InputError
        If a level is no whole number in range.
    ProfileError
        If the device has fewer conductances than the levels take, or its card gives no conductances.
    """
    import torch

    _check(device, cells, span, step)
    if not hasattr(level, "is_floating_point"):
        raise InputError(f"level is {type(level).__name__}; allowed is a torch tensor of whole numbers")
    v = level if level.is_floating_point() else level.to(torch.get_default_dtype())
    if v.numel() and not bool(((v.abs() <= span) & (v == v.round())).all()):
        raise InputError(f"level holds values that are not whole numbers in -{span} to {span}")
    on, off = device.g_on_s, device.g_off_s
    if cells == "pair":
        sides = torch.stack([v, -v]).clamp(min=0)
        return off + sides * ((on - off) / span)
    return off + (v + span).unsqueeze(0) * ((on - off) / (2 * span))
