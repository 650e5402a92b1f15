"""Types of the compiled kernels; see sims/gxnor_sims/kernels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Window = tuple[int, int, int, int, int, int, int, int, int, int, int]

def isas(present_only: bool) -> list[tuple[str, int]]: ...
def measure_ops(isa: str, seconds: float) -> tuple[float, int]: ...

class Term:
    @staticmethod
    def make(
        source: int,
        window: _Window,
        first_channel: int,
        outputs: int,
        digits: Sequence[tuple[int, int]],
        runs: NDArray[np.int64],
        channels: NDArray[np.int32],
        constants: NDArray[np.int64],
        /,
    ) -> Term: ...

class Program:
    def __init__(self) -> None: ...
    def add_slab(
        self, positions: int, channels: int, planes: int, thermometer: bool, lowest: int, step: int, /
    ) -> int: ...
    def add_input(self, slab: int, /) -> int: ...
    def add_sum(
        self,
        target: int,
        out: tuple[int, int],
        counter_planes: int,
        lows: NDArray[np.int64],
        keeps_sums: bool,
        thresholds: NDArray[np.uint64],
        inverted: NDArray[np.uint8],
        rises: NDArray[np.uint64],
        terms: Sequence[Term],
        /,
    ) -> None: ...
    def add_pool(
        self,
        source: int,
        target: int,
        window: _Window,
        out: tuple[int, int],
        first_channel: int,
        minimum: NDArray[np.uint8],
        /,
    ) -> None: ...
    def add_done(
        self, slab: int, magnitude_planes: int, rows: Sequence[tuple[int, NDArray[np.int64]]], /
    ) -> int: ...
    def add_readout(self, slab: int, /) -> int: ...
    def add_part(self, source: int, target: int, lowest: int, step: int, part: int, /) -> None: ...
    def add_reached(self, target: int, out: tuple[int, int], terms: Sequence[Term], /) -> int: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def chunks(self) -> list[int]: ...
    @property
    def arena_planes(self) -> int: ...
    def run(
        self,
        isa: str,
        samples: int,
        inputs: Sequence[NDArray[Any]],
        readouts: Sequence[NDArray[np.int64]],
        records: Sequence[tuple[int, NDArray[np.int16]]],
        tallies: NDArray[np.int64] | None,
        lanes: int,
        threads: int,
        progress: Callable[[int], object] | None,
    ) -> None: ...
