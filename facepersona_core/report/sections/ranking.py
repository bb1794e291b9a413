"""What people said: the ranking on each question with intervals and possible ranks, and what is good enough."""

from __future__ import annotations

from facepersona_core.analysis.results import AxisResult
from facepersona_core.report import figures
from facepersona_core.report.blocks import Block, Figure, Pair, Row, Strips, Table, Text
from facepersona_core.report.decision import SURE
from facepersona_core.report.figures import Dot, Rival
from facepersona_core.report.scales import shares
from facepersona_core.report.spans import Span, of
from facepersona_core.report.view import AXES, View
from facepersona_core.report.words import odds_share

MAP_WIDTH = 330
"""Of a map of win rates, half the page."""


def blocks(view: View) -> list[Block]:
    """Each question, then who wins against whom, then acceptability, then groups of prompts."""
    found: list[Block] = [Text(view.words("ranking.lead"), "note")]
    for axis in AXES:
        result = view.axis(axis)
        if result is None or not result.standings:
            why = view.reason(result.reasons.get("standings", "no_votes") if result else "no_votes")
            missing = view.words("ranking.missing", question=view.words(f"questions.{axis}"), why=why)
            found.append(Text(missing, "warn"))
            continue
        found += [Text(verdict(view, result), "lead"), _strips(view, result), _pairs(view, result)]
    found += [*_wins(view), _acceptable(view)]
    return [*found, *(table for axis in AXES if (table := _by_prompt_axis(view, axis)))]


def verdict(view: View, result: AxisResult) -> str:
    """Who leads a question, and over whom that is certain."""
    words, standings = view.words, result.standings or ()
    leader = standings[0].method
    if result.contrasts is None:
        why = view.reason(result.reasons.get("contrasts"))
        return words("ranking.so_far", leader=view.method(leader), why=why)
    beaten = [
        other
        for each in result.contrasts
        for winner, other in ((each.first, each.second), (each.second, each.first))
        if winner == leader and each.p_holm < SURE and (each.interval.value > 0) == (winner == each.first)
    ]
    others = [each.method for each in standings[1:] if each.method not in beaten]
    names = {"leader": view.method(leader), "beaten": words.series(map(view.method, beaten))}
    key = "best" if not others else "leads" if beaten else "level"
    return words(f"ranking.{key}", **names, others=words.series(map(view.method, others)))


def _strips(view: View, result: AxisResult) -> Strips:
    words = view.words
    scale = shares(words.percent)
    rows = []
    for each in result.standings or ():
        dot = Dot(Span(each.strength, each.strength_low, each.strength_high), *view.looks[each.method])
        low, high = each.rank_low, each.rank_high
        if low is None or high is None:
            ranks = words("ranking.rank", rank=each.rank)
        else:
            ranks = words("ranking.rank_one" if low == high else "ranking.rank_range", low=low, high=high)
        value = words.span(dot.span, "percent")
        rows.append(Row(view.marked(each.method), figures.strip([dot], scale, (0.5,)), value, ranks))
    title = words(f"questions.{result.axis}")
    counts = {"votes": words.count(result.votes), "raters": result.raters, "prompts": result.prompts}
    ties = words.percent(result.tie_share)
    note = words("ranking.strips_note", ties=ties, **counts)
    return Strips(title, rows, figures.axis(scale), words("ranking.axis"), note)


def _pairs(view: View, result: AxisResult) -> Block:
    """The chosen method against each other one."""
    words, chosen, rows = view.words, view.data.method, []
    if result.contrasts is None:
        return Text(view.reason(result.reasons.get("contrasts")), "warn")
    for each in result.contrasts:
        if chosen not in (each.first, each.second):
            continue
        forward = each.first == chosen
        ends = of(each.interval)
        assert ends is not None and ends.low is not None and ends.high is not None
        odds = ends if forward else Span(-ends.value, -ends.high, -ends.low)
        key = "better" if odds.value > 0 else "worse"
        state = words(f"ranking.{key}" if each.p_holm < SURE else "ranking.unsure")
        other = each.second if forward else each.first
        rows.append([view.marked(other), words.span(odds_share(odds), "percent"), _p(each.p_holm), state])
    head = [words(f"ranking.head.{key}") for key in ("against", "share", "p", "says")]
    return Table(words("ranking.pairs", method=view.method(chosen)), head, rows, look="even")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _wins(view: View) -> list[Block]:
    """A map of win rates for each question, side by side; nothing before the first vote."""
    maps = [_map(view, axis) for axis in AXES]
    if all(isinstance(each, Text) for each in maps):
        return []
    weighted = (view.data.evidence.votes["sampled_with"] < 1.0).any()
    note = view.words("ranking.wins_note") + (view.words("ranking.wins_routed") if weighted else "")
    return [Pair(*maps), Text(note, "note")]


def _map(view: View, axis: str) -> Block:
    words, result = view.words, view.axis(axis)
    title = words("ranking.wins", question=words(f"questions.short.{axis}"))
    if result is None:
        return Text(words("common.missing", what=title), "warn")
    found = result.win_rates
    order = [each.method for each in result.standings or ()] or list(found.methods)
    place = [found.methods.index(method) for method in order]
    rivals = [
        Rival(
            view.method(found.methods[i]),
            *view.looks[found.methods[i]],
            [found.rates[i][j] for j in place],
            [found.votes[i][j] for j in place],
        )
        for i in place
    ]
    return Figure(title, figures.win_rates(rivals, MAP_WIDTH, (words("ranking.against"), title), words.percent))


def _acceptable(view: View) -> Block:
    words, data = view.words, view.data
    known = [(each.card.key, each.acceptable, each.answers) for each in data.methods if each.acceptable]
    if not known:
        return Text(words("ranking.no_answers"), "warn")
    scale = shares(words.percent)
    limit = data.parameters.gates.acceptable
    rows = [
        Row(
            view.marked(key),
            figures.strip([Dot(found, *view.looks[key])], scale, (limit,)),
            words.span(found, "percent"),
            words("ranking.answers", n=words.count(answers)),
        )
        for key, found, answers in sorted(known, key=lambda one: -one[1].value)
    ]
    note = words("ranking.acceptable_note", limit=words.percent(limit))
    return Strips(words("ranking.acceptable"), rows, figures.axis(scale), words("ranking.acceptable_axis"), note)


def _by_prompt_axis(view: View, axis: str) -> Table | None:
    """Chance to beat an average method among the prompts of each group."""
    result, words = view.axis(axis), view.words
    if result is None or not result.by_prompt_axis:
        return None
    keys = [method.card.key for method in view.data.methods]
    rows = []
    for group in dict.fromkeys(item.axis for item in view.data.evidence.plan.prompts):
        found = {each.method: each.strength for each in result.by_prompt_axis.get(group) or ()}
        rows.append([view.prompt_axis(group), *(words.percent(found.get(key)) for key in keys)])
    note = words("ranking.by_axis_note")
    head = [words("people.axis"), *(view.marked(key) for key in keys)]
    return Table(words("ranking.by_axis", question=words(f"questions.{axis}")), head, rows, note, "even")
