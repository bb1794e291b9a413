"""People alone, machines alone, and both together: what machines add, with the guards that keep them honest."""

from __future__ import annotations

from markupsafe import Markup

from facepersona_core.analysis.deep_results import HybridAxis, HybridContrast
from facepersona_core.analysis.intervals import Interval
from facepersona_core.report import figures
from facepersona_core.report.blocks import Block, Row, Strips, Table, Text
from facepersona_core.report.figures import Dot
from facepersona_core.report.scales import Scale, linear
from facepersona_core.report.spans import Span, of
from facepersona_core.report.svg import drawing, marker
from facepersona_core.report.view import AXES, View

COLOURS = {"human": ("#151c21", "circle"), "machine": ("#E69F00", "diamond"), "hybrid": ("#0072B2", "square")}
HEIGHT = 56


def blocks(view: View) -> list[Block]:
    """Each question, then how well each machine score goes along with people."""
    found: list[Block] = [Text(view.words("hybrid.lead"), "note")]
    for axis in AXES:
        result = (view.data.analysis.hybrid or {}).get(axis)
        found += _axis(view, axis, result) if result else [_unknown(view, axis, view.reason("no_scores"))]
    return [*found, _correlation(view)]


def _unknown(view: View, axis: str, why: str) -> Text:
    return Text(view.words("ranking.missing", question=view.words(f"questions.{axis}"), why=why), "warn")


def _axis(view: View, axis: str, result: HybridAxis) -> list[Block]:
    words = view.words
    if result.contrasts is None:
        return [_unknown(view, axis, view.reason(result.reasons.get("contrasts")))]
    chosen = [each for each in result.contrasts if view.data.method in (each.first, each.second)]
    spans = [one for each in chosen for one in _three(view, each).values()]
    scale = linear([0.0, *(end for one in spans for end in (one.value, one.low, one.high))], _points)
    rows = [_row(view, each, scale) for each in chosen]
    facts = {
        "metrics": words.list(view.metric(key) for key in result.metrics) or words("common.none"),
        "rho": words.number(result.rho),
        "low": words.number(result.rho_low),
        "trust": words.number(result.trust),
        "rated": words.count(result.rated),
        "made": words.count(result.made),
    }
    share = words.percent(result.probability)
    routed = words("hybrid.routed", probability=share) if result.probability < 1.0 else ""
    used = any(each.hybrid for each in result.contrasts)
    title = words(f"questions.{axis}")
    why = "" if used else view.reason(result.reasons.get("hybrid"))
    said = words("hybrid.used" if used else "hybrid.unused", question=title, why=why)
    pairs = words("ranking.pairs", method=view.method(view.data.method))
    strips = Strips(pairs, rows, figures.axis(scale), words("hybrid.axis"), words("hybrid.facts", **facts) + routed)
    return [Text(said, "lead"), strips]


def _points(value: float) -> str:
    """Points in hundredths: 0.1 is +10."""
    return f"{100 * value:+.0f}".replace("-", "−") if abs(value) >= 0.005 else "0"


def _three(view: View, each: HybridContrast) -> dict[str, Span]:
    """The estimates that exist, seen from the chosen method."""
    forward = each.first == view.data.method
    found = {"human": each.human, "machine": each.machine, "hybrid": each.hybrid}
    return {name: _turned(interval, forward) for name, interval in found.items() if interval}


def _turned(interval: Interval, forward: bool) -> Span:
    if forward:
        return Span(interval.value, interval.low, interval.high)
    return Span(-interval.value, -interval.high, -interval.low)


def _row(view: View, each: HybridContrast, scale: Scale) -> Row:
    words = view.words
    spans = _three(view, each)
    other = each.second if each.first == view.data.method else each.first
    told = []
    for name in COLOURS:
        if one := spans.get(name):
            shown = f"{_points(one.value)} ({_points(one.low or 0.0)} … {_points(one.high or 0.0)})"
            mark = drawing(12, 12, marker(6, 6, *COLOURS[name], 4))
            told.append(mark + Markup(" ") + words(f"hybrid.{name}", value=shown))
    dots = [Dot(spans[name], *look) for name, look in COLOURS.items() if name in spans]
    note = words("hybrid.worth", n=words.count(each.effective_votes)) if each.effective_votes else ""
    return Row(view.marked(other), figures.strip(dots, scale, (0.0,), HEIGHT), Markup("<br>").join(told), note)


def _correlation(view: View) -> Block:
    """How well each machine score goes along with people; a score of one question is shown for the other too."""
    words, found = view.words, view.data.analysis.correlation
    if not found:
        return Text(words("common.missing", what=words("hybrid.correlation")), "warn")
    head = [words(f"hybrid.head.{key}") for key in ("question", "metric", "pairs", "same", "kendall", "spearman")]
    rows = []
    for each in found:
        question, metric = words(f"questions.short.{each.axis}"), view.metric(each.metric)
        spans = (words.span(of(each.kendall)), words.span(of(each.spearman)))
        rows.append([question, metric, words.count(each.pairs), words.span(of(each.same_sign), "percent"), *spans])
    return Table(words("hybrid.correlation"), head, rows, words("hybrid.correlation_note"))
