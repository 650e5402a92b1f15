"""Ctrl-C: exit code 130, one line, and no file that is not whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMANDS = {
    "train": lambda work, out: ("--data", work.data, "--model", "mlp", "--recipe", work.recipe, "--out", out),
    "convert": lambda work, out: (work.checkpoint, "--out", out),
    "simulate": lambda work, out: (work.graph, "--data", work.data, "--out", out),
    "price": lambda work, out: (work.counts, "--out", out),
    "plot": lambda work, out: (work.graph, "--data", work.data, "--out", out.parent),
    "report": lambda work, out: (work.graph, "--data", work.data, "--out", out),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 2)]
)
def test_while_a_result_is_being_written(command, error, code, work, tmp_path, monkeypatch, refused) -> None:
    out = tmp_path / "sparsity.png"  # a name that plot writes too
    out.write_text("what stood here before")

    def stop(self: Path, mode: int) -> None:
        assert self.stat().st_size > 0
        raise error

    monkeypatch.setattr(Path, "chmod", stop)  # the last step before a finished file gets its name
    refused(command, *COMMANDS[command](work, out), "--quiet", code=code)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text() == "what stood here before"


def test_in_the_middle_of_an_archive(work, tmp_path, monkeypatch, refused) -> None:
    import numpy as np

    def half(file, **arrays: object) -> None:
        file.write(b"PK half an archive")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", half)
    words = ("--data", work.data, "--out", tmp_path / "t.npz")
    assert refused("simulate", work.graph, *words, code=130) == "gxnor: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_a_real_signal_during_training(tmp_path) -> None:
    code = "from gxnor_snn.cli import main; main()"
    words = ["demo", "--epochs", "100000", "--out", str(tmp_path / "demo")]
    running = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {code}",
            *words,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline().startswith("training lenet on digits")
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert (running.returncode, stderr) == (130, "gxnor: interrupted\n")
    assert list((tmp_path / "demo").iterdir()) == []
