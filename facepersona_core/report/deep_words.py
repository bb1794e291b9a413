"""What a deep analysis says, in the words that report and Results tab share: values in, sentences and rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facepersona_core.analysis.deep_results import Correlation, HybridAxis, Sensitivity, Without
from facepersona_core.analysis.intervals import Interval
from facepersona_core.report.spans import of
from facepersona_core.report.words import Words, odds_share

Namer = Callable[[str], str]
"""From a key to what the reader calls it."""
CORRELATION = ("question", "metric", "pairs", "same", "kendall", "spearman")
CHANGES = ("change", "tried", "leader", "sure", "share")
"""Columns of `correlations` and `changes`: keys under ``hybrid.head`` and ``sensitivity.head``."""
GAIN = 0.01
"""Intervals that machine scores narrow by less than this share are as wide as without."""
MOST = 8
"""Most upsetting changes listed by name for one question."""


def points(value: float) -> str:
    """Points in hundredths: 0.1 is +10."""
    return f"{100 * value:+.0f}".replace("-", "−") if abs(value) >= 0.005 else "0"


def estimate(found: Interval) -> str:
    """``+10 (+4 … +16)``."""
    return f"{points(found.value)} ({points(found.low)} … {points(found.high)})"


def gain(result: HybridAxis) -> float | None:
    """By which share machine scores narrow the intervals of people's answers, on average where they are used.

    None: nowhere."""
    narrowed = [
        1.0 - (each.hybrid.high - each.hybrid.low) / (each.human.high - each.human.low)
        for each in result.contrasts or ()
        if each.hybrid
    ]
    return sum(narrowed) / len(narrowed) if narrowed else None


def hybrid_finding(words: Words, axis: str, result: HybridAxis | None) -> str:
    """Whether the machine helps on the question ``axis``, and why not; or why nothing can be said."""
    question = words(f"questions.{axis}")
    if result is None or result.contrasts is None:
        why = result.reasons["contrasts"] if result else "no_scores"
        return words("ranking.missing", question=question, why=words(f"analysis_reasons.{why}"))
    narrower = gain(result)
    if narrower is not None:
        key = "used" if narrower >= GAIN else "little"
        return words(f"hybrid.{key}", question=question, gain=words.percent(narrower))
    return words("hybrid.unused", question=question, why=words(f"analysis_reasons.{result.reasons['hybrid']}"))


def hybrid_basis(words: Words, result: HybridAxis, metric: Namer) -> str:
    """What the estimates rest on: the scores, how far they go along with votes, and how pairs were sent to people."""
    facts = words(
        "hybrid.facts",
        metrics=words.list(map(metric, result.metrics)) or words("common.none"),
        rho=words.number(result.rho),
        low=words.number(None if result.rho_low is None else max(result.rho_low, -1.0)),
        trust=words.number(result.trust),
        rated=words.count(result.rated),
        made=words.count(result.made),
    )
    share = words.percent(result.probability)
    return facts + (words("hybrid.routed", probability=share) if result.probability < 1.0 else "")


def correlations(words: Words, found: Sequence[Correlation], metric: Namer) -> list[list[str]]:
    """A row each question and machine score; a score of one question is shown for the other too."""
    return [
        [
            words(f"questions.short.{each.axis}"),
            metric(each.metric),
            words.count(each.pairs),
            words.span(of(each.same_sign), "percent"),
            words.span(of(each.kendall)),
            words.span(of(each.spearman)),
        ]
        for each in found
    ]


def sensitivity_finding(words: Words, axis: str, result: Sensitivity | None, name: Namer) -> str:
    """Who leads the question ``axis`` with all votes, or that nobody does yet."""
    question = words(f"questions.{axis}")
    if result is None:
        return words("sensitivity.missing", question=question)
    names = {"leader": name(result.leader), "second": name(result.runner_up)}
    lead = words.span(odds_share(of(result.lead)), "percent")
    state = words("sensitivity.sure" if result.sure else "sensitivity.unsure")
    return words("sensitivity.result", question=question, lead=lead, state=state, **names)


def robustness(words: Words, result: Sensitivity) -> str:
    """How many changes give another result."""
    upset = result.upset_by
    return words("sensitivity.upset" if upset else "sensitivity.robust", n=len(upset), all=len(result.changes))


def changes(words: Words, result: Sensitivity) -> list[list[str]]:
    """A row each kind of change: how many were tried, how many changed something, and the range of the lead."""
    rows = []
    for kind, tried in result.groups.items():
        counts = (len(tried), sum(bool(each.leader_changes) for each in tried))
        sure = sum(bool(each.sureness_changes) for each in tried)
        rows.append([words(f"sensitivity.change.{kind}"), *map(words.count, (*counts, sure)), _range(words, tried)])
    return rows


def upsetting(words: Words, result: Sensitivity) -> str:
    """The raters and prompts without whom the result is another; "" when there are none."""
    named = [change_name(words, each) for each in result.upset_by if each.name]
    more = words("sensitivity.more", n=len(named) - MOST) if len(named) > MOST else ""
    return words("sensitivity.named", names=words.list(named[:MOST])) + more if named else ""


def change_name(words: Words, each: Without) -> str:
    """One change: which rater or prompt is left out, or what else is done."""
    key = f"sensitivity.without_{each.change}" if each.name else f"sensitivity.change.{each.change}"
    return words(key, name=each.name)


def _range(words: Words, tried: Sequence[Without]) -> str:
    """The least and the greatest lead, as shares of decisive votes."""
    shares = [share.value for each in tried if (share := odds_share(of(each.lead)))]
    if not shares:
        return words.unknown
    low, high = words.percent(min(shares)), words.percent(max(shares))
    return low if low == high else words("sensitivity.range", low=low, high=high)
