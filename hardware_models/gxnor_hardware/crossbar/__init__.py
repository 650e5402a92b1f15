"""Memristor crossbars: prices (`arrays`), memory cells (`devices`) and what they do to sums (`physics`).

The names of `physics` are imported when they are asked for, since they need torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .physics import ArraySpec, Crossbars, accuracy, calibrate, mean_and_std, program
    from .physics.simulate import simulate

__all__ = ["ArraySpec", "Crossbars", "accuracy", "calibrate", "mean_and_std", "program", "simulate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import physics

    return getattr(physics, name)
