"""Child processes end with their task."""

import sys
import threading
import time

import pytest

from gxnor_sims.brian2.processes import Children
from gxnor_snn.errors import EngineError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_command_that_fails_says_why() -> None:
    code = "import sys; sys.stderr.write('one\\ntwo\\n'); sys.exit(3)"
    with pytest.raises(EngineError, match=r"the trial failed with code 3: one \| two"):
        Children().run([sys.executable, "-c", code], "the trial")
    Children().run([sys.executable, "-c", "pass"], "the trial")


def test_kill_ends_what_runs_and_lets_nothing_start() -> None:
    children = Children()
    failed: list[EngineError] = []

    def run() -> None:
        try:
            children.run(SLEEP, "sleeping")
        except EngineError as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    children.kill()
    for thread in threads:
        thread.join(timeout=20)
    assert len(failed) == 2
    assert time.monotonic() - started < 20
    with pytest.raises(EngineError, match="called off"):
        children.run(SLEEP, "sleeping")


def test_an_interrupt_while_waiting_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    seen: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen.wait

    def wait(self: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if not seen:
            seen.append(self)
            raise KeyboardInterrupt
        return real(self, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        Children().run(SLEEP, "sleeping")
    assert seen[0].returncode is not None
