"""The result side of the Create tab: status line and picture board of one run, in the page's language."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ui.create_views import method_name, shown_name
from ui.html import escape, icon, note
from ui.i18n import text
from ui.messages import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facepersona_core.stores import Made
    from facepersona_core.types import Score
    from ui.runs import Run


def welcome_html(language: str) -> str:
    """What stands where the pictures will be."""
    words = {key: escape(text(f"create.welcome_{key}", language)) for key in ("title", "1", "2")}
    return (
        f'<div class="fp-welcome">{icon("pictures")}<h3>{words["title"]}</h3>'
        f"<p>{words['1']}</p><p>{words['2']}</p></div>"
    )


def problem_html(error: BaseException, language: str) -> str:
    """The status panel for what went wrong before anything was made."""
    return f'<div class="fp-status is-error" role="alert">{escape(explain(error, language))}</div>'


def asked_html(words: str) -> str:
    """The status panel for something that is still to be chosen."""
    return f'<div role="alert">{note(words, "fair", "warning")}</div>'


def status_html(run: Run, names: Mapping[str, str], problem: str) -> str:
    """One line and a bar about ``run``; ``problem`` is the explanation of its error, explained once by the caller."""
    language, made = run.language, len(run.made)
    if run.state == "failed":
        kept = text("create.failed", language, made=made, total=run.total)
        return f'<div class="fp-status is-error" role="alert">{escape(problem)}<br>{escape(kept)}</div>'
    if run.state in ("done", "stopped"):
        one = run.state == "done" and made == 1
        key, tone = f"create.{run.state}{'_one' if one else ''}", "is-done" if run.state == "done" else ""
        words = text(key, language, made=made, total=run.total, seconds=duration(run.seconds, language))
        return f'<div class="fp-status {tone}" role="status" data-state="{run.state}">{_line(words, "")}</div>'
    words, beside, fraction = _at_work(run, names)
    bar = f'<div class="fp-bar"><i style="width:{max(2.0, 100 * fraction):.1f}%"></i></div>'
    return f'<div class="fp-status" role="status" data-state="{run.state}">{_line(words, beside)}{bar}</div>'


def _at_work(run: Run, names: Mapping[str, str]) -> tuple[str, str, float]:
    """Words, what stands beside them, and the fraction for the bar."""
    language = run.language
    elapsed = text("create.elapsed", language, seconds=duration(run.seconds, language))
    if run.stopping:
        return text("create.stopping", language), elapsed, run.fraction
    if run.state == "learning":
        name = shown_name(run.person.name, names, language)
        words = text("create.learning", language, method=method_name(run.method, language), name=name)
        return words, _left(run), run.fraction
    if run.state == "loading":
        return text("create.loading", language), elapsed, 0.0
    number = min(len(run.made) + 1, run.total)
    words = text("create.making", language, method=method_name(run.method, language), number=number, total=run.total)
    return words, elapsed, run.fraction


def _left(run: Run) -> str:
    """What is left at the pace since learning was first heard of; before that is known, what has passed."""
    seen = run.fraction - run.stage_from
    if seen <= 0.02:
        return text("create.elapsed", run.language, seconds=duration(run.seconds, run.language))
    left = (time.monotonic() - run.stage_started) * (1 - run.fraction) / seen
    percent = round(100 * run.fraction)
    return text("create.learning_time", run.language, percent=percent, left=duration(left, run.language))


def duration(seconds: float, language: str) -> str:
    """Seconds up to two minutes, then minutes."""
    if seconds < 120:
        return text("create.seconds", language, n=max(1, round(seconds)))
    return text("create.minutes", language, n=round(seconds / 60))


def _line(words: str, beside: str) -> str:
    return f'<div class="fp-status-line"><span>{escape(words)}</span><small>{escape(beside)}</small></div>'


def board_html(run: Run, names: Mapping[str, str]) -> str:
    """One column a method, one row a seed."""
    language = run.language
    columns = f"56px repeat({len(run.methods)}, minmax(132px, 250px))"
    heads = "".join(f'<div class="fp-col">{escape(method_name(key, language))}</div>' for key in run.methods)
    rows = "".join(_row(run, seed, names) for seed in run.seeds)
    return (
        f'<div class="fp-board">{_head(run, names)}'
        f'<div class="fp-grid" style="grid-template-columns:{columns}"><div></div>{heads}{rows}</div></div>'
    )


def _head(run: Run, names: Mapping[str, str]) -> str:
    request, language = run.request, run.language
    key = "create.board_facts" if request.count > 1 else "create.board_facts_one"
    facts = text(
        key,
        language,
        person=shown_name(run.person.name, names, language),
        first=run.seeds[0],
        last=run.seeds[-1],
        steps=request.steps,
        guidance=f"{request.guidance:g}",
        strength=f"{request.strength:g}",
    )
    if request.candidates > 1:
        facts += text("create.board_best", language, candidates=request.candidates)
    return f'<div class="fp-board-head"><q>{escape(request.prompt)}</q><small>{escape(facts)}</small></div>'


def _row(run: Run, seed: int, names: Mapping[str, str]) -> str:
    label = text("create.row_seed", run.language, seed=f"\n{seed}")
    cells = "".join(_cell(run, method, seed, names) for method in run.methods)
    return f'<div class="fp-row">{escape(label)}</div>{cells}'


def _cell(run: Run, method: str, seed: int, names: Mapping[str, str]) -> str:
    made = run.made.get((method, seed))
    if made:
        return _picture(run, made, names)
    making = not run.finished and run.method == method
    key = "cell_making" if making else ("cell_none" if run.finished else "cell_waiting")
    frame = f'<div class="fp-frame{" is-making" if making else ""}">{escape(text(f"create.{key}", run.language))}</div>'
    return f'<figure class="fp-picture">{frame}</figure>'


def _picture(run: Run, made: Made, names: Mapping[str, str]) -> str:
    language, record = run.language, made.record
    alt = text(
        "create.picture_alt",
        language,
        person=shown_name(run.person.name, names, language),
        prompt=run.request.prompt,
        method=method_name(record.method, language),
        seed=record.seed,
    )
    title = escape(text("create.download_title", language))
    return (
        f'<figure class="fp-picture"><div class="fp-frame"><img src="/files/{escape(record.file_key)}" '
        f'alt="{escape(alt)}"><span class="fp-ai">{escape(text("create.ai", language))}</span></div>'
        f'<div class="fp-scores">{"".join(_score(score, language) for score in made.scores)}'
        f'<a class="fp-download" href="/pictures/{record.recipe_hash}.zip" download title="{title}">'
        f"{icon('download')}{escape(text('create.download', language))}</a></div></figure>"
    )


def _score(score: Score, language: str) -> str:
    if score.metric == "identity_similarity":
        return _identity(score.value, language)
    if score.metric == "text_match":
        return _text_match(score.value, language)
    return ""


def _identity(value: float | None, language: str) -> str:
    """The score between the measured stranger floor (0) and same-person ceiling (1)."""
    title = escape(text("create.identity", language))
    if value is None:
        return f"<div>{escape(text('create.identity_none', language))}</div>"
    percent = round(100 * value)
    ends = (escape(text(f"create.{key}", language)) for key in ("stranger", "same_person"))
    return (
        f'<div title="{escape(text("create.identity_of", language, percent=percent))}">'
        f'<div class="fp-score-line"><span>{title}</span><b>{percent} %</b></div>'
        f'<div class="fp-scale"><i style="left:{min(98, max(2, percent))}%"></i></div>'
        f'<div class="fp-ends"><span>{"</span><span>".join(ends)}</span></div></div>'
    )


def _text_match(value: float | None, language: str) -> str:
    title = escape(text("create.text_score", language))
    if value is None:
        return f"<div>{escape(text('create.text_none', language))}</div>"
    percent = round(100 * value)
    return (
        f'<div><div class="fp-score-line"><span>{title}</span><b>{percent} %</b></div>'
        f'<div class="fp-meter"><i style="width:{percent}%"></i></div></div>'
    )
