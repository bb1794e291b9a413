"""The decision report on the Results tab: a card with two buttons and the prices, and the route that answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from facepersona_core.errors import FacePersonaError, RequestInvalid, UnknownStudy
from facepersona_core.report.roi import NUMBERS, Assumptions
from facepersona_core.report.words import Words
from ui.html import escape, icon
from ui.i18n import LANGUAGES, text
from ui.messages import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from ui.context import AppContext

MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
PLAIN = "text/plain; charset=utf-8"


def build(context: AppContext, study: Any) -> None:
    """The card; it follows the dropdown ``study`` and the language alone. ``app.js`` keeps what was typed into it."""
    import gradio as gr

    live = context.live
    card = gr.HTML(elem_id="fp-report")

    def draw(language: str, chosen: str | None) -> str:
        return form(chosen, language) if chosen else ""

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    study.change(draw, [live.language, study], card, **quiet)
    live.on_change(draw, [study], card)
    live.on_load(draw, [study], card)


def form(study: str, language: str) -> str:
    """Two buttons, and the assumptions to fill in; a field left empty keeps its placeholder."""
    words, defaults = Words(language), Assumptions()
    fields = "".join(
        _field(
            name, words(f"roi.assumption.{name}"), f"{getattr(defaults, name):g}", 'type="number" min="0" step="any"'
        )
        for name in NUMBERS
    )
    fields += _field("currency", text("results.report.currency", language), defaults.currency, 'maxlength="8" size="6"')
    title, lead, prices = (escape(text(f"results.report.{key}", language)) for key in ("title", "lead", "prices"))
    buttons = "".join(
        f'<button class="fp-download" formaction="reports/{quote(study, safe="")}/{kind}">{icon("download")}'
        f"{escape(text(f'results.report.{kind}', language))}</button>"
        for kind in MEDIA
    )
    return (
        f'<form class="fp-card fp-report" method="get" target="_blank"><div><h3 class="fp-title">{title}</h3>'
        f'<p class="fp-hint">{lead}</p></div><div class="fp-report-buttons">{buttons}</div>'
        f'<input type="hidden" name="lang" value="{escape(language)}">'
        f'<details><summary>{prices}</summary><div class="fp-report-fields">{fields}</div></details></form>'
    )


def add_routes(api: FastAPI, context: AppContext, prefix: str = "") -> None:
    """The report as a file: ``/reports/{study}/html`` and ``/reports/{study}/pdf``, prices in the query."""
    from fastapi.responses import Response

    def report(request: Any) -> Response:
        query = dict(request.query_params)
        language = query.pop("lang", "en")
        kind = request.path_params["kind"]
        if kind not in MEDIA or language not in LANGUAGES:
            return Response(status_code=404)
        try:
            made = _make(context, request.path_params["study"], kind, language, query)
        except UnknownStudy:
            return Response(status_code=404)
        except FacePersonaError as error:
            return Response(error.text(language), status_code=422, media_type=PLAIN)
        except Exception as error:
            return Response(explain(error, language), status_code=500, media_type=PLAIN)
        name = f'attachment; filename="decision-report.{kind}"'
        headers = {"content-disposition": name, "cache-control": "private, no-store"}
        return Response(made, media_type=MEDIA[kind], headers=headers)

    api.add_route(prefix + "/reports/{study:path}/{kind}", report, include_in_schema=False)


def _make(context: AppContext, study: str, kind: str, language: str, query: Mapping[str, str]) -> bytes:
    from facepersona_core.report.data import gather
    from facepersona_core.report.evidence import read
    from facepersona_core.report.export import study_files
    from facepersona_core.report.make import KINDS
    from facepersona_core.report.parameters import parameters

    given = {name: _value(name, value) for name, value in query.items() if value.strip()}
    data = gather(read(study_files(context, study)), parameters({"roi": given}))
    return KINDS[f".{kind}"](data, language)


def _value(name: str, given: str) -> float | str:
    if name not in NUMBERS:
        return given.strip()
    try:
        return float(given)
    except ValueError as error:
        raise RequestInvalid(name=name, seen=f'"{given}"', expected=">= 0") from error


def _field(name: str, label: str, default: str, kind: str) -> str:
    return f'<label>{escape(label)}<input name="{name}" placeholder="{escape(default)}" {kind}></label>'
