"""Codings: which integer levels a value may take, and how each splits into planes with power-of-two weight.

Every level v of a coding with P planes is v = sum_k 2^k p_k, k = 0..P-1. One gated XNOR operation is one pair
(weight plane, activation plane) in which both plane values are nonzero, so the plane count of a level is what
turns events into operations.

========== ======================= ============================ =======================
kind       plane values            levels unless narrowed       used by
========== ======================= ============================ =======================
ternary    {-1, 0, +1}, one plane  -1, 0, 1                     GXNOR-Net, TWN
signmag    {-1, 0, +1}, P planes   -2^(P-1) .. 2^(P-1)          Z_N, sums
pm1        {-1, +1}, P planes      odd, -(2^P-1) .. 2^P-1       BNN, {-1,+1} decomposition
bits       {0, 1}, P planes        0 .. 2^P-1                   pixel bytes
========== ======================= ============================ =======================

Source: design of this project; pm1 is eq. 1-5 of arXiv 1905.13389, Z_N is sec. 2 of GXNOR-Net (1705.09283).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError, GraphFormatError
from . import fields

__all__ = ["CODING_KINDS", "MAX_PLANES", "Coding"]

CODING_KINDS = ("ternary", "signmag", "pm1", "bits")
MAX_PLANES = 31  # a level always fits int32; sum relays may need more planes than weights ever do
_MAX_LEVELS = 1 << 16  # of a coding with thresholds or weights; wider ranges are sum relays, never listed


def _natural_range(kind: str, n_planes: int) -> tuple[int, int]:
    """Lowest and highest level that the planes of `kind` can express by design."""
    return {
        "ternary": (-1, 1),
        "signmag": (-(1 << (n_planes - 1)), 1 << (n_planes - 1)),
        "pm1": (1 - (1 << n_planes), (1 << n_planes) - 1),
        "bits": (0, (1 << n_planes) - 1),
    }[kind]


def _widest(kind: str, n_planes: int) -> int:
    """Largest magnitude the planes can hold; a signmag of P planes reaches 2^P - 1."""
    return 1 if kind == "ternary" else (1 << n_planes) - 1


@dataclass(frozen=True)
class Coding:
    """The admissible integer levels of a population or of a projection's weights, and their planes.

    Use the constructors `ternary`, `signmag`, `pm1`, `bits`.

    Attributes
    ----------
    kind
        One of `CODING_KINDS`.
    n_planes
        Number of planes P, 1..31.
    lo, hi
        Lowest and highest level.
    table
        Strictly increasing levels where not every integer (for pm1: every odd integer) of lo..hi is one.

    Raises
    ------
    GraphError
        If the parts contradict each other.
    """

    kind: str
    n_planes: int
    lo: int
    hi: int
    table: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        numbers = (self.n_planes, self.lo, self.hi, *(self.table or ()))
        if not all(type(n) is int for n in numbers) or not isinstance(self.table, tuple | None):
            raise GraphError(
                f"coding {self.kind}: n_planes, lo, hi and table are {self.n_planes!r}, {self.lo!r}, {self.hi!r}, "
                f"{self.table!r:.60}; allowed are integers, and a tuple of them or None"
            )
        if self.kind not in CODING_KINDS:
            raise GraphError(f"coding: kind is {self.kind!r}, allowed are {', '.join(CODING_KINDS)}")
        if not 1 <= self.n_planes <= MAX_PLANES or (self.kind == "ternary" and self.n_planes != 1):
            allowed = "1" if self.kind == "ternary" else f"1..{MAX_PLANES}"
            raise GraphError(f"coding {self.kind}: n_planes is {self.n_planes}, allowed is {allowed}")
        if self.lo > self.hi:
            raise GraphError(f"coding {self.kind}: lo {self.lo} is above hi {self.hi}")
        lowest = 0 if self.kind == "bits" else -_widest(self.kind, self.n_planes)
        highest = _widest(self.kind, self.n_planes)
        if self.lo < lowest or self.hi > highest:
            raise GraphError(
                f"coding {self.kind}({self.n_planes}): levels {self.lo}..{self.hi} are given, "
                f"its planes hold {lowest}..{highest}"
            )
        if self.kind == "pm1" and not (self.lo % 2 and self.hi % 2):
            raise GraphError(f"coding pm1({self.n_planes}): lo {self.lo} and hi {self.hi} must be odd")
        if self.table is not None:
            self._check_table(self.table)

    def _check_table(self, table: tuple[int, ...]) -> None:
        if not 1 <= len(table) <= _MAX_LEVELS:
            raise GraphError(f"coding {self.kind}: table has {len(table)} levels, allowed are 1..{_MAX_LEVELS}")
        if any(b <= a for a, b in itertools.pairwise(table)):
            raise GraphError(f"coding {self.kind}: table must be strictly increasing")
        if (table[0], table[-1]) != (self.lo, self.hi):
            raise GraphError(
                f"coding {self.kind}: table runs {table[0]}..{table[-1]}, lo and hi say {self.lo}..{self.hi}"
            )
        if self.kind == "pm1" and not all(v % 2 for v in table):
            raise GraphError("coding pm1: table must hold odd levels only")

    @classmethod
    def _make(
        cls, kind: str, n_planes: int, lo: int | None, hi: int | None, table: tuple[int, ...] | None
    ) -> "Coding":
        if not 1 <= n_planes <= MAX_PLANES:
            raise GraphError(f"coding {kind}: n_planes is {n_planes}, allowed is 1..{MAX_PLANES}")
        low, high = (table[0], table[-1]) if table else _natural_range(kind, n_planes)
        return cls(kind, n_planes, low if lo is None else lo, high if hi is None else hi, table)

    @classmethod
    def ternary(cls, lo: int = -1, hi: int = 1) -> "Coding":
        """Levels {-1, 0, +1}, or a part of them, in one plane."""
        return cls("ternary", 1, lo, hi)

    @classmethod
    def signmag(
        cls, n: int, lo: int | None = None, hi: int | None = None, table: tuple[int, ...] | None = None
    ) -> "Coding":
        """Sign and magnitude in `n` planes; Z_N is ``signmag(N)`` with levels -2^(N-1)..2^(N-1)."""
        return cls._make("signmag", n, lo, hi, table)

    @classmethod
    def pm1(
        cls, m: int, lo: int | None = None, hi: int | None = None, table: tuple[int, ...] | None = None
    ) -> "Coding":
        """Odd levels -(2^m - 1)..2^m - 1 in `m` planes of {-1, +1}."""
        return cls._make("pm1", m, lo, hi, table)

    @classmethod
    def bits(
        cls, n: int = 8, lo: int | None = None, hi: int | None = None, table: tuple[int, ...] | None = None
    ) -> "Coding":
        """Unsigned levels 0..2^n - 1 in `n` bit planes."""
        return cls._make("bits", n, lo, hi, table)

    @classmethod
    def sums(cls, lo: int, hi: int) -> "Coding":
        """The sign-magnitude coding that holds every integer lo..hi (sum relays)."""
        return cls("signmag", max(1, max(abs(lo), abs(hi)).bit_length()), lo, hi)

    @property
    def n_levels(self) -> int:
        """Number of admissible levels."""
        if self.table is not None:
            return len(self.table)
        return (self.hi - self.lo) // self.stride + 1

    @property
    def stride(self) -> int:
        """Distance of neighbouring levels where there is no table."""
        return 2 if self.kind == "pm1" else 1

    @cached_property
    def levels(self) -> NDArray[np.int64]:
        """All admissible levels, strictly increasing int64."""
        if self.table is not None:
            levels = np.asarray(self.table, np.int64)
        else:
            levels = np.arange(self.lo, self.hi + 1, self.stride, dtype=np.int64)
        levels.setflags(write=False)
        return levels

    @property
    def v0(self) -> int:
        """The lowest level, which a neuron takes when it reaches no threshold."""
        return self.lo

    @property
    def n_thresholds(self) -> int:
        """Thresholds per channel of a spiking population in this coding."""
        return self.n_levels - 1

    @property
    def max_abs(self) -> int:
        """Largest magnitude of a level."""
        return max(abs(self.lo), abs(self.hi))

    def contains(self, values: NDArray[Any]) -> bool:
        """Whether every entry of an integer array is an admissible level."""
        if values.size == 0:
            return True
        if int(values.min()) < self.lo or int(values.max()) > self.hi:
            return False
        if self.table is not None:
            wide = values.astype(np.int64)
            index = np.searchsorted(self.levels, wide).clip(max=self.n_levels - 1)
            return bool(np.array_equal(self.levels[index], wide))
        return self.stride == 1 or bool(np.all(values % 2 != 0))

    def ones(self, levels: Any) -> Any:
        """Number of nonzero planes of each level: the operations one open gate of it costs.

        Works on numpy arrays and torch tensors of integers; the result has the input's kind.
        """
        if self.kind == "pm1":
            return abs(levels) * 0 + self.n_planes
        magnitude = abs(levels)
        total = magnitude & 1
        for k in range(1, self.n_planes):
            total = total + ((magnitude >> k) & 1)
        return total

    def plane_values(self, levels: NDArray[Any]) -> list[NDArray[np.int8]]:
        """Split levels into `n_planes` int8 arrays p_k with levels = sum_k 2^k p_k."""
        wide = np.asarray(levels).astype(np.int64)
        if self.kind == "pm1":
            code = (wide + ((1 << self.n_planes) - 1)) >> 1
            return [(2 * ((code >> k) & 1) - 1).astype(np.int8) for k in range(self.n_planes)]
        sign, magnitude = np.sign(wide), np.abs(wide)
        return [(sign * ((magnitude >> k) & 1)).astype(np.int8) for k in range(self.n_planes)]

    def to_spec(self) -> dict[str, Any]:
        """A JSON-ready form; `from_spec` reads it back."""
        spec: dict[str, Any] = {"kind": self.kind, "n_planes": self.n_planes, "lo": self.lo, "hi": self.hi}
        if self.table is not None:
            spec["table"] = list(self.table)
        return spec

    @classmethod
    def from_spec(cls, spec: Any, where: str) -> "Coding":
        """Read a coding from a file's JSON.

        Raises
        ------
        GraphFormatError
            Naming the field `where` if the form is wrong.
        """
        reader = fields.reader(spec, where, required=("kind", "n_planes", "lo", "hi"), optional=("table",))
        table: tuple[int, ...] | None = None
        if isinstance(spec, Mapping) and spec.get("table") is not None:
            table = reader.integers("table")
        try:
            return cls(
                reader.text("kind"),
                reader.integer("n_planes"),
                reader.integer("lo"),
                reader.integer("hi"),
                table,
            )
        except GraphFormatError:
            raise
        except GraphError as error:
            raise GraphFormatError(f"{where}: {error}") from error
