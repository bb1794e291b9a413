"""The HTML of the Studies tab: what a plan costs and will tell, and how far a study is."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from math import isinf
from typing import TYPE_CHECKING

from facepersona_core.study import words
from facepersona_core.study.plan import plan_text
from ui.create_views import method_name, shown_name
from ui.html import badge, escape, hint, icon, note
from ui.i18n import text

if TYPE_CHECKING:
    from facepersona_core.study.jobs import Failure, Reason, Tally
    from facepersona_core.study.plan import StudyPlan
    from facepersona_core.study.precision import Precision
    from facepersona_core.study.preview import Preview
    from facepersona_core.study.status import RunStatus

LISTED = 40
"""How many failures are listed; the rest is counted."""
_TONES = {"open": "good", "stuck": "poor", "paused": "fair", "waiting": "", "making": ""}


def still_missing(keys: Sequence[str], language: str) -> str:
    """What is to be filled in before there can be a preview."""
    items = "".join(f"<li>{escape(text(f'studies.need.{key}', language))}</li>" for key in keys)
    title = escape(text("studies.need.title", language))
    return f'<div class="fp-welcome fp-todo" role="status">{icon("info")}<h3>{title}</h3><ul>{items}</ul></div>'


def problem(message: str) -> str:
    """Why the plan cannot be used."""
    return f'<div role="alert">{note(message, "poor", "warning")}</div>'


def discard_question(title: str, language: str) -> str:
    """What is lost and what stays when a study is discarded."""
    return f'<div role="alert">{note(text("studies.discard_sure", language, title=title), "fair", "warning")}</div>'


def preview(plan: StudyPlan, seen: Preview, unknown: Sequence[str], language: str) -> str:
    """Cost, expected interval, what would change it, and the plan as a file."""
    tiles = (
        ("pictures", f"{seen.pictures:,}"),
        ("time", words.making_time(seen, language)),
        ("each", text("studies.minutes", language, n=f"{seen.minutes_each:,}")),
        ("interval", _points(seen.precision, language)),
    )
    shown = "".join(
        f'<div class="fp-tile"><b>{escape(value)}</b><span>{escape(text(f"studies.tile.{key}", language))}</span></div>'
        for key, value in tiles
    )
    counts = {"votes": f"{seen.votes:,}", "each": f"{seen.votes_each:,}", "raters": plan.raters}
    facts = [text("studies.votes", language, **counts), _paces(seen, language)]
    if seen.learnings:
        facts.append(text("studies.learnings", language, n=seen.learnings))
    strange = note(text("create.unknown_words", language, words=", ".join(unknown)), "fair", "warning")
    heading = f'<h3 class="fp-title fp-heading">{escape(text("studies.preview", language))}</h3>'
    return (
        f'{heading}<div class="fp-tiles">{shown}</div>{strange if unknown else ""}'
        f'<div class="fp-card fp-precision"><h3 class="fp-title">{escape(text("studies.precision", language))}</h3>'
        f'<p class="fp-lead">{escape(words.interval(seen, language))}</p>{_bars(seen, language)}'
        f'<p class="fp-lead">{escape(words.advice(seen, language))}</p>'
        f"{''.join(hint(fact) for fact in facts)}{plan_link(plan, language)}</div>"
    )


def _points(precision: Precision, language: str) -> str:
    return "-" if isinf(precision.half_width) else text("studies.points", language, n=words.points(precision))


def _bars(seen: Preview, language: str) -> str:
    """The expected interval as it is and with twice as many of one thing, to the same scale."""
    rows = [("planned", seen.precision), *seen.doubled.items()]
    finite = [precision.half_width_share for _, precision in rows if not isinf(precision.half_width)]
    shown = ""
    for key, precision in rows:
        share = 0.0 if isinf(precision.half_width) else precision.half_width_share / max(finite)
        best = ' class="is-best"' if key == seen.best else ""
        label = escape(text(f"studies.bar.{key}", language))
        shown += (
            f'<tr{best}><td>{label}</td><td><div class="fp-width"><i style="width:{100 * share:.1f}%"></i></div></td>'
            f"<td>{escape(_points(precision, language))}</td></tr>"
        )
    return f'<table class="fp-bars">{shown}</table>'


def _paces(seen: Preview, language: str) -> str:
    told = (
        f"{method_name(method, language)}: {words.duration(seconds, language)}"
        for method, seconds in seen.seconds.items()
    )
    return text("studies.pace", language, list=text("results.comma", language).join(told))


def plan_link(plan: StudyPlan, language: str) -> str:
    """The plan as a file, in the page itself: nothing is stored for it."""
    data = base64.b64encode(plan_text(plan).encode()).decode()
    return (
        f'<a class="fp-download" href="data:application/toml;base64,{data}" download="{escape(plan.name)}.toml">'
        f"{icon('download')}{escape(text('studies.download', language))}</a>"
    )


def no_runs(language: str) -> str:
    """What stands where the studies in the making will be."""
    title, lead = (escape(text(f"studies.none_{key}", language)) for key in ("title", "lead"))
    return f'<div class="fp-run"><h3 class="fp-title">{title}</h3><p class="fp-lead">{lead}</p></div>'


def loading(language: str) -> str:
    """While the studies are read."""
    return f'<div class="fp-empty" role="status">{escape(text("studies.loading", language))}</div>'


def run_panel(
    status: RunStatus,
    names: Mapping[str, str],
    language: str,
    crash: Reason | None = None,
    has_worker: bool = True,
    same_model: bool = True,
) -> str:
    """How far a study is: a bar a method, pace and time left, what failed and why, what to do.

    ``crash``: how the app's worker ended that should not have. ``has_worker``: the app keeps one."""
    plan, pictures = status.run.plan, status.pictures
    title, phase = escape(plan.title[language]), text(f"phases.{status.phase}", language)
    done = text("studies.done", language, done=pictures.done, total=pictures.total)
    rows = "".join(_bar(method_name(method, language), tally) for method, tally in status.methods.items())
    return (
        f'<div class="fp-run" data-phase="{status.phase}"><div class="fp-run-head"><h3 class="fp-title">{title}</h3>'
        f"{badge(phase, _TONES[status.phase])}</div>"
        f'<div class="fp-status-line"><span>{escape(done)}</span><small>{escape(_pace(status, language))}</small></div>'
        f'<table class="fp-bars fp-progress">{rows}{_learning(status, language)}</table>'
        f"{_notes(status, language, crash, has_worker, same_model)}"
        f"{_failures(status.failures, names, language)}{plan_link(plan, language)}</div>"
    )


