"""Engine `native`: bit-sliced kernels in C++, hundreds of samples or neurons in the lanes of one vector register.

`plan` turns a graph into a program of the samples form (pure, kept per graph), `neurons` into one of the neurons
form; `choice` divides a run between them, `execution` is the plan and its run, `engine` what `simulate` calls.
"""

from .engine import NativeEngine, available_isas
from .execution import Plan
from .plan import plan_of

__all__ = ["NativeEngine", "Plan", "available_isas", "plan_of"]
