"""Device physics of crossbars: the sums that real arrays give, and what they do to a network."""

from .array import ArraySpec
from .calibration import calibrate
from .network import Crossbars, program
from .simulate import accuracy, mean_and_std, simulate

__all__ = ["ArraySpec", "Crossbars", "accuracy", "calibrate", "mean_and_std", "program", "simulate"]
