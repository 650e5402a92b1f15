"""What runs as it stands in a network that `torch.compile` traces."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

__all__ = ["untraced"]


def untraced(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What `function` makes of x, outside the trace: hooks, draws and exact sums are nothing for a compiler."""
    if torch.compiler.is_compiling() and not torch.compiler.is_exporting():
        from .compiling import uncompiled  # loads the compiler, which is there only now

        return cast(Tensor, uncompiled(function, x))
    return function(x)
