"""Engine `native`: bit-sliced kernels in C++, hundreds of samples in the lanes of one vector register.

`plan` turns a graph into a program for the kernels (pure, kept per graph), `engine` runs it.
"""

from .engine import NativeEngine, available_isas
from .plan import Plan, plan_of

__all__ = ["NativeEngine", "Plan", "available_isas", "plan_of"]
