"""Discrete spaces and codings, and the step functions that turn real numbers into integer levels.

Every discrete value is an integer *level* times one positive real *scale* (GXNOR-Net, arXiv 1705.09283). Which
level a real number has, ties included, is decided by a `StepFunction` and by nothing else: layers, converters and
tests all call it.
"""

from .codings import Code, Coding, code_levels, code_unit, hrelu_steps, log_steps, mbn_steps, nearest_steps
from .space import DiscreteSpace
from .steps import Step, StepFunction
from .zn import (
    Tie,
    activation_levels,
    activation_thresholds,
    check_tie,
    rounding_steps,
    symmetric_steps,
    window_slopes,
    window_thresholds,
)

__all__ = [
    "Code",
    "Coding",
    "DiscreteSpace",
    "Step",
    "StepFunction",
    "Tie",
    "activation_levels",
    "activation_thresholds",
    "check_tie",
    "code_levels",
    "code_unit",
    "hrelu_steps",
    "log_steps",
    "mbn_steps",
    "nearest_steps",
    "rounding_steps",
    "symmetric_steps",
    "window_slopes",
    "window_thresholds",
]
