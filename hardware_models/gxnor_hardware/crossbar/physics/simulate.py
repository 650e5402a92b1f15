"""Simulation of an event graph on memristor crossbars, and its accuracy over draws of devices."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from ..devices import Device
from .array import ArraySpec
from .network import check_count, program

__all__ = ["accuracy", "mean_and_std", "simulate"]


def simulate(
    graph: EventGraph,
    x: Any,
    device: Device,
    generator: torch.Generator,
    *,
    array: ArraySpec | None = None,
    draws: int = 1,
    record: Iterable[str] = (),
    counts: str = "basic",
    time_s: float = 0.0,
    batch: int | None = None,
) -> EventTrace:
    r"""Run an event graph on crossbars of real devices.

    Only the matrix products are replaced: a tile's column sum is

    .. math:: I_j = \sum_i x_i T_{ij} (G^+_{ij} - G^-_{ij}) + V_{os} \sum_i G_{ij} + \mathrm{noise},
        \quad \mathrm{Var} = \sum_i x_i^2 T_{ij}^2 (s^{+2}_{ij} + s^{-2}_{ij})

    in units of G_on - G_off, with the conductances that programming, time and faults left, the transfer T of the
    wires and the read noise s; converters turn it into codes, which are added digitally over tiles, planes and
    phases. Sums are real then, and neurons compare them at half-integers.

    Parameters
    ----------
    graph
        The event graph.
    x
        Integer levels (B, *shape), or a mapping from input name to them.
    device
        The memory cells (`gxnor_hardware.crossbar.devices`).
    generator
        Draws everything, on its own device (CPU or CUDA), where the simulation runs. The same state, arguments and
        batch give the same trace.
    array
        How arrays are built and read; the defaults of `ArraySpec` if None.
    draws
        Independent sets of devices that are simulated at once.
    record
        Populations whose levels and sums are kept, or "all".
    counts
        "basic", "full" or "none".
    time_s
        Seconds between programming and reading.
    batch
        Samples per pass; chosen by memory where None.

    Returns
    -------
    EventTrace
        Sample k on draw d stands at d * B + k. `exact` where ideal devices and wide converters make every sum the
        integer that the engines give; else readouts are float64.

    Raises
    ------
    InputError
        If an argument is not of its kind.
    ProfileError
        If the device's card lacks what is needed; the message names it.
    UnsupportedGraphError
        If arrays do not compute a projection.

    Warns
    -----
    UserWarning
        If wires lose more than the closed form of IR drop is good for.

    References
    ----------
    Design of this project; converters and calibration as in CrossSim (Sandia) and Wan et al., Nature 608 (2022).
    """
    crossbars = program(graph, device, generator, array=array, draws=draws, time_s=time_s)
    return crossbars.run(x, generator, record=record, counts=counts, batch=batch)


def accuracy(
    graph: EventGraph,
    x: Any,
    y: ArrayLike,
    device: Device,
    generator: torch.Generator,
    *,
    draws: int = 10,
    at_once: int = 4,
    array: ArraySpec | None = None,
    time_s: float = 0.0,
    batch: int | None = None,
) -> NDArray[np.float64]:
    """Share of samples classified right, on each of a number of draws of devices.

    Parameters
    ----------
    graph, x, device, generator, array, time_s, batch
        As in `simulate`.
    y
        Labels (B,).
    draws
        Number of draws.
    at_once
        Draws in memory at a time; part of what the random numbers depend on.

    Returns
    -------
    NDArray
        float64 (draws,).

    Raises
    ------
    InputError
        If samples and labels do not match or are none, or as `simulate`.
    ProfileError, UnsupportedGraphError
        As `simulate`.
    """
    labels = np.asarray(y)
    n_draws, step = check_count("draws", draws), check_count("at_once", at_once)
    if labels.ndim != 1 or not len(labels):
        raise InputError(f"accuracy: y has shape {labels.shape}, allowed is (samples,) with at least one")
    found: list[NDArray[np.float64]] = []
    for start in range(0, n_draws, step):
        now = min(step, n_draws - start)
        trace = simulate(
            graph, x, device, generator, array=array, draws=now, counts="none", time_s=time_s, batch=batch
        )
        predictions = trace.predictions.reshape(now, -1)
        if predictions.shape[1] != len(labels):
            raise InputError(f"accuracy: got {predictions.shape[1]} samples and {len(labels)} labels")
        found.append((predictions == labels).mean(axis=1))
    return np.concatenate(found)


def mean_and_std(accuracies: ArrayLike) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1; 0 for one draw) of what `accuracy` gives."""
    values = np.asarray(accuracies, np.float64)
    if values.ndim != 1 or not len(values):
        raise InputError(f"mean_and_std: got shape {values.shape}, allowed is (draws,) with at least one")
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
