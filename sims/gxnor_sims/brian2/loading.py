"""Brian2 without its traces: importing and using it leaves the process as it was.

Importing Brian2 replaces `sys.excepthook`, the handler of Ctrl-C and the way warnings are shown; using it depends
on process-wide preferences and on an active device. Nothing of that outlives what stands here.
"""

import logging
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gxnor_snn.errors import EngineError, MissingDependencyError

__all__ = ["load_brian2", "quiet", "session"]

_INSTALL = 'pip install "gxnor-snn[brian2]"'
_lock = threading.RLock()

_EXPECTED = {
    # the larger of two levels stays at a pool's synapse, in whatever order they arrive; Brian2 cannot know that
    "brian2.codegen.generators.base": "may not be well-defined",
    # and numpy has no scatter for it, so that those few synapses run one by one
    "brian2.codegen.generators.numpy_generator": "Failed to vectorise code",
}


def load_brian2() -> Any:
    """The module `brian2`, imported at first use.

    Raises
    ------
    MissingDependencyError
        If it is not installed, or does not work with the numpy that is.
    EngineError
        If it is to be imported for the first time outside the main thread, which Python's signals do not allow.
    """
    if "brian2" in sys.modules:
        return sys.modules["brian2"]
    if threading.current_thread() is not threading.main_thread():
        raise EngineError("engine 'brian2': import brian2 in the main thread before it is used in another one")
    hook, interrupt, shown = sys.excepthook, signal.getsignal(signal.SIGINT), warnings.showwarning
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Brian2's own dependencies
            try:
                import brian2
            except ImportError as error:
                raise MissingDependencyError(
                    f"engine 'brian2' needs brian2, not installed here: {_INSTALL}"
                ) from error
            except AttributeError as error:  # brian2 2.9 reads names that numpy 2.4 took away
                raise MissingDependencyError(
                    f"engine 'brian2': brian2 does not work with the numpy installed here ({error}): {_INSTALL}"
                ) from error
            if warnings.showwarning is not shown:
                logging.captureWarnings(False)
    finally:
        sys.excepthook = hook
        if interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)
    return brian2


class _Expected(logging.Filter):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def filter(self, record: logging.LogRecord) -> bool:
        return self._text not in record.getMessage()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep off screen what Brian2 says of code that it cannot know to be right, and what its dependencies say."""
    filters = [(logging.getLogger(name), _Expected(text)) for name, text in _EXPECTED.items()]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # Brian2 calls pyparsing by its old names
        for logger, expected in filters:
            logger.addFilter(expected)
        try:
            yield
        finally:
            for logger, expected in filters:
                logger.removeFilter(expected)


@contextmanager
def session(target: str | None = None) -> Iterator[Any]:
    """Use Brian2 on its runtime device; preferences, device and filters are put back at the end.

    Objects that name no target of their own get the one given; None leaves that to the user's preferences.

    One session runs at a time. Ctrl-C raises `KeyboardInterrupt` inside, where Brian2 by itself would end a run
    early and go on.
    """
    with _lock, quiet():
        brian2 = load_brian2()
        from brian2.devices.device import get_device, reset_device, runtime_device, set_device

        preferences = brian2.prefs
        stops, target_before = preferences.core.stop_on_keyboard_interrupt, preferences.codegen.target
        elsewhere = get_device() is not runtime_device
        try:
            preferences.core.stop_on_keyboard_interrupt = False
            preferences.codegen.target = target or target_before
            if elsewhere:
                set_device("runtime")
            yield brian2
        finally:
            brian2.Network._globally_running = False  # stays set where a run is interrupted
            if elsewhere:
                reset_device()
            preferences.core.stop_on_keyboard_interrupt = stops
            preferences.codegen.target = target_before
