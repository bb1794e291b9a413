"""The words of the Results tab and the methods at a glance: an `Analysis` in, HTML out.

What is None is said to be unknown, and why. How good the votes are is told in `ui.results_raters`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from facepersona_core.metrics.cards import IDENTITY_SIMILARITY, TEXT_MATCH
from ui.html import badge, escape, icon
from ui.i18n import text

if TYPE_CHECKING:
    from facepersona_core.analysis.intervals import Interval
    from facepersona_core.analysis.results import Analysis, AxisResult

AXES = ("identity", "text")
SURE = 0.05
"""Holm-corrected p below which "A beats B" is said."""

Namer = Callable[[str], str]


def empty(language: str) -> str:
    """What stands here before the first vote."""
    steps = "".join(f"<li>{escape(text(f'results.empty_{n}', language))}</li>" for n in (1, 2, 3))
    title = escape(text("results.empty_title", language))
    return f'<div class="fp-welcome fp-results-empty">{icon("pictures")}<h3>{title}</h3><ol>{steps}</ol></div>'


def summary(analysis: Analysis, planned: int, name: Namer, language: str) -> str:
    """Counts, then for each question who leads and what is certain."""
    counts = (
        ("comparisons", f"{analysis.comparisons} / {planned}"),
        ("raters", str(analysis.raters)),
        ("median_seconds", _seconds(analysis, language)),
        ("left_share", _left(analysis, language)),
    )
    tiles = "".join(
        f'<div class="fp-tile"><b>{escape(value)}</b><span>{escape(text(f"results.tile.{key}", language))}</span></div>'
        for key, value in counts
    )
    verdicts = "".join(_verdict(analysis.axes[axis], name, language) for axis in AXES if axis in analysis.axes)
    few = _few(analysis, language)
    return f'<div class="fp-tiles">{tiles}</div>{few}<div class="fp-verdicts">{verdicts}</div>'


def verdict_words(axis: AxisResult, name: Namer, language: str) -> str:
    """Who leads one question, and over whom that is certain."""
    if not axis.standings:
        return reason(axis.reasons.get("standings", "no_votes"), language)
    leader = axis.standings[0].method
    if axis.contrasts is None:
        why = reason(axis.reasons["contrasts"], language)
        return text("results.verdict.so_far", language, leader=name(leader), reason=why)
    beaten = [
        other
        for each in axis.contrasts
        for winner, other in ((each.first, each.second), (each.second, each.first))
        if winner == leader and each.p_holm < SURE and (each.interval.value > 0) == (winner == each.first)
    ]
    open_ = [place.method for place in axis.standings[1:] if place.method not in beaten]
    key = "best" if not open_ else "leads" if beaten else "open"
    return text(
        f"results.verdict.{key}",
        language,
        leader=name(leader),
        beaten=_list(map(name, beaten), language),
        open=_list(map(name, open_), language),
    )


def glance(analysis: Analysis, methods: Sequence[str], name: Namer, language: str) -> str:
    """One row a method: ranks, share of acceptable pictures, machine scores, faces found."""
    unknown = text("results.unknown", language)
    heads = ("method", "rank_identity", "rank_text", "acceptable", "machine_identity", "machine_text", "face_found")
    head = "".join(f"<th>{escape(text(f'results.glance.{key}', language))}</th>" for key in heads)
    rows = ""
    for method in methods:
        cells = [name(method), *(_rank(analysis, axis, method) or unknown for axis in AXES)]
        cells.append(_acceptable(analysis, method) or unknown)
        cells += [_machine(analysis, metric.key, method) or unknown for metric in (IDENTITY_SIMILARITY, TEXT_MATCH)]
        cells.append(_found(analysis, method) or unknown)
        rows += "<tr>" + "".join(f"<td>{_two_lines(cell)}</td>" for cell in cells) + "</tr>"
    title = escape(text("results.glance.title", language))
    note = escape(text("results.glance.note", language))
    return (
        f'<div class="fp-card"><h3 class="fp-title">{title}</h3><div class="fp-scroll">'
        f'<table class="fp-table" id="fp-glance">'
        f"<thead><tr>{head}</tr></thead>"
        f'<tbody>{rows}</tbody></table></div><p class="fp-hint">{note}</p></div>'
    )


def downloads(study: str, language: str) -> str:
    """Links to the tables of the study."""
    from urllib.parse import quote

    links = "".join(
        f'<a class="fp-download" href="exports/{quote(study)}/{table}.{kind}" download>{icon("download")}'
        f"{escape(text(f'results.export.{table}', language))} ({label})</a>"
        for table in ("votes", "scores")
        for kind, label in (("csv", "CSV"), ("parquet", "Parquet"))
    )
    return f'<div class="fp-exports"><b>{escape(text("results.export.title", language))}</b>{links}</div>'


def reason(key: str, language: str) -> str:
    """Why something cannot be known yet."""
    return text(f"analysis_reasons.{key}", language)


def span(interval: Interval, percent: bool = False) -> str:
    """An interval's ends: ``0.31 – 0.58``."""
    shape = "{:.0%}" if percent else "{:.2f}"
    return f"{shape.format(interval.low)}\u00a0–\u00a0{shape.format(interval.high)}"  # never broken over two lines


