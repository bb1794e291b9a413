"""The PDF: A4 pages with numbers and the text of the report, no heading alone at the foot of a page."""

from __future__ import annotations

import re
import sys
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from conftest import EMPTY
from PIL import Image

from facepersona_core.errors import PdfToolMissing
from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import read
from facepersona_core.report.export import study_files
from facepersona_core.report.html import render
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.pdf import to_pdf
from facepersona_core.report.sections import ORDER
from facepersona_core.report.words import Words

A4 = (595.28, 841.89)
PEOPLE = Path(__file__).parents[1] / "data" / "people"


LANGUAGES = ("en", "ja")
FOOT = 50.0
"""Points below which the number of the page stands."""


@pytest.fixture(scope="module")
def printed(data: ReportData, workplace: Any) -> dict[tuple[str, str], tuple[str, bytes]]:
    """HTML and PDF of a study with votes in each language, and of one that nobody has rated."""
    unrated = gather(read(study_files(workplace, EMPTY)), Parameters())
    pages = {("rated", one): render(data, one) for one in LANGUAGES} | {("unrated", "ja"): render(unrated, "ja")}
    return {key: (page, to_pdf(page)) for key, page in pages.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_text_and_numbers(data: ReportData, printed: Any, language: str) -> None:
    document = pypdfium2.PdfDocument(printed["rated", language][1])
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert 8 <= len(texts) <= 25
    assert all(page.get_size() == pytest.approx(A4, abs=0.5) for page in document)
    squeezed = ["".join(text.split()) for text in texts]
    words = Words(language)
    day = "".join(words("report.as_of", date=words.date(data.evidence.as_of)).split())
    for number, text in enumerate(squeezed, start=1):
        assert f"{number}/{len(texts)}" in text and day in text
    whole = "".join(squeezed)
    for key in ORDER:
        assert "".join(words(f"{key}.title").split()) in whole
    assert "".join(words(f"decision.{data.decision.outcome}.word").split()) in squeezed[0]


def test_no_page_ends_with_a_heading_and_no_line_inside_an_interval(printed: Any) -> None:
    for (_, language), (page, pdf) in printed.items():
        texts = [one.get_textpage().get_text_bounded(bottom=FOOT) for one in pypdfium2.PdfDocument(pdf)]
        heads = re.findall(r"(?s)<h[23]\b[^>]*>(.*?)</h[23]>", page)
        heads += re.findall(r'(?:</h2>\s*<p class="text (?:note)?"|<p class="text lead")>(.*?)</p>', page)
        titles = {"".join(unescape(re.sub(r"<[^>]*>", "", head)).split()) for head in heads}
        assert len(titles) > len(ORDER)
        for text in texts:
            assert not "".join(text.split()).endswith(tuple(titles))
            assert not [line for line in text.splitlines() if re.search(r"\d%?–$", line)]
        assert Words(language)("report.contents") in texts[1].splitlines(), "the summary fits on the first page"


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
