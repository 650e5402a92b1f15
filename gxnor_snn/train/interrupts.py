"""Signals that ask a run to stop are noted, so that it can end after a whole step."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["signals_noted"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def signals_noted(*, active: bool) -> Iterator[Callable[[], bool]]:
    """Note SIGINT and SIGTERM inside the block instead of obeying them; they take effect when it ends.

    Yields a function that says whether one has come. A second signal is obeyed at once. Outside the main thread,
    which alone may handle signals, and where not `active`, nothing is changed.
    """
    if not active or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            restore()
            signal.raise_signal(number)

    for number in _SIGNALS:
        signal.signal(number, note)
    try:
        yield lambda: bool(came)
    finally:
        restore()
        if came:
            signal.raise_signal(came[0])
