"""The figures of a run, drawn once for whoever writes them: a folder of PNG files or a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gxnor_snn.files import write_bytes
from gxnor_snn.graph import EventGraph
from gxnor_snn.plots import energy_by_term, event_raster, figure_png, gating_funnel, sparsity_per_layer
from gxnor_snn.results import Bill, Counts, EventTrace

__all__ = ["Figure", "draw_figures", "write_figures"]


@dataclass(frozen=True)
class Figure:
    """One drawn figure.

    Attributes
    ----------
    stem
        Its file name without ``.png``.
    title
        Its caption.
    png
        The picture.
    """

    stem: str
    title: str
    png: bytes


def draw_figures(
    graph: EventGraph, counts: Counts, one: EventTrace, sample: int = 0, bills: Sequence[Bill] = ()
) -> list[Figure]:
    """Draw sparsity, gating, the events of one sample and, where there are bills, energy by term.

    Parameters
    ----------
    graph
        The graph that ran.
    counts
        Of all samples.
    one
        A trace of the one sample of the raster, with every population recorded.
    sample
        Its number in the data, for the caption.
    bills
        One per target.
    """
    caption = f"Events of sample {sample}"
    drawn = [
        Figure("sparsity", "Activation sparsity per layer", figure_png(lambda: sparsity_per_layer(counts))),
        Figure(
            "gating",
            "Synapses per layer: dense, weight-gated, both-gated",
            figure_png(lambda: gating_funnel(counts)),
        ),
        Figure("raster", caption, figure_png(lambda: event_raster(graph, one, title=caption))),
    ]
    if bills:
        drawn.insert(2, Figure("energy", "Energy by term and target", figure_png(lambda: energy_by_term(bills))))
    return drawn


def write_figures(folder: Path, figures: Sequence[Figure]) -> list[Path]:
    """Write each figure as ``STEM.png`` into `folder` and return the paths."""
    paths = [folder / f"{figure.stem}.png" for figure in figures]
    for path, figure in zip(paths, figures, strict=True):
        write_bytes(path, figure.png)
    return paths
