"""Programs that are killed or told to stop leave a state from which the run goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import GxnorError
from gxnor_snn.train import History, fit

from .resuming import RECIPE, alike, few, net, progress

PROGRAM = """
import sys, time
import torch
torch.set_num_threads(1)
from tests.gxnor_snn.train.test_stopping import SLOW, few, net
from gxnor_snn.train import fit
fit(net(), few(), SLOW, checkpoint=sys.argv[1], on_epoch=lambda record: time.sleep(0.5))
"""
SLOW = RECIPE.replace(epochs=10)


def start(file: Path) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[3]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(root)])}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file)], cwd=root, env=env, stderr=subprocess.PIPE, text=True
    )


def wait_for(file: Path, running: "subprocess.Popen[str]") -> None:
    """Until the file holds at least two epochs; it is whole at any time."""
    for _ in range(1200):
        if file.exists() and progress(file)["place"]["epochs"] >= 2:
            return
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.05)
    pytest.fail("no state was written")


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    """By each of three signals; three programs at once, since they mostly wait."""
    files = {n: tmp_path / f"{n}.safetensors" for n in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)}
    programs = {number: start(file) for number, file in files.items()}
    whole = net()
    history = fit(whole, few(), SLOW)
    for number, running in programs.items():
        wait_for(files[number], running)
        running.send_signal(number)
        _, stderr = running.communicate(timeout=60)
        assert running.returncode == -number, stderr
    for file in files.values():
        assert 2 <= progress(file)["place"]["epochs"] < SLOW.epochs
        model = net()
        resumed = fit(model, few(), SLOW, checkpoint=file, resume=True)
        assert resumed.epochs == history.epochs
        assert alike(model, whole)


@pytest.mark.parametrize("step", [0, 3, 5])
def test_a_signal_takes_effect_between_two_steps(data: Dataset, file: Path, step: int) -> None:
    """The state is of that very step, in the middle of an epoch."""
    seen: list[nn.Module] = []

    def note(module: nn.Module, inputs: object) -> None:
        seen.extend([module] * module.training)
        if module.training and len(seen) == 6 + step + 1:
            signal.raise_signal(signal.SIGINT)

    whole, model = net(), net()
    history = fit(whole, data, RECIPE)
    model.register_forward_pre_hook(note)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, RECIPE, checkpoint=file)
    assert signal.getsignal(signal.SIGINT) is handler
    place = progress(file)["place"]
    assert (place["epochs"], place["steps"]) == ((1, step + 1) if step < 5 else (2, 0))  # 6 steps are an epoch
    other = net()
    assert fit(other, data, RECIPE, checkpoint=file, resume=True).epochs == history.epochs
    assert alike(other, whole)


def test_a_signal_that_ends_nothing_is_no_end_of_training(data: Dataset, file: Path) -> None:
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        with pytest.raises(GxnorError, match="stopped by a signal; its state is in"):
            fit(net(), data, RECIPE, checkpoint=file, on_epoch=lambda _: signal.raise_signal(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_signals_are_left_alone(data: Dataset, file: Path) -> None:
    histories: list[History] = []
    thread = threading.Thread(target=lambda: histories.append(fit(net(), data, RECIPE, checkpoint=file)))
    thread.start()
    thread.join()
    assert len(histories[0].epochs) == 4
