"""The discrete weight: an int8 parameter that knows its space and holds a float gradient."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace

__all__ = ["DiscreteParameter", "discrete_parameters"]

_INT8_MAX = 127


class DiscreteParameter(nn.Parameter):
    """Integer levels of a `DiscreteSpace`, stored as int8; no float copy exists between passes.

    It is an `nn.Parameter` with ``requires_grad=False``: it moves with ``.to()``, stays int8 under
    ``.half()`` and sits in the ``state_dict``. Its ``grad`` is float32; layers put it there
    (`accept_gradient`).

    Parameters
    ----------
    levels
        Integer levels; any integer dtype.
    space
        The space they belong to; n <= 7, whose levels fit int8.

    Raises
    ------
    InputError
        If the levels of the space do not fit int8.
    """

    space: DiscreteSpace

    def __new__(cls, levels: Tensor, space: DiscreteSpace) -> "DiscreteParameter":
        if space.max_level > _INT8_MAX:
            raise InputError(
                f"n is {space.n}: its levels reach {space.max_level}, beyond int8; allowed are 0 to 7"
            )
        data = levels.detach().to(torch.int8)
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
            return cls(torch.empty(shape, dtype=torch.int8), space)
        if generator is None:
            generator = torch.Generator()
            generator.seed()
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
        """Take over the gradient of `leaf`, adding it to the one already held."""
        gradient, leaf.grad = leaf.grad, None
        if self.grad is None:
            self.grad = gradient
        elif gradient is not None:
            self.grad.add_(gradient)

    def __deepcopy__(self, memo: dict[int, Any]) -> "DiscreteParameter":
        if id(self) not in memo:
            memo[id(self)] = DiscreteParameter(self.detach().clone(), self.space)
        copied: DiscreteParameter = memo[id(self)]
        return copied

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return DiscreteParameter, (self.detach(), self.space)


def discrete_parameters(module: nn.Module) -> Iterator[DiscreteParameter]:
    """Yield every discrete parameter of `module` and its children once; what `gxnor_snn.dst.DST` takes."""
    return (p for p in module.parameters() if isinstance(p, DiscreteParameter))
