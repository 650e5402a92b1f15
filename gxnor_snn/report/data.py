"""What a report is made of."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..results import Bill, Counts

if TYPE_CHECKING:
    from gxnor_hardware.operations import OperationPrices

__all__ = ["ReportData"]


@dataclass(frozen=True)
class ReportData:
    """Everything `write_report` puts on the page.

    Attributes
    ----------
    title
        Heading of the page.
    summary
        (label, value) rows, as text.
    counts
        Counts of the run, per sample or summed.
    bills
        One bill per device.
    certificate
        ``Certificate.to_dict()`` of the comparison with the trained model (``n_samples``, ``engine``,
        ``compared``, ``differing``, ``samples_differing``), or None where none was made.
    figures
        PNG bytes, or the path of a PNG file, by caption. Alternative texts come from the ``Description`` field
        that `gxnor_snn.plots.save_figure` writes.
    provenance
        Seed, versions, command, machine: text by label.
    files
        (name, what it holds) of the files that belong to the run.
    operations
        The networks of the papers side by side, or None.
    """

    title: str
    summary: Sequence[tuple[str, str]]
    counts: Counts
    bills: Sequence[Bill] = ()
    certificate: Mapping[str, Any] | None = None
    figures: Mapping[str, bytes | str | os.PathLike[str]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[tuple[str, str]] = ()
    operations: "OperationPrices | None" = None
