"""Step rules: how gradients become updates."""

from .adam import Adam
from .base import Rule, Settings

__all__ = ["Adam", "Rule", "Settings"]
