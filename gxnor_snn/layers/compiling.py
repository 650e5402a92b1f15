"""The call that `torch.compile` leaves alone; importing this loads the whole compiler (see `untraced`)."""

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["uncompiled"]


@torch.compiler.disable  # type: ignore[untyped-decorator]
def uncompiled(function: Callable[..., Any], *given: Any) -> Any:
    """What `function` gives, run as it stands."""
    return function(*given)