def _list(names: Iterable[str], language: str) -> str:
    return text("results.comma", language).join(names)


def _two_lines(cell: str) -> str:
    """A value, and what stands in brackets after it on a line of its own: eight columns fit a tablet."""
    value, bracket, rest = escape(cell).partition(" (")
    return f"{value}<br><small>({rest}</small>" if bracket else value


def _verdict(axis: AxisResult, name: Namer, language: str) -> str:
    question = escape(text(f"results.axis.{axis.axis}", language))
    words = escape(verdict_words(axis, name, language))
    stop = ""
    if axis.stop:
        tone = {"winner": "good", "equivalent": "good"}.get(axis.stop.state, "")
        stop = badge(text(f"results.stop.{axis.stop.state}", language), tone)
    return f'<div class="fp-verdict"><span>{question}</span><b>{words}</b>{stop}</div>'


def _few(analysis: Analysis, language: str) -> str:
    reasons = {axis.reasons.get("intervals") for axis in analysis.axes.values()} - {None}
    if not reasons:
        return ""
    counts = {"raters": analysis.raters, "prompts": analysis.prompts}
    words = escape(text("results.few", language, **counts))
    return f'<div class="fp-note fp-fair" role="status">{icon("info")}<span>{words}</span></div>'


def _seconds(analysis: Analysis, language: str) -> str:
    import statistics

    known = [report.median_seconds for report in analysis.rater_reports if report.median_seconds is not None]
    if not known:
        return text("results.unknown", language)
    return text("results.seconds", language, seconds=f"{statistics.median(known):.1f}")


def _left(analysis: Analysis, language: str) -> str:
    shares = [axis.left_share for axis in analysis.axes.values() if axis.left_share]
    if not shares:
        return text("results.unknown", language)
    return " · ".join(f"{share.value:.0%}" for share in shares)


def _rank(analysis: Analysis, axis: str, method: str) -> str | None:
    found = analysis.axes.get(axis)
    for place in (found and found.standings) or ():
        if place.method == method:
            low, high = place.rank_low, place.rank_high
            return f"{place.rank}" if low is None or low == high else f"{place.rank} ({low}–{high})"
    return None


def _acceptable(analysis: Analysis, method: str) -> str | None:
    for each in analysis.acceptable or ():
        if each.method == method:
            value = f"{each.share:.0%}"
            return f"{value} ({span(each.interval, percent=True)})" if each.interval else value
    return None


def _machine(analysis: Analysis, metric: str, method: str) -> str | None:
    for score in analysis.machine or ():
        if (score.metric, score.method) == (metric, method) and score.mean is not None:
            return f"{score.mean:.2f} ({span(score.interval)})" if score.interval else f"{score.mean:.2f}"
    return None


def _found(analysis: Analysis, method: str) -> str | None:
    for score in analysis.machine or ():
        if (score.metric, score.method) == (IDENTITY_SIMILARITY.key, method):
            return f"{score.measured / score.pictures:.0%}"
    return None
