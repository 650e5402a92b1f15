"""Child processes that never outlive their task: whatever ends it, Ctrl-C included, ends them."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from gxnor_snn.errors import EngineError

__all__ = ["Children"]

_LAST_LINES = 5


class Children:
    """Runs commands and keeps track of those that are under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._killed = False

    def run(self, command: Sequence[str], what: str, cwd: Path | None = None) -> None:
        """Run a command to its end; may be called from several threads.

        Raises
        ------
        EngineError
            Saying `what` failed, with the last lines of its output.
        """
        # one order of sets in every process: Brian2 writes the same text for the same network
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"}
        # Python finds there what it finds here, and nothing that happens to lie in the folder it is started in
        environment |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)}
        with tempfile.TemporaryFile() as output:
            with self._lock:
                if self._killed:
                    raise EngineError(f"engine 'brian2': {what} was called off")
                try:
                    child = subprocess.Popen(
                        command, cwd=cwd, stdout=output, stderr=output, env=environment, start_new_session=True
                    )
                except OSError as error:
                    raise EngineError(f"engine 'brian2': {what} could not start: {error}") from error
                self._running.add(child)
            try:
                code = child.wait()
            except BaseException:
                _end(child)
                child.wait()
                raise
            finally:
                with self._lock:
                    self._running.discard(child)
            if code:
                output.seek(0)
                lines = output.read().decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
                raise EngineError(f"engine 'brian2': {what} failed with code {code}: {' | '.join(lines)}")

    def kill(self) -> None:
        """End all that runs; nothing starts any more until `reset`."""
        with self._lock:
            self._killed = True
            for child in self._running:
                _end(child)

    def reset(self) -> None:
        """Commands may start again."""
        with self._lock:
            self._killed = False


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child with the processes that it started, as make starts compilers; its session is theirs."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
