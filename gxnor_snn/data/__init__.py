"""Data sets of byte images: `load` gives a frozen `Dataset` by name or from files of the user's own."""

from .dataset import Dataset
from .idx import read_idx
from .sources import load

__all__ = ["Dataset", "load", "read_idx"]
