"""The report as a file of either kind."""

from __future__ import annotations

from collections.abc import Callable

from facepersona_core.report.data import ReportData
from facepersona_core.report.html import render
from facepersona_core.report.pdf import to_pdf


def html_file(data: ReportData, language: str) -> bytes:
    """The report in ``language`` as one HTML file."""
    return render(data, language).encode()


def pdf_file(data: ReportData, language: str) -> bytes:
    """The report in ``language`` as a PDF file. Raises PdfToolMissing."""
    return to_pdf(render(data, language))


KINDS: dict[str, Callable[[ReportData, str], bytes]] = {".html": html_file, ".pdf": pdf_file}
"""File suffix to maker."""