def _bar(label: str, tally: Tally) -> str:
    parts = "".join(
        f'<i class="is-{state}" style="width:{100 * getattr(tally, state) / tally.total:.2f}%"></i>'
        for state in ("done", "failed", "running")
        if tally.total and getattr(tally, state)
    )
    return (
        f'<tr><td>{escape(label)}</td><td><div class="fp-width" role="progressbar" aria-valuemin="0" '
        f'aria-valuenow="{tally.done}" aria-valuemax="{tally.total}">{parts}</div></td>'
        f"<td>{tally.done} / {tally.total}</td></tr>"
    )


def _learning(status: RunStatus, language: str) -> str:
    """A bar for each method that learns people first, until it has learned them."""
    return "".join(
        _bar(text("studies.learning", language, method=method_name(method, language)), tally)
        for (kind, method), tally in status.tallies.items()
        if kind == "enrol" and tally.done < tally.total
    )


def _pace(status: RunStatus, language: str) -> str:
    if status.phase != "making":
        return ""
    if status.seconds_left is None or status.pictures_an_hour is None:
        return text("studies.left_unknown", language)
    left = words.duration(status.seconds_left, language)
    return text("studies.left", language, rate=f"{status.pictures_an_hour:,.0f}", left=left)


def _notes(status: RunStatus, language: str, crash: Reason | None, has_worker: bool, same_model: bool) -> str:
    said = []
    if status.phase == "open":
        left_out = len(status.failures) > 0
        said.append(note(text(f"studies.note.open{'_gaps' if left_out else ''}", language), "good", "check"))
    elif status.phase == "stuck":
        said.append(note(text("studies.note.stuck", language, n=status.pictures.failed), "poor", "warning"))
    elif status.phase == "paused":
        key = "pausing" if status.workers else "paused"
        said.append(note(text(f"studies.note.{key}", language), "fair"))
    elif not same_model:
        said.append(note(text("studies.note.other_model", language), "fair", "warning"))
    elif status.phase == "waiting" and crash is None:
        key = "starting" if has_worker else "no_worker"
        said.append(note(text(f"studies.note.{key}", language), "fair"))
    if crash is not None and status.phase in ("waiting", "making"):
        said.append(note(crash.text(language), "poor", "warning"))
    return "".join(said)


def _failures(failures: Sequence[Failure], names: Mapping[str, str], language: str) -> str:
    if not failures:
        return ""
    heads = ("method", "person", "picture", "reason")
    head = "".join(f"<th>{escape(text(f'studies.failed.{key}', language))}</th>" for key in heads)
    rows = "".join(_failure(failure, names, language) for failure in failures[:LISTED])
    more = hint(text("studies.failed.more", language, n=len(failures) - LISTED)) if len(failures) > LISTED else ""
    title = escape(text("studies.failed.title", language, n=len(failures)))
    return (
        f'<details class="fp-failures" open><summary>{title}</summary><div class="fp-scroll"><table class="fp-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}</details>"
    )


def _failure(failure: Failure, names: Mapping[str, str], language: str) -> str:
    if failure.kind == "picture":
        what = f"{failure.prompt} ({text('create.row_seed', language, seed=failure.seed)})"
    else:
        what = text("studies.failed.learning", language)
    cells = (method_name(failure.method, language), shown_name(failure.person, names, language), what)
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{told}<td>{escape(failure.reason.text(language))}</td></tr>"
