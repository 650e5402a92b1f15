"""The {-1, +1} decomposition: quantised layers as branches of one-plane layers, and what they take."""

from .accounting import BranchWork, branch_work
from .branches import decompose

__all__ = ["BranchWork", "branch_work", "decompose"]
