"""The words and tables of the results in depth: a deep `Analysis` in, HTML out, in the words of the decision report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facepersona_core.methods import method_card
from facepersona_core.report import deep_words
from facepersona_core.report.words import Words
from ui.create_views import method_name
from ui.html import escape, hint, note
from ui.i18n import text

if TYPE_CHECKING:
    from facepersona_core.analysis.deep_results import HybridAxis, HybridContrast, Sensitivity
    from facepersona_core.analysis.results import Analysis
    from storage.records import StudyRecord

AXES = ("identity", "text")
HYBRID_COLUMNS = ("question", "against", "human", "machine", "hybrid", "worth")
WORKING = 'data-state="working"'
"""Stands in what `working` says."""


@dataclass(frozen=True)
class DeepView:
    """A study analysed in depth, for a reader of ``language``."""

    study: StudyRecord
    analysis: Analysis
    language: str

    @property
    def words(self) -> Words:
        """The words of the decision report."""
        return Words(self.language)

    @property
    def chosen(self) -> str:
        """The method under study: the one that the decision report is about unless it is told another."""
        methods = self.study.plan.methods
        return next((method for method in methods if method_card(method).uses_identity), methods[0])

    def name(self, method: str) -> str:
        """What the reader calls a method."""
        return method_name(method, self.language)

    def metric(self, key: str) -> str:
        """What the reader calls a machine score."""
        return self.words.either(f"metrics.{key}", key)

    def hybrid(self, axis: str) -> HybridAxis | None:
        """People, machine and both on the question ``axis``."""
        return (self.analysis.hybrid or {}).get(axis)

    def sensitivity(self, axis: str) -> Sensitivity | None:
        """What the result of the question ``axis`` hangs on."""
        return (self.analysis.sensitivity or {}).get(axis)


def head(language: str) -> str:
    """What the section is for."""
    title, lead = (escape(text(f"results.deep.{key}", language)) for key in ("title", "lead"))
    return f'<h3 class="fp-title">{title}</h3><p class="fp-hint">{lead}</p>'


def state_note(when: str, comparisons: int, language: str) -> str:
    """Whether there is an analysis, and whether it is of the newest votes: ``when`` is "idle", "done" or "stale"."""
    tone = {"done": "good", "stale": "fair"}.get(when, "")
    words = text(f"results.deep.{when}", language, n=comparisons)
    return note(words, tone, "check" if when == "done" else "info") if tone else hint(words)


def working(language: str) -> str:
    """While it is computed."""
    words = escape(text("results.deep.working", language))
    bar = '<div class="fp-bar is-endless"><i></i></div>'
    return f'<div class="fp-status" role="status" {WORKING}><div class="fp-status-line">{words}</div>{bar}</div>'


def problem(message: str) -> str:
    """Why there is none."""
    return f'<div role="alert">{note(message, "poor", "warning")}</div>'


def hybrid_words(view: DeepView) -> str:
    """What machine scores add to each question."""
    said = []
    for axis in AXES:
        result = view.hybrid(axis)
        known = result is not None and result.contrasts is not None
        basis = deep_words.hybrid_basis(view.words, result, view.metric) if result and known else ""
        said.append((deep_words.hybrid_finding(view.words, axis, result), basis))
    return _section(view.words("hybrid.title"), view.words("hybrid.lead"), said)


def hybrid_tables(view: DeepView) -> str:
    """The method under study against each other one, and how well machine and people go along."""
    words = view.words
    found = [(axis, result) for axis in AXES if (result := view.hybrid(axis))]
    rows = [_estimates(view, axis, each) for axis, result in found for each in result.against(view.chosen)]
    columns = [text(f"results.deep.column.{key}", view.language) for key in HYBRID_COLUMNS]
    title = words("ranking.pairs", method=view.name(view.chosen))
    tables = _card(title, columns, rows, words("hybrid.axis")) if rows else ""
    if correlation := view.analysis.correlation:
        columns = [words(f"hybrid.head.{key}") for key in deep_words.CORRELATION]
        rows = deep_words.correlations(words, correlation, view.metric)
        tables += _card(words("hybrid.correlation"), columns, rows, words("hybrid.correlation_note"))
    return tables


def sensitivity_words(view: DeepView) -> str:
    """Who leads each question, and without whom that would be another result."""
    said = []
    for axis in AXES:
        result = view.sensitivity(axis)
        finding = deep_words.sensitivity_finding(view.words, axis, result, view.name)
        said.append((finding, deep_words.upsetting(view.words, result) if result else ""))
    return _section(view.words("sensitivity.title"), view.words("sensitivity.lead"), said)


def sensitivity_tables(view: DeepView) -> str:
    """What was left out or weighted, and what that changed: a table for each question with a lead."""
    words = view.words
    head = [words(f"sensitivity.head.{key}") for key in deep_words.CHANGES]
    cards = ""
    for axis in AXES:
        if result := view.sensitivity(axis):
            question = words(f"questions.short.{axis}")
            title = words("common.named", name=question, text=deep_words.robustness(words, result))
            cards += _card(title, head, deep_words.changes(words, result), "")
    return f'<div class="fp-deep-tables">{cards}</div>' if cards else ""


def _estimates(view: DeepView, axis: str, each: HybridContrast) -> list[str]:
    words, leads = view.words, each.lead(view.chosen)
    machine = deep_words.estimate(leads["machine"]) if "machine" in leads else words.unknown
    off = text("results.deep.off", view.language)
    hybrid = deep_words.estimate(leads["hybrid"]) if "hybrid" in leads else off
    worth = words.count(each.effective_votes) if each.effective_votes else "–"
    question, other = words(f"questions.short.{axis}"), view.name(each.other(view.chosen))
    return [question, other, deep_words.estimate(leads["human"]), machine, hybrid, worth]


def _section(title: str, lead: str, said: Sequence[tuple[str, str]]) -> str:
    """A heading, and the finding of each question with what stands behind it."""
    verdicts = "".join(
        f'<div class="fp-verdict"><b>{escape(finding)}</b>{hint(more) if more else ""}</div>' for finding, more in said
    )
    return (
        f'<div class="fp-deep-section"><h3 class="fp-title">{escape(title)}</h3>'
        f'<p class="fp-lead">{escape(lead)}</p></div><div class="fp-verdicts">{verdicts}</div>'
    )


def _card(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], below: str) -> str:
    """A table with a title, and a line below that says how to read it."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f'<table class="fp-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    heading = f'<h3 class="fp-title">{escape(title)}</h3>'
    return f'<div class="fp-card">{heading}<div class="fp-scroll">{table}</div>{hint(below) if below else ""}</div>'
