import sys
from pathlib import Path

import pytest

from gxnor_snn.errors import MissingDependencyError
from gxnor_snn.train import EpochRecord, TensorBoardLog


def record(epoch: int, loss: float) -> EpochRecord:
    return EpochRecord(epoch, 0.1, loss, 0.5, None, 0.25, 7)


def test_each_epoch_is_there_and_a_resumed_run_goes_on(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with TensorBoardLog(tmp_path) as log:
        for epoch in (1, 2, 3):
            log(record(epoch, 1 / epoch))
    with TensorBoardLog(tmp_path) as log:  # the run was killed in epoch 3 and goes on after epoch 2
        log(record(3, 5.0))
    events = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(events.Tags()["scalars"]) == ["flips", "loss", "lr", "train_accuracy", "zero_fraction"]
    loss = {event.step: event.value for event in events.Scalars("loss")}
    assert loss == {1: 1.0, 2: 0.5, 3: 5.0}


def test_nothing_is_written_without_an_epoch(tmp_path: Path) -> None:
    with TensorBoardLog(tmp_path / "log"):
        pass
    assert not (tmp_path / "log").exists()


def test_without_tensorboard_the_install_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'gxnor-snn\[tensorboard\]'"):
        TensorBoardLog(tmp_path)
