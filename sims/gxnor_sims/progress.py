"""Progress of a run: a bar on the terminal, or a function of the caller's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Advance", "Progress", "progress_bar"]

Advance = Callable[[int], object]
"""Told how many samples are done since the last call."""

Progress = bool | Advance
"""True shows a bar, False nothing; a function is told instead of a bar."""


@contextmanager
def progress_bar(label: str, total: int | None, progress: Progress) -> Iterator[Advance | None]:
    """What a run tells how many samples are done since the last call; None where nobody asks.

    Parameters
    ----------
    label
        Name of what runs.
    total
        Samples in all, None where nobody knows.
    progress
        As given to `gxnor_sims.simulate`.
    """
    if callable(progress):
        yield progress
        return
    if not progress:
        yield None
        return
    from rich import progress as rich

    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn())
    with rich.Progress(*columns, rich.TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, advance=done)
