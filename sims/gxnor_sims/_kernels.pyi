"""Types of the compiled kernels; see sims/gxnor_sims/kernels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Window = tuple[int, int, int, int, int, int, int, int, int, int, int]

def isas(present_only: bool) -> list[tuple[str, int]]: ...
def widths(isa: str) -> list[int]: ...
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
    def add_input(self, slab: int, low: int, high: int, allowed: NDArray[np.uint8], /) -> int: ...
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
        first: int = 0,
        last: int = -1,
        words: int = 0,
    ) -> bool: ...

class Weights:
    @staticmethod
    def make(
        source: int,
        window: _Window,
        together: int,
        first_channel: int,
        outputs: int,
        positive: NDArray[np.uint64],
        negative: NDArray[np.uint64],
        first_level: int,
        table: NDArray[np.uint64],
        words: int,
        planes: Sequence[tuple[int, int, int]],
        lowest: int,
        low: int,
        counter_planes: int,
        /,
    ) -> Weights: ...

class Moves:
    @staticmethod
    def make(
        source: int, window: _Window, first_channel: int, gain: int, minimum: NDArray[np.uint8], /
    ) -> Moves: ...

class NeuronProgram:
    def __init__(self, isa: str, /) -> None: ...
    def add_input(
        self, image: tuple[int, int], channels: int, low: int, high: int, allowed: NDArray[np.uint8], /
    ) -> int: ...
    def add_layer(
        self,
        image: tuple[int, int],
        channels: int,
        readout: bool,
        keeps_sums: bool,
        lowest: int,
        highest: int,
        bounds: NDArray[np.int64],
        inverted: NDArray[np.uint8],
        rises: NDArray[np.int64],
        weights: Sequence[Weights],
        moves: Sequence[Moves],
        /,
    ) -> int: ...
    def add_rows(
        self, layer: int, magnitude_planes: int, rows: Sequence[tuple[int, NDArray[np.int64]]], /
    ) -> int: ...
    @property
    def n_rows(self) -> int: ...
    def run(
        self,
        samples: int,
        inputs: Sequence[NDArray[Any]],
        readouts: Sequence[NDArray[np.int64]],
        records: Sequence[tuple[int, NDArray[np.int16]]],
        tallies: NDArray[np.int64] | None,
        lanes: int,
        threads: int,
        progress: Callable[[int], object] | None,
        first: int = 0,
        last: int = -1,
    ) -> bool: ...
