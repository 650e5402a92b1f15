"""The one contract of every quantiser: a rising step function with float64 thresholds and a rule for each tie."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError

__all__ = ["Step", "StepFunction"]


@dataclass(frozen=True)
class Step:
    """A threshold: x has passed it iff x > at or, where `closed`, x == at.

    Attributes
    ----------
    at
        A float, or a float64 array (C,) of one threshold per channel.
    closed
        Whether a tie counts as passed.
    """

    at: float | NDArray[np.float64]
    closed: bool


@dataclass(frozen=True)
class StepFunction:
    """level(x) = values[#{k : x has passed step k}], for real x, not NaN.

    What a layer computes, a converter folds and an engine runs is this function: every level, ties included,
    is decided by comparisons with float64 thresholds, never by arithmetic on x.

    Attributes
    ----------
    values
        The levels, rising integers: one more than steps.
    steps
        Thresholds that do not fall (in any channel, where they are arrays); of equal ones the closed come first.

    Raises
    ------
    InputError
        If values do not rise, thresholds fall or are not finite, or there is not one more value than steps.
    """

    values: tuple[int, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.steps) + 1:
            raise InputError(
                f"a step function of {len(self.steps)} steps has {len(self.steps) + 1} values, got {self.values}"
            )
        if any(low >= high for low, high in pairwise(self.values)):
            raise InputError(f"the values of a step function must rise, got {self.values}")
        if not all(np.all(np.isfinite(step.at)) for step in self.steps):
            raise InputError("the thresholds of a step function are finite numbers")
        for low, high in pairwise(self.steps):
            in_order = np.less_equal if low.closed or not high.closed else np.less
            if not np.all(in_order(low.at, high.at)):
                raise InputError(
                    "the thresholds of a step function must not fall; of equal ones the closed come first"
                )

    @cached_property
    def per_channel(self) -> bool:
        """Whether thresholds are arrays, one number per channel."""
        return any(isinstance(step.at, np.ndarray) for step in self.steps)

    def levels_of(self, x: Any, channel_axis: int = 1) -> Any:
        """Integer levels of x, exact for float64.

        Parameters
        ----------
        x
            numpy array or torch tensor of real numbers, any shape.
        channel_axis
            The axis of x that has the channels; read only where thresholds are per channel.

        Returns
        -------
        numpy.ndarray or torch.Tensor
            int64, of the shape of x.
        """
        numpy = isinstance(x, np.ndarray | np.generic)
        if numpy and not self.per_channel:
            passed = np.searchsorted(np.sort(self.bounds(np.float64)), x, side="left")
            return np.asarray(self.values, dtype=np.int64)[passed]
        levels: Any = (x == x) * self.values[0]
        for step, (low, high) in zip(self.steps, pairwise(self.values), strict=True):
            at: Any = step.at
            if self.per_channel:
                at = np.reshape(at, [-1 if axis == channel_axis % x.ndim else 1 for axis in range(x.ndim)])
                at = at if numpy else x.new_tensor(at)
            levels = levels + (x >= at if step.closed else x > at) * (high - low)
        return levels

    def bounds(self, dtype: type[np.floating[Any]]) -> NDArray[np.float64]:
        """Bounds u_k that decide ties and rounding beforehand, for x of one float type.

        For every x of `dtype`, x has passed step k iff x > u_k. u_k is a number of `dtype`: the largest one not
        above the threshold, or below it where the step is closed. So comparisons in float32 give the very
        levels that float64 gives for the same x.

        Returns
        -------
        numpy.ndarray
            float64 (K,), or (K, C) where thresholds are per channel; read-only, not sorted where thresholds are
            equal.
        """
        if dtype not in self._known_bounds:
            self._known_bounds[dtype] = self._find_bounds(dtype)
        return self._known_bounds[dtype]

    @cached_property
    def _known_bounds(self) -> dict[type[np.floating[Any]], NDArray[np.float64]]:
        return {}

    def _find_bounds(self, dtype: type[np.floating[Any]]) -> NDArray[np.float64]:
        at = np.array([step.at for step in self.steps], dtype=np.float64)
        closed = np.array([step.closed for step in self.steps]).reshape(-1, *[1] * (at.ndim - 1))
        near = at.astype(dtype)
        too_high = np.where(closed, near.astype(np.float64) >= at, near.astype(np.float64) > at)
        bounds = np.where(too_high, np.nextafter(near, dtype(-np.inf)), near).astype(np.float64)
        bounds.flags.writeable = False
        return bounds
