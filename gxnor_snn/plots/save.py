"""Figures as PNG: as bytes, or as a file that is whole or absent."""

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..files import write_bytes
from .style import description

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["figure_png", "save_figure"]


def figure_png(draw: "Callable[[], Axes]", dpi: int = 220) -> bytes:
    """Draw and render to PNG bytes, without a display and without pyplot.

    Parameters
    ----------
    draw
        Makes a figure and returns its axes, for example ``lambda: sparsity_per_layer(counts)``.
    dpi
        Pixels per inch.

    Returns
    -------
    bytes
        A PNG that holds every label whole. The sentence that describes the figure stands in its standard
        ``Description`` field, where the report finds it as alternative text.
    """
    ax = draw()
    buffer = io.BytesIO()
    # No software version in the file: the same figure gives the same bytes.
    metadata = {"Description": description(ax), "Software": None}
    # A subfigure cannot save itself; the canvas knows the whole figure.
    ax.figure.canvas.figure.savefig(
        buffer, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.08, metadata=metadata
    )
    return buffer.getvalue()


def save_figure(path: str | os.PathLike[str], draw: "Callable[[], Axes]", dpi: int = 220) -> None:
    """Write what `figure_png` renders to `path`, atomically.

    Raises
    ------
    InputError
        If the folder of `path` cannot be written.
    """
    write_bytes(path, figure_png(draw, dpi))
