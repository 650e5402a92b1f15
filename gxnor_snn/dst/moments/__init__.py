"""How the moments of a step rule are stored between steps."""

from .base import FirstMoment, Held, Moment
from .bfloat16 import BFloat16
from .blocks import Logarithmic8, SquareRoot7, SquareRoot8
from .factored import Factored
from .float32 import Float32

__all__ = [
    "BFloat16",
    "Factored",
    "FirstMoment",
    "Float32",
    "Held",
    "Logarithmic8",
    "Moment",
    "SquareRoot7",
    "SquareRoot8",
]
