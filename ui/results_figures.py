"""The figures of the Results tab: one analysed study in, one Plotly figure out, titled in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facepersona_core.metrics.cards import IDENTITY_SIMILARITY, TEXT_MATCH
from facepersona_core.palette import style
from ui import plots, results_views
from ui.create_views import method_name
from ui.i18n import text
from ui.plots import Estimate

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from facepersona_core.analysis.results import Analysis, AxisResult
    from storage.records import StudyRecord


@dataclass(frozen=True)
class View:
    """One analysed study, ready to be drawn in a language."""

    study: StudyRecord
    analysis: Analysis
    language: str
    planned: int
    """Comparisons that raters are asked for, gold and repeats left out."""
    practice: Mapping[str, tuple[int, int]]
    """As `Ratings.practice`."""

    def name(self, method: str) -> str:
        """What the reader calls a method."""
        return method_name(method, self.language)


def ranking(view: View, axis: str) -> Figure:
    """Chance of each method to be preferred to an average one, with interval and range of ranks."""
    title = text(f"results.plot.rank_{axis}", view.language)
    estimates = _strengths(view, axis)
    if not estimates:
        return plots.unavailable(title, _why(view, axis, "standings"))
    axis_title = text("results.plot.strength", view.language)
    return plots.interval_plot(estimates, _looks(view), title, axis_title, percent=True)


def trade_human(view: View) -> Figure:
    """Raters' identity fidelity against editability."""
    title = text("results.plot.trade_human", view.language)
    x, y = ({one.method: one for one in _strengths(view, axis)} for axis in ("text", "identity"))
    points = [(x[method], y[method]) for method in view.study.plan.methods if method in x and method in y]
    if not points:
        return plots.unavailable(title, _why(view, "identity", "standings"))
    axes = (text("results.plot.editability", view.language), text("results.plot.identity", view.language))
    return plots.trade_off(points, _looks(view), title, axes, percent=True)


def trade_machine(view: View) -> Figure:
    """Machine scores: identity similarity against text match."""
    title = text("results.plot.trade_machine", view.language)
    means = {
        (score.metric, score.method): Estimate(
            score.method,
            view.name(score.method),
            score.mean,
            score.interval.low if score.interval else None,
            score.interval.high if score.interval else None,
        )
        for score in view.analysis.machine or ()
        if score.mean is not None
    }
    keys = (TEXT_MATCH.key, IDENTITY_SIMILARITY.key)
    pairs = [tuple(means.get((key, method)) for key in keys) for method in view.study.plan.methods]
    points = [(x, y) for x, y in pairs if x and y]
    if not points:
        return plots.unavailable(title, results_views.reason("no_scores", view.language))
    axes = (text("results.plot.machine_text", view.language), text("results.plot.machine_identity", view.language))
    return plots.trade_off(points, _looks(view), title, axes)


def win_rates(view: View, axis: str) -> Figure:
    """Heat map of who won how often against whom."""
    title = text(f"results.plot.win_{axis}", view.language)
    found = view.analysis.axes.get(axis)
    if found is None:
        return plots.unavailable(title, results_views.reason("no_votes", view.language))
    order = [place.method for place in found.standings or ()] or list(found.win_rates.methods)
    return plots.win_rate_map(found.win_rates, order, view.name, title, view.language)


def acceptable(view: View) -> Figure:
    """Share of pictures called good enough for use."""
    title = text("results.plot.acceptable", view.language)
    if view.analysis.acceptable is None:
        return plots.unavailable(title, results_views.reason(view.analysis.reasons["acceptable"], view.language))
    estimates = [
        Estimate(
            each.method,
            view.name(each.method),
            each.share,
            each.interval.low if each.interval else None,
            each.interval.high if each.interval else None,
            f"n = {each.answers}",
        )
        for each in view.analysis.acceptable
    ]
    return plots.interval_plot(estimates, _looks(view), title, text("results.plot.share", view.language), percent=True)


def over_time(view: View) -> Figure:
    """Comparisons answered so far against the clock."""
    title = text("results.plot.over_time", view.language)
    if view.analysis.over_time is None:
        return plots.unavailable(title, results_views.reason(view.analysis.reasons["over_time"], view.language))
    height = plots.interval_height(len(view.study.plan.methods))
    return plots.votes_over_time(view.analysis.over_time, title, view.language, height)


def _strengths(view: View, axis: str) -> list[Estimate]:
    found: AxisResult | None = view.analysis.axes.get(axis)
    estimates = []
    for place in (found and found.standings) or ():
        rank = text("results.plot.rank_unknown", view.language)
        if place.rank_low is not None and place.rank_high is not None:
            key = "rank_one" if place.rank_low == place.rank_high else "rank_range"
            rank = text(f"results.plot.{key}", view.language, low=place.rank_low, high=place.rank_high)
        ends = (place.strength_low, place.strength_high)
        estimates.append(Estimate(place.method, view.name(place.method), place.strength, *ends, rank))
    return estimates


def _why(view: View, axis: str, field: str) -> str:
    found = view.analysis.axes.get(axis)
    return results_views.reason(found.reasons.get(field, "no_votes") if found else "no_votes", view.language)


def _looks(view: View) -> dict[str, tuple[str, str]]:
    return style(view.study.plan.methods)
