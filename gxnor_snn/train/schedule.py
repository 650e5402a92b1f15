"""How learning rates change over a run."""

import math
from collections.abc import Callable, Mapping

__all__ = ["SCHEDULES", "learning_rate"]

SCHEDULES: Mapping[str, Callable[[float, float, float], float]] = {
    "geometric": lambda first, last, done: first * (last / first) ** done,
    "cosine": lambda first, last, done: last + (first - last) * (1 + math.cos(math.pi * done)) / 2,
}
"""By name: from the first to the last rate, at the share `done` of the way."""


def learning_rate(
    ends: tuple[float, float], step: int, steps: int, *, schedule: str = "geometric", warmup: int = 0
) -> float:
    """The rate at step 0, 1, ..., steps - 1.

    Over the first `warmup` steps it rises in proportion to the number of the step, up to the first of its
    `ends`; from there it falls by the schedule, to reach the last one at the last step.
    """
    first, last = ends
    if step < warmup:
        return first * (step + 1) / (warmup + 1)
    return SCHEDULES[schedule](first, last, (step - warmup) / max(1, steps - warmup - 1))
