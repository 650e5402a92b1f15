"""Child processes end with their task."""

import sys
import threading
import time
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    children = Children()
    note = tmp_path / "pid"
    script = f"sleep 60 & echo $! > '{note}'; wait"

    def run() -> None:
        with pytest.raises(EngineError, match="failed with code -9"):
            children.run(["sh", "-c", script], "a shell")

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    children.kill()
    thread.join(timeout=20)
    sleeper = int(note.read_text())
    while _lives(sleeper) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(sleeper)


def _lives(pid: int) -> bool:
    """Whether a process is there and has not ended; one that nobody has waited for has."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_that_cannot_start_says_why(tmp_path: Path) -> None:
    empty = tmp_path / "main"
    empty.touch(mode=0o755)
    with pytest.raises(EngineError, match=r"the trial could not start: .*Exec format"):
        Children().run([str(empty)], "the trial")


def test_python_finds_what_its_parent_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise RuntimeError('a namesake in the working folder')")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "my_delays.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "there")
    command = [sys.executable, "-c", "import json, my_delays"]
    Children().run(command, "the trial", cwd=tmp_path / "here")


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
