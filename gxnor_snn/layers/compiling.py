"""What `torch.compile` leaves alone. Imported only while it traces a network: it loads the whole compiler."""

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["uncompiled"]


@torch.compiler.disable  # type: ignore[untyped-decorator]
def uncompiled(function: Callable[..., Any], *given: Any) -> Any:
    """What `function` gives, run as it stands: hooks, draws and exact comparisons are nothing to be traced."""
    return function(*given)
