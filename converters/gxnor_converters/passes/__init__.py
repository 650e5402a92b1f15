"""Passes: event graphs to smaller or better ordered ones that compute the same; see `base` for the contract."""

from .base import Pass, rechannel
from .dead import prune_dead
from .lossy import Lossy, Trial, merge_similar, project_codebook
from .order import reorder_channels
from .recalibrate import recalibrate
from .sharing import SHARING_MODES, Shared, SharedConvolution, share_results, shared_results
from .thresholds import merge_thresholds

__all__ = [
    "SHARING_MODES",
    "Lossy",
    "Pass",
    "Shared",
    "SharedConvolution",
    "Trial",
    "merge_similar",
    "merge_thresholds",
    "project_codebook",
    "prune_dead",
    "recalibrate",
    "rechannel",
    "reorder_channels",
    "share_results",
    "shared_results",
]
