"""The course of a run for TensorBoard, written while it goes on."""

import dataclasses
import os
from types import TracebackType
from typing import Any, Self

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import MissingDependencyError

from .history import EpochRecord

__all__ = ["TensorBoardLog"]


class TensorBoardLog:
    """Writes each epoch's record as scalars into an event file; a context that closes the file.

    An instance can be given to `fit` as `on_epoch`. When a run goes on after it was killed, what it had written
    of later epochs is discarded.

    Parameters
    ----------
    folder
        Of the event files; TensorBoard shows it with ``tensorboard --logdir FOLDER``.

    Raises
    ------
    MissingDependencyError
        If TensorBoard is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        check_kind("TensorBoardLog: folder", folder, str, os.PathLike)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingDependencyError(
                "TensorBoard is not installed; pip install 'gxnor-snn[tensorboard]'"
            ) from error
        self._open = SummaryWriter
        self._folder = os.fspath(folder)
        self._writer: Any = None

    def __call__(self, record: EpochRecord) -> None:
        """Write one epoch."""
        if self._writer is None:
            self._writer = self._open(self._folder, purge_step=record.epoch)
        for name, value in dataclasses.asdict(record).items():
            if name != "epoch" and value is not None:
                self._writer.add_scalar(name, value, record.epoch)
        self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
