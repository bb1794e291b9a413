"""The HTML report as PDF on A4 pages, by WeasyPrint; nothing is fetched from anywhere."""

from __future__ import annotations

import hashlib
import logging

from PIL import ImageFile

from facepersona_core.errors import PdfToolMissing
from facepersona_core.report.breaks import kept


def to_pdf(page: str) -> bytes:
    """``page`` (of `html.render`) as a PDF file, the same for the same page and fonts. Raises PdfToolMissing."""
    strict = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: the package is there, Pango is not
        raise PdfToolMissing(reason=str(error).splitlines()[0]) from error
    finally:  # importing WeasyPrint makes Pillow take cut-off pictures, for the whole process: uploads would pass
        ImageFile.LOAD_TRUNCATED_IMAGES = strict
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    fetcher = URLFetcher(allowed_protocols=("data",))
    written = HTML(string=kept(page), url_fetcher=fetcher).write_pdf(pdf_identifier=identifier, pdf_tags=True)
    assert written is not None
    return written
