"""Passes: event graphs to smaller or better ordered ones that compute the same; see `base` for the contract."""

from .base import Pass, rechannel
from .dead import prune_dead
from .order import reorder_channels
from .sharing import SHARING_MODES, Shared, SharedConvolution, share_results, shared_results
from .thresholds import merge_thresholds

__all__ = [
    "SHARING_MODES",
    "Pass",
    "Shared",
    "SharedConvolution",
    "merge_thresholds",
    "prune_dead",
    "rechannel",
    "reorder_channels",
    "share_results",
    "shared_results",
]
