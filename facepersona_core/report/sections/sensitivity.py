"""On what the result hangs: a rater, a prompt, ties, the raters with a flag, the weight of each rater."""

from __future__ import annotations

from collections.abc import Sequence

from facepersona_core.analysis.deep_results import Sensitivity, Without
from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.spans import of
from facepersona_core.report.view import AXES, View
from facepersona_core.report.words import odds_share

CHANGES = ("rater", "prompt", "ties", "flagged", "weighted")
MOST = 8
"""Most upsetting changes listed by name for one question."""


def blocks(view: View) -> list[Block]:
    """Each question."""
    found: list[Block] = [Text(view.words("sensitivity.lead"), "note")]
    for axis in AXES:
        result = (view.data.analysis.sensitivity or {}).get(axis)
        if result is None:
            question = view.words(f"questions.{axis}")
            found.append(Text(view.words("sensitivity.missing", question=question), "warn"))
        else:
            found += _axis(view, axis, result)
    return found


def _axis(view: View, axis: str, result: Sensitivity) -> list[Block]:
    words = view.words
    names = {"leader": view.method(result.leader), "second": view.method(result.runner_up)}
    lead = words.span(odds_share(of(result.lead)), "percent")
    state = words("sensitivity.sure" if result.sure else "sensitivity.unsure")
    question = words(f"questions.{axis}")
    upset = result.upset_by
    told = words("sensitivity.upset" if upset else "sensitivity.robust", n=len(upset), all=len(result.changes))
    head = [words(f"sensitivity.head.{key}") for key in ("change", "tried", "leader", "sure", "share")]
    groups = [(key, [each for each in result.changes if each.change == key]) for key in CHANGES]
    rows = [_group(view, key, changes) for key, changes in groups if changes]
    title = words("sensitivity.result", question=question, lead=lead, state=state, **names)
    found: list[Block] = [Text(title, "lead"), Table(told, head, rows)]
    if named := [each for each in upset if each.name]:
        listed = words.list(_named(view, each) for each in named[:MOST])
        more = words("sensitivity.more", n=len(named) - MOST) if len(named) > MOST else ""
        found.append(Text(words("sensitivity.named", names=listed) + more))
    return found


def _group(view: View, key: str, changes: Sequence[Without]) -> list[str]:
    """How many of the same kind were tried, how many changed something, and the range of the lead."""
    words = view.words
    shares = [share.value for each in changes if (share := odds_share(of(each.lead)))]
    span = words.unknown
    if shares:
        low, high = words.percent(min(shares)), words.percent(max(shares))
        span = low if low == high else words("sensitivity.range", low=low, high=high)
    counts = (sum(bool(each.leader_changes) for each in changes), sum(bool(each.sureness_changes) for each in changes))
    return [words(f"sensitivity.change.{key}"), words.count(len(changes)), *map(words.count, counts), span]


def _named(view: View, each: Without) -> str:
    return view.words(f"sensitivity.without_{each.change}", name=each.name)
