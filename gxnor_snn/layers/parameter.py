"""The discrete weight: an integer parameter that knows its space and its optimiser, and holds a float gradient."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.spaces import DiscreteSpace

from .noise import generator_or_new

__all__ = ["DiscreteParameter", "Owner", "check_levels", "discrete_parameters"]

_INT8_MAX = 127


class Owner(Protocol):
    """The optimiser that moves a parameter (`gxnor_snn.dst.DST`)."""

    @property
    def consumes(self) -> bool:
        """Whether it takes each gradient as soon as it is there, so that none is ever kept."""

    def consume(self, parameter: "DiscreteParameter", gradient: Tensor) -> None:
        """Take a gradient now."""

    def holds(self, parameter: "DiscreteParameter", gradient: Tensor | None) -> None:
        """Hear what the parameter holds now: a gradient that was set or added to, or none any more."""

    def check_readable(self, parameter: "DiscreteParameter") -> None:
        """Raise if a gradient that somebody wants to read has been taken already."""


class DiscreteParameter(nn.Parameter):
    """Integer levels of a `DiscreteSpace`, int8 for n <= 7 and int16 for n = 8; no float copy between passes.

    It is an `nn.Parameter` with ``requires_grad=False``: it moves with ``.to()``, stays an integer under
    ``.half()`` and sits in the ``state_dict``. Its ``grad`` is float32; layers put it there
    (`accept_gradient`), unless its optimiser consumes gradients at once.

    Parameters
    ----------
    levels
        Integer levels; any integer dtype.
    space
        The space they belong to.

    Raises
    ------
    InputError
        If they are no integers, or not all in the space.
    """

    space: DiscreteSpace
    _owner: "weakref.ref[Owner] | None" = None

    def __new__(cls, levels: Tensor, space: DiscreteSpace) -> "DiscreteParameter":
        check_levels(levels, space)
        return cls.unchecked(levels, space)

    @classmethod
    def unchecked(cls, levels: Tensor, space: DiscreteSpace) -> "DiscreteParameter":
        """What the constructor makes, of memory that is yet to be filled, too."""
        data = levels.detach().to(_dtype(space))
        parameter: DiscreteParameter = torch.Tensor._make_subclass(cls, data, False)
        parameter.space = space
        parameter.grad_dtype = torch.float32
        return parameter

    @classmethod
    def drawn(
        cls, shape: tuple[int, ...], space: DiscreteSpace, generator: torch.Generator | None
    ) -> "DiscreteParameter":
        """Levels drawn uniformly from the space.

        Without a generator, one seeded from the system's entropy draws; on the meta device nothing is drawn.
        """
        if torch.get_default_device().type == "meta":
            return cls(torch.empty(shape, dtype=_dtype(space)), space)
        generator = generator_or_new(generator)
        index = torch.randint(space.levels.size, shape, generator=generator, device=generator.device)
        drawn = torch.tensor(space.levels, device=generator.device)[index]
        return cls(drawn.to(torch.get_default_device()), space)

    def leaf(self) -> Tensor:
        """A float32 copy for one pass, whose gradient ends up in this parameter's ``grad``."""
        leaf = self.detach().to(torch.float32)
        if torch.is_grad_enabled():
            leaf.requires_grad_()
            leaf.register_post_accumulate_grad_hook(self.accept_gradient)  # type: ignore[no-untyped-call]
        return leaf

    @torch.no_grad()
    def accept_gradient(self, leaf: Tensor) -> None:
        """Take over the gradient of `leaf`: its owner consumes it, or it is added to the one already held."""
        gradient, leaf.grad = leaf.grad, None
        owner = self.owner
        if owner is not None and owner.consumes:
            if gradient is not None:
                owner.consume(self, gradient)
        elif gradient is not None:
            if (held := super().grad) is None:
                held = gradient
                _HELD_GRAD.__set__(self, held)
            else:
                held.add_(gradient)
            if owner is not None:
                owner.holds(self, held)

    @property
    def owner(self) -> Owner | None:
        """The optimiser that has claimed this parameter and still exists."""
        return None if self._owner is None else self._owner()

    def claim(self, owner: Owner) -> None:
        """Make `owner` the one optimiser of this parameter, as long as it exists or until `release`.

        Raises
        ------
        InputError
            If another optimiser that still exists has claimed it.
        """
        if self.owner not in (None, owner):
            gc.collect()  # optimisers sit in reference cycles (schedulers make them): it may be long forgotten
        if self.owner not in (None, owner):
            raise InputError(
                f"a discrete parameter of shape {tuple(self.shape)} is claimed twice: another DST optimiser moves "
                "it already; delete that optimiser or call its release() first"
            )
        self._owner = weakref.ref(owner)

    def release(self, owner: Owner) -> None:
        """Undo `claim`; nothing happens if another has claimed the parameter."""
        if self.owner is owner:
            self._owner = None

    @property
    def grad(self) -> Tensor | None:
        """The gradient held, float32 of the parameter's shape.

        Raises
        ------
        GxnorError
            If the owner consumes gradients and has taken one in this step, or if one is set while it does.
        """
        owner = self.owner
        if owner is not None and owner.consumes:
            owner.check_readable(self)
        return super().grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        owner = self.owner
        if value is not None and owner is not None and owner.consumes:
            raise GxnorError(
                f"the gradient of a discrete parameter of shape {tuple(self.shape)} is set by hand, but its DST "
                "optimiser (fused=True) takes gradients from backward only; use fused=False"
            )
        _HELD_GRAD.__set__(self, value)
        if owner is not None and not owner.consumes:
            owner.holds(self, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> "DiscreteParameter":
        if id(self) not in memo:
            memo[id(self)] = DiscreteParameter.unchecked(self.detach().clone(), self.space)
        copied: DiscreteParameter = memo[id(self)]
        return copied

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return DiscreteParameter, (self.detach(), self.space)


_HELD_GRAD: Any = torch.Tensor.grad


def _dtype(space: DiscreteSpace) -> torch.dtype:
    return torch.int8 if space.max_level <= _INT8_MAX else torch.int16


def check_levels(levels: Tensor, space: DiscreteSpace) -> None:
    """Check that levels are integers of a space.

    Raises
    ------
    InputError
        If they are not.
    """
    check_kind("DiscreteParameter: levels", levels, Tensor)
    check_kind("DiscreteParameter: space", space, DiscreteSpace)
    if levels.is_floating_point() or levels.is_complex() or levels.dtype == torch.bool:
        raise InputError(f"DiscreteParameter: levels are {levels.dtype}; allowed are integers")
    if levels.is_meta or not levels.numel():
        return
    low, high = levels.aminmax()
    if min(int(low) + space.max_level, space.max_level - int(high)) < 0 or (
        not space.n and bool((levels == 0).any())
    ):
        raise InputError(f"DiscreteParameter: levels from {low} to {high}; allowed are those of {space}")


def discrete_parameters(module: nn.Module) -> Iterator[DiscreteParameter]:
    """Yield every discrete parameter of `module` and its children once; what `gxnor_snn.dst.DST` takes.

    Raises
    ------
    InputError
        If `module` is no module.
    """
    check_kind("discrete_parameters: module", module, nn.Module)
    return (p for p in module.parameters() if isinstance(p, DiscreteParameter))
