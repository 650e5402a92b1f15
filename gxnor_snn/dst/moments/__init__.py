"""How the moments of a step rule are stored between steps."""

from .base import Held, Moment
from .float32 import Float32

__all__ = ["Float32", "Held", "Moment"]
