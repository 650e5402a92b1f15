"""One self-contained HTML page about one run."""

import os
from importlib import resources

from ..files import write_bytes
from ..plots.units import count, engineering, square_millimetres
from ..results import indistinguishable
from . import tables
from .data import ReportData
from .operations import operation_tables
from .png import read_figure

__all__ = ["render_report", "write_report"]

_GRADES = (
    ("A", "read in the primary text or source file"),
    ("B", "transcribed with quote and page by a third party"),
    ("C", "secondary mention without a quote"),
    ("D", "derived, arithmetic shown"),
    ("M", "from memory, unverified"),
)


def render_report(data: ReportData) -> str:
    """The page as text: figures inlined, style inside, no script, nothing fetched.

    Every text of `data` is escaped. The page forbids the browser to load anything but its inlined figures.

    Raises
    ------
    InputError
        If a figure is no PNG or the certificate lacks an entry.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "count": count,
        "engineering": engineering,
        "square_millimetres": square_millimetres,
        "programming": tables.programming_text,
    }
    template = environment.from_string(
        resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    names = {bill.profile: bill.display for bill in data.bills}
    certificate = data.certificate
    return template.render(
        data=data,
        certificate=certificate,
        exactness=None if certificate is None else tables.exactness_table(certificate),
        figures=[read_figure(caption, source) for caption, source in data.figures.items()],
        layers=tables.layer_table(data.counts),
        exact=tables.exact_table(data.counts),
        populations=tables.population_table(data.counts),
        pricing=tables.pricing_table(data.bills),
        bills=[(bill, tables.term_table(bill), tables.largest_first(bill)) for bill in data.bills],
        overlapping=[(names[a], names[b]) for a, b in indistinguishable(data.bills)],
        grades=_GRADES,
        operations=() if data.operations is None else operation_tables(data.operations),
    )


def write_report(path: str | os.PathLike[str], data: ReportData) -> None:
    """Write the report of one run to `path`, atomically; see `render_report`.

    Parameters
    ----------
    path
        The HTML file; an existing one is replaced once the new one is whole.
    data
        What to report.

    Raises
    ------
    InputError
        If a figure is no PNG, the certificate lacks an entry, or the folder of `path` cannot be written.
    """
    write_bytes(path, render_report(data).encode("utf-8"))
