"""What a training run recorded."""

import csv
import dataclasses
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gxnor_snn.arguments import check_kind
from gxnor_snn.files import write_bytes

__all__ = ["EpochRecord", "History", "write_records"]


@dataclass(frozen=True)
class EpochRecord:
    """One pass over the training part.

    Attributes
    ----------
    epoch
        From 1.
    lr
        Learning rate of the weights at the last step.
    loss, train_accuracy
        Means over the samples of the epoch, as they were trained on.
    validation_accuracy
        After the epoch, in eval mode; None without held-out samples.
    zero_fraction
        Share of discrete weights that are zero after the epoch; None without discrete weights.
    flips
        Weights that changed their level, summed over the steps of the epoch.
    """

    epoch: int
    lr: float
    loss: float
    train_accuracy: float
    validation_accuracy: float | None
    zero_fraction: float | None
    flips: int


@dataclass(frozen=True)
class History:
    """The course of one training run.

    Attributes
    ----------
    epochs
        One record per epoch.
    selected
        The epoch (from 1) whose weights the model has.
    seconds
        Wall time.
    """

    epochs: tuple[EpochRecord, ...]
    selected: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The same as plain JSON-able values."""
        return {
            "epochs": [dataclasses.asdict(record) for record in self.epochs],
            "selected": self.selected,
            "seconds": self.seconds,
        }

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line per epoch, with a header line, atomically."""
        write_records(path, self.epochs)


def write_records(path: str | os.PathLike[str], records: Iterable[EpochRecord]) -> None:
    """Write a CSV file of one line per record, with a header line, atomically.

    Raises
    ------
    InputError
        If the path is none, or the file cannot be written.
    """
    check_kind("history: path", path, str, os.PathLike)
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in dataclasses.fields(EpochRecord)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(dataclasses.asdict(record) for record in records)
    write_bytes(path, text.getvalue().encode())
