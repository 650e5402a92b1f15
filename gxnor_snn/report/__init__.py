"""The report: one HTML page that holds the figures and tables of one run and needs nothing else."""

from .data import ReportData
from .write import render_report, write_report

__all__ = ["ReportData", "render_report", "write_report"]
