"""The progress bar of a training run."""

import contextlib
from collections.abc import Callable, Iterator

from .history import EpochRecord

__all__ = ["progress_bar"]


@contextlib.contextmanager
def progress_bar(epochs: int, *, shown: bool, done: int = 0) -> Iterator[Callable[[EpochRecord], None]]:
    """Yield a function that takes each epoch's record; it draws on the terminal if `shown`, else does nothing.

    Parameters
    ----------
    epochs, done
        All epochs of the run, and those that are done already.
    shown
        Whether to draw.
    """
    if not shown:
        yield lambda record: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=epochs, completed=done, figures="")
        yield lambda record: progress.update(task, advance=1, figures=_figures(record))


def _figures(record: EpochRecord) -> str:
    """Accuracy, zeros and flips of an epoch in a few words."""
    accuracy, name = record.validation_accuracy, "validation"
    if accuracy is None:
        accuracy, name = record.train_accuracy, "train"
    figures = f"{name} {100 * accuracy:.1f} %"
    if record.zero_fraction is None:
        return figures
    return f"{figures}  zeros {100 * record.zero_fraction:.0f} %  flips {record.flips:,}"
