"""Faults: cells that do not take part.

Contract: ``rates()``, the fractions of cells (stuck at the largest, stuck at the smallest conductance).
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Effect

__all__ = ["Faults", "NoFaults", "Rates"]


class NoFaults(Effect):
    """Every cell works."""

    model: Literal["none"]

    def rates(self) -> tuple[float, float]:
        """Zero, zero."""
        return 0.0, 0.0


class Rates(Effect):
    """Cells that stay where they are, whatever is programmed.

    Attributes
    ----------
    stuck_on, stuck_off
        Fractions of cells at the largest and at the smallest conductance.
    unformed
        Fraction that was never formed: no filament, so they count as stuck off.
    """

    model: Literal["rates"]
    stuck_on: float = Field(ge=0, le=1)
    stuck_off: float = Field(ge=0, le=1)
    unformed: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _fractions(self) -> Self:
        if self.stuck_on + self.stuck_off + self.unformed > 1:
            raise ValueError("stuck_on + stuck_off + unformed must not exceed 1")
        return self

    def rates(self) -> tuple[float, float]:
        """(at the largest, at the smallest conductance)."""
        return self.stuck_on, self.stuck_off + self.unformed


Faults = NoFaults | Rates
