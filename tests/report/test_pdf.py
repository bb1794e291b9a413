"""The PDF: A4 pages with numbers and the text of the report, no heading alone at the foot of a page."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from facepersona_core.errors import PdfToolMissing
from facepersona_core.report.data import ReportData
from facepersona_core.report.html import render
from facepersona_core.report.pdf import to_pdf
from facepersona_core.report.sections import ORDER
from facepersona_core.report.words import Words

A4 = (595.28, 841.89)
PEOPLE = Path(__file__).parents[1] / "data" / "people"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_text_and_numbers(data: ReportData, language: str) -> None:
    document = pypdfium2.PdfDocument(to_pdf(render(data, language)))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert 8 <= len(texts) <= 25
    assert all(page.get_size() == pytest.approx(A4, abs=0.5) for page in document)
    squeezed = ["".join(text.split()) for text in texts]
    for number, text in enumerate(squeezed, start=1):
        assert f"{number}/{len(texts)}" in text
    words = Words(language)
    whole = "".join(squeezed)
    for key in ORDER:
        assert "".join(words(f"{key}.title").split()) in whole
    assert "".join(words(f"decision.{data.decision.outcome}.word").split()) in squeezed[0]
    for number, text in enumerate(squeezed):
        foot = text.removesuffix(f"{number + 1}/{len(texts)}")
        assert not any(foot.endswith("".join(words(f"{key}.title").split())) for key in ORDER)


def test_the_same_page_gives_the_same_file() -> None:
    page = "<!doctype html><meta name=dcterms.created content=2026-01-01><title>x</title><h1>同じ</h1>"
    assert to_pdf(page) == to_pdf(page)


def test_nothing_is_fetched() -> None:
    page = '<img src="file:///etc/hostname"><img src="http://127.0.0.1:9/x.png"><p>here</p>'
    assert len(pypdfium2.PdfDocument(to_pdf(page))) == 1


def test_a_missing_tool_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PdfToolMissing, match=r"apt-get install libpango-1\.0-0") as raised:
        to_pdf("<p>x</p>")
    assert "fonts-noto-cjk" in raised.value.text("ja")


def test_making_a_pdf_leaves_uploads_as_strict_as_they_were() -> None:
    to_pdf("<!doctype html><title>x</title><p>x")
    data = (PEOPLE / "990000" / "00.png").read_bytes()
    with pytest.raises(OSError, match=r"truncated|broken"), Image.open(BytesIO(data[: len(data) // 2])) as picture:
        picture.load()
