"""How long a picture takes, and what an accepted one costs."""

from __future__ import annotations

from facepersona_core.report import figures
from facepersona_core.report.blocks import Block, Row, Strips, Table, Text
from facepersona_core.report.data import MethodFigures
from facepersona_core.report.figures import Dot
from facepersona_core.report.roi import HOUR
from facepersona_core.report.scales import logarithmic
from facepersona_core.report.view import View


def blocks(view: View) -> list[Block]:
    """Seconds, then money."""
    words, data = view.words, view.data
    columns = ("pictures", "mean", "median", "slow", "learning")
    head = [words("methods.head.method"), *(words(f"cost.head.{key}") for key in columns)]
    rows = [[view.marked(each.card.key), *_seconds(view, each)] for each in data.methods]
    found: list[Block] = [
        *_lead(view),
        Table(words("cost.latency"), head, rows, words("cost.latency_note")),
        Text(words("cost.formula")),
    ]
    priced = [each for each in data.methods if each.cost and each.decision]
    if not priced:
        return [*found, Text(words("cost.missing"), "warn")]
    return [*found, _strips(view, priced), _table(view, priced)]


def _lead(view: View) -> list[Block]:
    """The cost in a sentence."""
    words, chosen, given = view.words, view.data.chosen, view.data.parameters.roi
    if chosen.cost is None:
        return []
    cost = chosen.cost
    share = (cost.made - given.review_seconds * given.review_per_hour / HOUR) / cost.made if cost.made else None
    told = words.span(cost.accepted, "money", given.currency)
    fields = {"method": view.method(view.data.method), "cost": told, "share": words.percent(share)}
    return [Text(words("cost.lead", **fields), "lead")]


def _seconds(view: View, each: MethodFigures) -> list[str]:
    words, latency = view.words, each.latency
    told = [words.unknown] * 4
    if latency:
        known = (latency.mean, latency.median, latency.slow)
        told = [words.count(latency.pictures), *(words("cost.seconds", n=words.number(one)) for one in known)]
    learning = "training" if each.card.fine_tunes else "reading" if each.card.uses_identity else "none"
    return [*told, words(f"cost.learning.{learning}")]


def _strips(view: View, priced: list[MethodFigures]) -> Strips:
    words, roi = view.words, view.data.parameters.roi
    spans = {each.card.key: each.cost.accepted for each in priced if each.cost}
    ends = [end for one in spans.values() for end in (one.value, one.low, one.high)]
    scale = logarithmic([roi.today_cost, *ends], words.money)
    rows = [
        Row(
            view.marked(key),
            figures.strip([Dot(one, *view.looks[key])], scale, (roi.today_cost,)),
            words.span(one, "money"),
        )
        for key, one in spans.items()
    ]
    axis = words("cost.axis", currency=words.currency(roi.currency))
    note = words("cost.axis_note", **view.today)
    return Strips(words("cost.accepted"), rows, figures.axis(scale), axis, note)


def _table(view: View, priced: list[MethodFigures]) -> Table:
    words = view.words
    currency = words.currency(view.data.parameters.roi.currency)
    columns = ("acceptance", "made", "machine", "accepted")
    head = [words("methods.head.method"), *(words(f"cost.head.{key}", currency=currency) for key in columns)]
    rows = []
    for each in priced:
        assert each.cost is not None
        shown = [words.span(each.acceptable, "percent"), words.money(each.cost.made)]
        shown += [words.span(each.cost.machine, "money"), words.span(each.cost.accepted, "money")]
        rows.append([view.marked(each.card.key), *shown])
    return Table(words("cost.table"), head, rows, words("cost.table_note"))
