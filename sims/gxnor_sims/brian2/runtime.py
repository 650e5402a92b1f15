"""Running a network on the runtime targets: samples laid out in time, one run for many of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import EngineError

from .equations import Features, counters
from .loading import session

__all__ = ["Feeder", "RawSamples", "check_cython", "code_class"]

RawSamples = Mapping[str, NDArray[np.integer[Any]]]
"""State of every neuron but the inputs at the end of each sample, (samples, neurons), by name of the variable."""


def code_class(target: str) -> Any:
    """Brian2's class of code objects for a runtime target."""
    if target == "cython":
        from brian2.codegen.runtime.cython_rt import CythonCodeObject

        return CythonCodeObject
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    return NumpyCodeObject


def check_cython() -> None:
    """Raise `EngineError` if Cython or its compiler does not work here; Brian2 tries once and remembers."""
    with session():
        if not code_class("cython").is_available():
            raise EngineError("engine 'brian2': target 'cython' needs Cython and a C++ compiler that work")


class Feeder:
    """What a network operation calls at the start of every step: it reads one sample out and puts the next one in.

    Parameters
    ----------
    neurons
        The `NeuronGroup`.
    features
        Of its code.
    window
        Steps per sample.
    starts
        What sums are at the start of a sample.
    """

    def __init__(self, neurons: Any, features: Features, window: int, starts: NDArray[np.int32]) -> None:
        names = ["v", "level", *counters(features), *(["fired"] if features.keeps_time else [])]
        self._views = {name: neurons.variables[name].get_value() for name in names}
        self._window = window
        self._starts = starts
        self._step = 0
        self._x = np.zeros((0, 0), np.int32)
        self._kept: dict[str, NDArray[Any]] = {}
        self._advance: Callable[[int], object] | None = None

    def load(self, x: NDArray[np.int32], advance: Callable[[int], object] | None = None) -> None:
        """Lay out samples (n, inputs); `advance` is told how many are done."""
        self._x, self._step, self._advance = x, 0, advance
        self._kept = {n: np.empty((len(x), v.size - x.shape[1]), v.dtype) for n, v in self._views.items()}

    def step(self) -> None:
        """One step begins."""
        sample, inside = divmod(self._step, self._window)
        self._step += 1
        if inside:
            return
        self._read(sample - 1)
        views = self._views
        for name, view in views.items():
            view[:] = -1 if name == "fired" else 0
        views["v"][:] = self._starts
        views["v"][: self._x.shape[1]] = self._x[sample]

    def finish(self) -> RawSamples:
        """What all samples left behind; the last one is read now."""
        self._read(len(self._x) - 1)
        kept, self._kept = self._kept, {}
        return kept

    def _read(self, sample: int) -> None:
        if sample < 0:
            return
        for name, view in self._views.items():
            self._kept[name][sample] = view[self._x.shape[1] :]
        if self._advance is not None:
            self._advance(1)
