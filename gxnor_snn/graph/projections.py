"""The four projections of schema v1, by the name that stands in a file."""

from .conv import Conv2d
from .dense import Dense
from .pools import Identity, Pool2d
from .projection import Projection

__all__ = ["PROJECTIONS", "Conv2d", "Dense", "Identity", "Pool2d"]

PROJECTIONS: dict[str, type[Projection]] = {c.kind: c for c in (Dense, Conv2d, Pool2d, Identity)}
"""Op classes by the name that stands in a file."""
