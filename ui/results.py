"""The Results tab: who wins, how sure that is, and how good the votes are; it follows the votes while they come in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from facepersona_core.errors import UnknownStudy
from facepersona_core.export import to_csv, to_parquet
from ui import report, results_data, results_deep, results_figures, results_raters, results_views
from ui.html import escape
from ui.i18n import text
from ui.rate import refresh_choices, study_choices
from ui.results_figures import View

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ui.context import AppContext
    from ui.results_data import Votes

REFRESH_SECONDS = 4.0
FIGURES = (
    "rank_identity",
    "rank_text",
    "trade_human",
    "trade_machine",
    "win_identity",
    "win_text",
    "acceptable",
    "over_time",
)
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
LIVE = 8 + len(FIGURES)
"""How many parts follow the votes; those of `results_deep` come after them."""


def build(context: AppContext) -> None:
    """Fill the tab."""
    import gradio as gr

    live = context.live
    first = next(iter(context.studies.list()), None)
    with gr.Row(elem_id="fp-results-head"):
        study = gr.Dropdown(
            study_choices(context, live.first), value=first.name if first else None, elem_id="fp-results-study"
        )
        live.bind(study, label="rate.study")
        live.bind_with(study, lambda language: {"choices": study_choices(context, language)})
        exports = gr.HTML()
    report.build(context, study)
    status = gr.HTML(_notice(text("results.loading", live.first)))
    with gr.Column(visible=False) as top:
        summary = gr.HTML(elem_id="fp-summary")
        glance = gr.HTML()
        shown = _plots(("rank_identity", "rank_text"))
    trade = _plots(("trade_human", "trade_machine"))
    with gr.Column(visible=False) as rest:
        more = _plots(("win_identity", "win_text", "acceptable", "over_time"))
        agreement = gr.HTML()
        raters = gr.HTML()
        deep = results_deep.build(context)
    seen = gr.State("")
    figures = {**shown, **trade, **more}
    live_parts = [status, exports, top, rest, summary, glance, agreement, raters, *(figures[key] for key in FIGURES)]
    outputs = [seen, *live_parts, *deep.shown]
    draw = partial(_draw, context)
    timer = gr.Timer(REFRESH_SECONDS)
    timer.tick(draw, [live.language, study, seen], outputs, queue=False, **_QUIET)
    study.change(draw, [live.language, study, seen], outputs, queue=False, **_QUIET)
    refresh_choices(context, study)
    done = results_deep.wire(context, deep, study)
    done.then(draw, [live.language, study, seen], outputs, queue=False, **_QUIET)
    live.on_change(draw, [study, seen], outputs)
    live.on_load(draw, [study, seen], outputs)


def add_routes(api: FastAPI, context: AppContext, prefix: str = "") -> None:
    """The tables of a study as files below ``prefix``: ``/exports/{study}/votes.csv`` and so on."""
    from fastapi.responses import Response

    kinds = {"csv": (to_csv, "text/csv; charset=utf-8"), "parquet": (to_parquet, "application/vnd.apache.parquet")}

    def export(request: Any) -> Response:
        table, _, kind = request.path_params["file"].partition(".")
        try:
            study = context.studies.get(request.path_params["study"])
        except UnknownStudy:
            return Response(status_code=404)
        if table not in ("votes", "scores") or kind not in kinds:
            return Response(status_code=404)
        rows = context.ratings.votes(study.id) if table == "votes" else results_data.scores(context, study)
        write, media = kinds[kind]
        name = f'attachment; filename="{table}.{kind}"'
        headers = {"content-disposition": name, "cache-control": "private, no-store"}
        return Response(write(rows), media_type=media, headers=headers)

    report.add_routes(api, context, prefix)
    api.add_route(prefix + "/exports/{study:path}/{file}", export, include_in_schema=False)


def _plots(keys: tuple[str, ...]) -> dict[str, Any]:
    """Plots two a row."""
    import gradio as gr

    made: dict[str, Any] = {}
    for pair in zip(keys[::2], keys[1::2], strict=True):
        with gr.Row(elem_classes="fp-plots"):
            for key in pair:
                looks = {"elem_classes": "fp-card fp-plot", "elem_id": f"fp-{key}"}
                made[key] = gr.Plot(show_label=False, container=False, visible=False, **looks)
    return made


def _draw(context: AppContext, language: str, chosen: str | None, seen: str) -> list[Any]:
    """Everything below the study's name; nothing at all when neither votes nor language changed since ``seen``.

    ``seen``: what the page shows, a line for the parts that follow the votes and one for the deep analysis."""
    import gradio as gr

    live_seen, _, deep_seen = seen.partition("\n")
    try:
        votes = results_data.votes_of(context, chosen) if chosen else None
    except UnknownStudy as error:  # discarded since it was chosen
        return ["", *_nothing(error.text(language))]
    if votes is None:
        return ["", *_nothing(text("results.no_study", language))]
    live_now = f"{votes.fingerprint}/{language}"
    deep_now = results_deep.state(votes, language)
    if (live_now, deep_now) == (live_seen, deep_seen):
        return [gr.skip()] * (1 + LIVE + results_deep.PARTS)
    live = _live(_view(context, votes, language)) if live_now != live_seen else [gr.skip()] * LIVE
    deep = results_deep.draw(votes, language) if deep_now != deep_seen else [gr.skip()] * results_deep.PARTS
    return [f"{live_now}\n{deep_now}", *live, *deep]


def _nothing(why: str) -> list[Any]:
    """The tab without a study, but for the state."""
    import gradio as gr

    hidden = [gr.update(visible=False)] * 2
    figures = [gr.update(visible=False)] * len(FIGURES)
    return [_notice(why), "", *hidden, "", "", "", "", *figures, *[gr.skip()] * results_deep.PARTS]


def _live(view: View) -> list[Any]:
    """The parts that follow the votes."""
    import gradio as gr

    analysis, language = view.analysis, view.language
    some = analysis.comparisons > 0
    return [
        "" if some else results_views.empty(language),
        results_views.downloads(view.study.name, language),
        gr.Column(visible=some),
        gr.Column(visible=some),
        results_views.summary(analysis, view.planned, view.name, language) if some else "",
        results_views.glance(analysis, view.study.plan.methods, view.name, language),
        results_raters.agreement(analysis, language),
        results_raters.raters(analysis.rater_reports, view.practice, language),
        *_figures(view, some),
    ]


def _figures(view: View, some: bool) -> list[Any]:
    """An update of every plot, in the order of `FIGURES`; before the first vote only what machines measured shows."""
    import gradio as gr

    if not some:
        machine = view.analysis.machine is not None
        return [
            gr.Plot(results_figures.trade_machine(view), visible=True)
            if key == "trade_machine" and machine
            else gr.Plot(visible=False)
            for key in FIGURES
        ]
    made = (
        results_figures.ranking(view, "identity"),
        results_figures.ranking(view, "text"),
        results_figures.trade_human(view),
        results_figures.trade_machine(view),
        results_figures.win_rates(view, "identity"),
        results_figures.win_rates(view, "text"),
        results_figures.acceptable(view),
        results_figures.over_time(view),
    )
    return [gr.Plot(figure, visible=True) for figure in made]


def _notice(words: str) -> str:
    return f'<div class="fp-empty" role="status">{escape(words)}</div>'


def _view(context: AppContext, votes: Votes, language: str) -> View:
    """``votes``, analysed, for a reader of ``language``."""
    study = votes.study
    planned = context.studies.pairs_for_people(study.id) * study.plan.overlap
    practice = context.ratings.practice(study.id)
    return View(study, results_data.quick(context, votes), language, planned, practice)
