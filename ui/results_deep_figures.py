"""The figures of the results in depth: one question of an analysed study in, one Plotly figure out."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from facepersona_core.analysis.intervals import Interval
from facepersona_core.palette import COLOURS, PAPER, SOFT, SOURCES
from facepersona_core.report import deep_words
from facepersona_core.report.spans import Span, of
from facepersona_core.report.words import odds_share
from ui.i18n import text
from ui.plots import Estimate, error_bar, new_figure, unavailable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from facepersona_core.analysis.deep_results import Sensitivity, Without
    from ui.results_deep_views import DeepView

OFFSETS = {"human": 0.24, "machine": 0.0, "hybrid": -0.24}
"""Where each estimate stands within the row of a method, people on top."""
SPREAD = 0.3
"""Half the height over which the changes of one kind are spread, so that equal ones can be told apart."""
WIDE = 24
"""Most letters in a line of a row's name; Japanese names are shorter."""
UPSET = COLOURS[4]
_LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 12}}


def hybrid(view: DeepView, axis: str) -> Figure:
    """The method under study against each other one: how far people, machine and both see it ahead, in points."""
    title = text(f"results.deep.plot.hybrid_{axis}", view.language)
    result = view.hybrid(axis)
    rows = result.against(view.chosen) if result else ()
    if not rows:
        why = result.reasons.get("contrasts", "no_votes") if result else "no_scores"
        return unavailable(title, view.words(f"analysis_reasons.{why}"))
    figure = new_figure(title, height=150 + 72 * len(rows))
    for source, (colour, marker) in SOURCES.items():
        known = [(place, found[source]) for place, row in enumerate(rows) if source in (found := row.lead(view.chosen))]
        if not known:
            continue
        name = text(f"results.deep.column.{source}", view.language)
        figure.add_scatter(
            x=[100 * one.value for _, one in known],
            y=[OFFSETS[source] - place for place, _ in known],
            error_x=_errors([one for _, one in known], colour),
            mode="markers",
            marker={"color": colour, "symbol": marker, "size": 11, "line": {"color": PAPER, "width": 1}},
            name=name,
            text=[f"{name}: {deep_words.estimate(one)}" for _, one in known],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.add_vline(0, line={"color": SOFT, "width": 1.2, "dash": "dash"})
    names = [f"<b>{view.name(row.other(view.chosen))}</b>" for row in rows]
    _rows(figure, names)
    figure.update_xaxes(title={"text": view.words("hybrid.axis"), "font": {"size": 13}}, tickformat="+d")
    return figure


def sensitivity(view: DeepView, axis: str) -> Figure:
    """The lead of all votes, and the lead under each change; changes that give another result stand out."""
    title = text(f"results.deep.plot.sensitivity_{axis}", view.language)
    result = view.sensitivity(axis)
    if result is None:
        return unavailable(title, text("results.deep.no_lead", view.language))
    kinds = list(result.groups)
    figure = new_figure(title, height=180 + 46 * len(kinds))
    for upsets, key in ((False, "same"), (True, "upset")):
        _changes(figure, view, result, upsets, text(f"results.deep.plot.{key}", view.language))
    _all_votes(figure, view, result, len(kinds))
    figure.add_vline(0.5, line={"color": SOFT, "width": 1.2, "dash": "dash"})
    _rows(figure, ["<br>".join(wrap(view.words(f"sensitivity.change.{kind}"), WIDE)) for kind in kinds])
    names = {"leader": view.name(result.leader), "second": view.name(result.runner_up)}
    label = text("results.deep.plot.lead", view.language, **names)
    figure.update_xaxes(title={"text": label, "font": {"size": 13}}, tickformat=".0%")
    return figure


def _changes(figure: Figure, view: DeepView, result: Sensitivity, upsets: bool, name: str) -> None:
    """The leads under the changes that upset the result, or under the others."""
    words = view.words
    shown: list[tuple[float, Without, Span]] = []
    for place, tried in enumerate(result.groups.values()):
        for index, each in enumerate(tried):
            share = odds_share(of(each.lead))
            if share and each.upsets == upsets:
                off = SPREAD * (2 * index / (len(tried) - 1) - 1) if len(tried) > 1 else 0.0
                shown.append((off - place, each, share))
    if not shown:
        return
    colour, marker, size = (UPSET, "diamond", 11) if upsets else (SOFT, "circle", 8)
    figure.add_scatter(
        x=[share.value for _, _, share in shown],
        y=[y for y, _, _ in shown],
        mode="markers",
        marker={"color": colour, "symbol": marker, "size": size, "line": {"color": PAPER, "width": 0.5}},
        opacity=0.75,
        name=name,
        text=[f"{deep_words.change_name(words, each)}: {words.span(share, 'percent')}" for _, each, share in shown],
        hovertemplate="%{text}<extra></extra>",
    )


def _all_votes(figure: Figure, view: DeepView, result: Sensitivity, rows: int) -> None:
    """The lead of all votes as a line through all rows, its interval as a band."""
    lead = odds_share(of(result.lead))
    assert lead is not None
    figure.add_vrect(lead.low, lead.high, fillcolor=COLOURS[0], opacity=0.08, line_width=0, layer="below")
    told = text("results.deep.plot.all_votes", view.language)
    figure.add_scatter(
        x=[lead.value] * 2,
        y=[0.5, 0.5 - rows],
        mode="lines",
        line={"color": COLOURS[0], "width": 2},
        name=told,
        hovertemplate=f"{told}: {view.words.span(lead, 'percent')}<extra></extra>",
    )


def _errors(found: list[Interval], colour: str) -> dict[str, object]:
    """As `plots.error_bar`, in points and for several estimates."""
    bar = error_bar(Estimate("", "", 0.0, 0.0, 0.0), colour)
    ends = {
        "array": [100 * (one.high - one.value) for one in found],
        "arrayminus": [100 * (one.value - one.low) for one in found],
    }
    return {**bar, **ends, "thickness": 2}


def _rows(figure: Figure, names: list[str]) -> None:
    """Named rows from the top, and the legend above them."""
    places = [-place for place in range(len(names))]
    span = [0.5 - len(names), 0.5]
    figure.update_yaxes(tickvals=places, ticktext=names, range=span, automargin=True, showgrid=False)
    figure.update_layout(showlegend=True, legend=_LEGEND, margin={"t": 92})
