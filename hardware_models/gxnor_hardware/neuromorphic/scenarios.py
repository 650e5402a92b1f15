"""The band of a constant beside the samples of a run."""

import numpy as np
from numpy.typing import NDArray

from ..profile import Constant

__all__ = ["scenarios"]


def scenarios(constant: Constant) -> NDArray[np.float64]:
    """(value, low, high) as a column, to go with samples along the other axis."""
    return np.array([[constant.value], [constant.low], [constant.high]])
