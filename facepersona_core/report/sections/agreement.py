"""Do raters agree, and can each be trusted?"""

from __future__ import annotations

from markupsafe import Markup

from facepersona_core.analysis.agreement import Agreement
from facepersona_core.analysis.results import AxisResult, RaterReport
from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.spans import of
from facepersona_core.report.view import AGREEMENT_WORDS, AXES, View

GOOD = "–"
COLUMNS = ("rater", "practice", "pairs", "seconds", "gold", "same", "look")


def blocks(view: View) -> list[Block]:
    """Agreement and position for each question, then one row a rater."""
    words = view.words
    results = [(axis, view.axis(axis)) for axis in AXES]
    head = [words(f"agreement.head.{key}") for key in ("question", "ac1", "alpha", "pooled", "left", "says")]
    rows = [[words(f"questions.{axis}"), *_figures(view, result)] for axis, result in results if result]
    if not rows:
        return [Text(view.reason("no_votes"), "warn")]
    reports = view.data.analysis.rater_reports
    flagged = sum(bool(report.flags) for report in reports)
    lead = words("agreement.flagged" if flagged else "agreement.unflagged", n=flagged, raters=len(reports))
    columns = [words(f"agreement.rater.{key}") for key in COLUMNS]
    return [
        Text(lead, "lead"),
        Table(words("agreement.table"), head, rows, words("agreement.note")),
        Table(
            words("agreement.raters"),
            columns,
            [_rater(view, each) for each in reports],
            words("agreement.kept"),
            "long",
        ),
    ]


def _figures(view: View, result: AxisResult) -> list[str]:
    words, lead = view.words, result.ac1 or result.alpha
    if lead is None:
        unknown = [words.unknown] * 3
        return [*unknown, words.span(of(result.left_share), "percent"), view.reason(result.reasons.get("alpha"))]
    said = next(word for limit, word in AGREEMENT_WORDS if lead.within.value >= limit)
    return [
        _within(view, result.ac1),
        _within(view, result.alpha),
        words.number(lead.pooled.value),
        words.span(of(result.left_share), "percent"),
        words(f"agreement.says.{said}"),
    ]


def _within(view: View, found: Agreement | None) -> str:
    return view.words.span(of(found.within) if found else None)


def _rater(view: View, report: RaterReport) -> list[str | Markup]:
    words = view.words
    flags = Markup("<br>").join(view.reason(flag) for flag in report.flags)
    return [
        report.rater,
        _practice(view, report.rater),
        words.count(report.comparisons),
        words.number(report.median_seconds, 1),
        _of(view, report.gold_right, report.gold_answered),
        _of(view, report.repeats_same, report.repeats),
        flags or GOOD,
    ]


def _practice(view: View, rater: str) -> str:
    found = view.data.evidence.practice.get(rater)
    return view.words("agreement.left_out") if found == (0, 0) else _of(view, *(found or (0, 0)))


def _of(view: View, right: int, asked: int) -> str:
    return f"{right} / {asked}" if asked else view.words.unknown
