"""People alone, machines alone, and both together: what machines add, with the guards that keep them honest."""

from __future__ import annotations

from markupsafe import Markup

from facepersona_core.analysis.deep_results import HybridContrast
from facepersona_core.analysis.intervals import Interval
from facepersona_core.palette import SOURCES
from facepersona_core.report import deep_words, figures
from facepersona_core.report.blocks import Block, Row, Strips, Table, Text
from facepersona_core.report.figures import Dot
from facepersona_core.report.scales import Scale, linear
from facepersona_core.report.spans import Span
from facepersona_core.report.svg import drawing, marker
from facepersona_core.report.view import AXES, View

HEIGHT = 56
MOST = 1.0
"""No method can be further ahead than with all points; intervals of few votes reach beyond."""


def blocks(view: View) -> list[Block]:
    """Each question, then how well each machine score goes along with people."""
    found: list[Block] = [Text(view.words("hybrid.lead"), "note")]
    if not view.data.analysis.comparisons:
        return [*found, Text(view.reason("no_votes"), "warn")]
    for axis in AXES:
        found += _axis(view, axis)
    return [*found, _correlation(view)]


def _axis(view: View, axis: str) -> list[Block]:
    words, result = view.words, (view.data.analysis.hybrid or {}).get(axis)
    finding = deep_words.hybrid_finding(words, axis, result)
    if result is None or result.contrasts is None:
        return [Text(finding, "warn")]
    chosen = result.against(view.data.method)
    leads = [one for each in chosen for one in _leads(view, each).values()]
    scale = linear([0.0, *(end for one in leads for end in (one.value, one.low, one.high))], deep_words.points)
    rows = [_row(view, each, scale) for each in chosen]
    pairs = words("ranking.pairs", method=view.method(view.data.method))
    basis = deep_words.hybrid_basis(words, result, view.metric)
    return [Text(finding, "lead"), Strips(pairs, rows, figures.axis(scale), words("hybrid.axis"), basis)]


def _row(view: View, each: HybridContrast, scale: Scale) -> Row:
    words, leads = view.words, _leads(view, each)
    told = []
    for name, look in SOURCES.items():
        if one := leads.get(name):
            mark = drawing(12, 12, marker(6, 6, *look, 4))
            told.append(mark + Markup(" ") + words(f"hybrid.{name}", value=_told(view, one)))
    dots = [Dot(one, *SOURCES[name]) for name, one in leads.items()]
    note = words("hybrid.worth", n=words.count(each.effective_votes)) if each.effective_votes else ""
    strip = figures.strip(dots, scale, (0.0,), HEIGHT)
    return Row(view.marked(each.other(view.data.method)), strip, Markup("<br>").join(told), note)


def _leads(view: View, each: HybridContrast) -> dict[str, Span]:
    """How far the chosen method is ahead, by people, by machines and by both."""

    def within(found: Interval) -> Span:
        return Span(*(min(max(end, -MOST), MOST) for end in (found.value, found.low, found.high)))

    return {name: within(one) for name, one in each.lead(view.data.method).items()}


def _told(view: View, one: Span) -> str:
    assert one.low is not None and one.high is not None
    ends = deep_words.points(one.low), deep_words.points(one.high)
    return f"{deep_words.points(one.value)} ({ends[0]} {view.words('common.to')} {ends[1]})"


def _correlation(view: View) -> Block:
    words, found = view.words, view.data.analysis.correlation
    if not found:
        return Text(words("common.missing", what=words("hybrid.correlation")), "warn")
    head = [words(f"hybrid.head.{key}") for key in deep_words.CORRELATION]
    rows = deep_words.correlations(words, found, view.metric)
    return Table(words("hybrid.correlation"), head, rows, words("hybrid.correlation_note"))
