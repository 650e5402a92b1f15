"""Step rules: how gradients become updates."""

from .adam import Adam
from .adamax_shift import AdaMaxShift
from .base import Rule, Settings
from .sgd import SGD

__all__ = ["SGD", "AdaMaxShift", "Adam", "Rule", "Settings"]
