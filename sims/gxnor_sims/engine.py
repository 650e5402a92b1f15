"""The contract of an engine, and how engines are found by name.

An engine runs an event graph on a batch and returns an `EventTrace`. You must give exactly the readouts, counts
and recorded spikes that `gxnor_snn.graph.execute` defines, sample by sample; say in `supports` why a graph is not
for you; and raise `UnsupportedGraphError` when one is run all the same. `progress` is True for a bar of your own,
or a function to tell how many samples are done since its last call (`progress_bar` serves both). An attribute
``lanes``, where there is one, is the number of samples of a full block: pieces of large data sets are then whole
blocks. The suite in ``tests/conformance`` proves every engine against the reference.

Third parties register a class or factory under the entry-point group ``gxnor_snn.engines``.
"""

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any, Protocol, SupportsIndex, runtime_checkable

import numpy as np

from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from .progress import Progress

__all__ = ["ENTRY_POINT_GROUP", "Engine", "check_size", "engines", "get_engine"]

ENTRY_POINT_GROUP = "gxnor_snn.engines"


@runtime_checkable
class Engine(Protocol):
    """Runs event graphs."""

    @property
    def name(self) -> str:
        """The name that `simulate` and the command line know it by."""
        ...

    def supports(self, graph: EventGraph) -> str | None:
        """None if this engine runs the graph, else the reason why it does not."""
        ...

    def run(
        self,
        graph: EventGraph,
        x: Any,
        *,
        record: Iterable[str] = (),
        counts: str = "basic",
        batch: int | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> EventTrace:
        """Run the graph on integer levels (B, *shape); see `gxnor_sims.simulate`.

        Raises
        ------
        UnsupportedGraphError
            If `supports` gives a reason.
        InputError
            If an argument is not what the graph takes.
        """
        ...


def check_size(label: str, value: SupportsIndex | None) -> int | None:
    """A number of threads or of samples per pass as an int of at least 1; None means "choose".

    Raises
    ------
    InputError
        If it is anything else; numpy's integers are integers, bool is not.
    """
    if value is None:
        return None
    try:
        size = 0 if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        size = 0
    if size < 1:
        raise InputError(f"{label} is {value!r}, allowed is an integer of at least 1")
    return size


def _native() -> Callable[..., Engine]:
    from .native import NativeEngine

    return NativeEngine


def _reference() -> Callable[..., Engine]:
    from .reference import ReferenceEngine

    return ReferenceEngine


def _torch() -> Callable[..., Engine]:
    from .torch_engine import TorchEngine

    return TorchEngine


def _brian2() -> Callable[..., Engine]:
    from .brian2 import Brian2Engine

    return Brian2Engine


_BUILT_IN: dict[str, Callable[[], Callable[..., Engine]]] = {
    "reference": _reference,
    "native": _native,
    "torch": _torch,
    "brian2": _brian2,
}


def engines() -> tuple[str, ...]:
    """Names of all engines that can be asked for, built in and registered by other packages."""
    others = sorted(e.name for e in entry_points(group=ENTRY_POINT_GROUP) if e.name not in _BUILT_IN)
    return (*_BUILT_IN, *others)


def get_engine(engine: str | Engine, **options: Any) -> Engine:
    """The engine of that name, or the engine given.

    Parameters
    ----------
    engine
        A name of `engines`, or an engine.
    options
        Arguments of the engine of that name, as in ``get_engine("brian2", target="cython")``.

    Raises
    ------
    EngineError
        If the name is unknown, or what is registered under it is no engine.
    InputError
        If the engine has no such option, or options are given for an engine that is made already.
    """
    if not isinstance(engine, str):
        if not isinstance(engine, Engine):
            raise EngineError(f"engine is {type(engine).__name__}, allowed is a name or an object with run()")
        if options:
            raise InputError(f"engine {engine.name!r} is made already; options {', '.join(options)} come too late")
        return engine
    if engine in _BUILT_IN:
        built_in: Engine = _made(engine, _BUILT_IN[engine](), options)
        return built_in
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == engine:
            made = _made(engine, entry.load(), options)
            if not isinstance(made, Engine):
                raise EngineError(f"engine {engine!r}: {entry.value} does not make an engine")
            return made
    raise EngineError(f"unknown engine {engine!r}; allowed are {', '.join(engines())}")


def _made(name: str, make: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """What a class or factory makes of the options, after checking that it takes them."""
    if options:
        known = inspect.signature(make).parameters
        unknown = [o for o in options if o not in known]
        if unknown and not any(p.kind is p.VAR_KEYWORD for p in known.values()):
            raise InputError(
                f"engine {name!r} has no option {', '.join(map(repr, unknown))}; "
                f"allowed are {', '.join(known) or 'none'}"
            )
    return make(**options)
