"""How good the votes are, for the Results tab: agreement between raters, then a row a rater. See `ui.results_views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ui.html import badge, escape
from ui.i18n import text
from ui.results_views import AXES, reason, span

if TYPE_CHECKING:
    from facepersona_core.analysis.agreement import Agreement
    from facepersona_core.analysis.results import Analysis, AxisResult, RaterReport

AGREEMENT_WORDS = ((0.8, "very_good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"), (-2.0, "poor"))
"""Lower limits of the words for a coefficient (Landis and Koch 1977)."""


def agreement(analysis: Analysis, language: str) -> str:
    """Agreement between raters for each question, in words with the numbers behind."""
    parts = ""
    for axis in AXES:
        if found := analysis.axes.get(axis):
            question = escape(text(f"results.axis.{axis}", language))
            parts += f"<dt>{question}</dt><dd>{_agreement_words(found, language)}</dd>"
    title, note = (escape(text(f"results.agreement.{key}", language)) for key in ("title", "note"))
    return (
        f'<div class="fp-card"><h3 class="fp-title">{title}</h3><dl class="fp-agreement">{parts}</dl>'
        f'<p class="fp-hint">{note}</p></div>'
    )


def raters(reports: Sequence[RaterReport], practice: Mapping[str, tuple[int, int]], language: str) -> str:
    """One row a rater: practice (`Ratings.practice`), comparisons, seconds, gold, self-consistency, what to look at."""
    heads = ("rater", "practice", "comparisons", "seconds", "gold", "consistency", "flags")
    head = "".join(f"<th>{escape(text(f'results.raters.{key}', language))}</th>" for key in heads)
    rows = "".join(_rater(report, practice.get(report.rater), language) for report in reports)
    title, note = (escape(text(f"results.raters.{key}", language)) for key in ("title", "note"))
    return (
        f'<div class="fp-card"><h3 class="fp-title">{title}</h3><div class="fp-scroll">'
        f'<table class="fp-table" id="fp-raters"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f'<p class="fp-hint">{note}</p></div>'
    )


def _agreement_words(axis: AxisResult, language: str) -> str:
    if axis.alpha is None and axis.ac1 is None:
        why = reason(axis.reasons.get("alpha", "no_overlap"), language)
        return escape(text("results.agreement.unknown", language, reason=why))
    lead = axis.ac1 or axis.alpha  # alpha is near 0 where nearly everybody prefers the same method
    assert lead is not None
    word = next(word for limit, word in AGREEMENT_WORDS if lead.within.value >= limit)
    numbers = " · ".join(
        _coefficient(label, value, language) for label, value in (("AC1", axis.ac1), ("α", axis.alpha)) if value
    )
    return f"<b>{escape(text(f'results.agreement.{word}', language))}</b> <span>{escape(numbers)}</span>"


def _coefficient(label: str, value: Agreement, language: str) -> str:
    return text(
        "results.agreement.numbers",
        language,
        label=label,
        within=f"{value.within.value:.2f}",
        within_range=span(value.within),
        pooled=f"{value.pooled.value:.2f}",
    )


def _rater(report: RaterReport, practice: tuple[int, int] | None, language: str) -> str:
    unknown = text("results.unknown", language)
    seconds = report.median_seconds
    cells = (
        report.rater,
        _practice(practice, language),
        str(report.comparisons),
        unknown if seconds is None else f"{seconds:.1f}",
        f"{report.gold_right} / {report.gold_answered}" if report.gold_answered else unknown,
        f"{report.repeats_same} / {report.repeats}" if report.repeats else unknown,
    )
    flags = " ".join(badge(reason(flag, language), "fair") for flag in report.flags) or "–"
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + f"<td>{flags}</td></tr>"


def _practice(practice: tuple[int, int] | None, language: str) -> str:
    """How many answers of the practice were right; that it was left out; or that nobody knows of any."""
    if practice is None:
        return text("results.raters.practice_none", language)
    right, asked = practice
    return f"{right} / {asked}" if asked else text("results.raters.practice_left_out", language)
