"""Converter ranges from samples: clip what is rare, spend the codes on what is common (CrossSim, NeuRRAM)."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxnor_snn.arguments import check_kind, is_number
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph

from ..devices import Device
from .array import ArraySpec
from .network import program

__all__ = ["calibrate"]


def calibrate(
    graph: EventGraph, samples: Any, array: ArraySpec, percentile: float = 99.9, *, device: Device | None = None
) -> ArraySpec:
    """Converter ranges that hold a percentile of the column sums of each tile.

    Parameters
    ----------
    graph
        The event graph.
    samples
        Levels (B, *shape), typical ones, at least one sample.
    array
        How arrays are built and read; its own ranges, if any, are not used.
    percentile
        Of the magnitudes of the sums before conversion, above 0, up to 100.
    device
        Whose on and off states to take (they matter with ``subtraction="digital"``); its noise is left out.

    Returns
    -------
    ArraySpec
        `array` with `adc_range`, at least 1 for each tile.

    Raises
    ------
    InputError
        If the percentile is out of range, or there is no sample.
    """
    if not is_number(percentile) or not 0 < percentile <= 100:
        raise InputError(f"calibrate: percentile is {percentile!r}, allowed is a number above 0, up to 100")
    check_kind("array", array, ArraySpec)
    quiet = Device.ideal() if device is None else device.noiseless()
    bare = replace(
        array, adc_bits=None, adc_range=None, offset_v=0.0, gain_error=0.0, switch_noise=0.0,
        r_row_ohm=0.0, r_col_ohm=0.0, drift_compensation=False,
    )  # fmt: skip
    seen: dict[tuple[str, int], NDArray[np.int64]] = defaultdict(lambda: np.zeros(1, np.int64))

    def watch(name: str, tile: int, sums: Tensor) -> None:
        found = torch.bincount(sums.abs().ceil_().to(torch.int64).flatten()).cpu().numpy()
        held = seen[name, tile]
        total = np.zeros(max(len(held), len(found)), np.int64)
        total[: len(held)] += held
        total[: len(found)] += found
        seen[name, tile] = total

    generator = torch.Generator()
    crossbars = program(graph, quiet, generator, array=bare)
    crossbars.run(samples, generator, counts="none", watch=watch)
    ranges = {
        name: tuple(_range(name, seen[name, k], percentile) for k in range(len(programmed.tiles)))
        for name, programmed in crossbars.projections.items()
    }
    return replace(array, adc_range=ranges)


def _range(name: str, histogram: NDArray[np.int64], percentile: float) -> float:
    share = histogram.cumsum()
    if not share[-1]:
        raise InputError(f"calibrate: the samples give no sum in {name!r}; at least one sample is needed")
    return float(max(1, np.searchsorted(share, share[-1] * percentile / 100)))
