"""Lays the report out as one HTML file: no script, no request to anywhere, the same bytes for the same evidence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from facepersona_core.report.data import ReportData
from facepersona_core.report.sections import sections
from facepersona_core.report.sections.summary import summary
from facepersona_core.report.view import View
from facepersona_core.report.words import Words

if TYPE_CHECKING:
    from jinja2 import Environment


def render(data: ReportData, language: str) -> str:
    """The report in ``language`` ("en" or "ja")."""
    view = View(data, Words(language))
    page = _environment().get_template("report.html")
    return page.render(words=view.words, summary=summary(view), sections=sections(view), language=language)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("facepersona_core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.tests["block"] = lambda value, name: type(value).__name__ == name
    return environment
