"""Data sets of byte images: `load` gives a frozen `Dataset` by name or from files of the user's own."""

from .dataset import Dataset
from .idx import read_idx
from .nmnist import event_frames
from .sources import load

__all__ = ["Dataset", "event_frames", "load", "read_idx"]
