"""When the system pays for itself, on which assumptions, and in which steps to introduce it."""

from __future__ import annotations

from math import inf

from markupsafe import Markup

from facepersona_core.report.blocks import Block, Figure, Table, Text
from facepersona_core.report.figures import payback
from facepersona_core.report.roi import NUMBERS, STAGES, turning_price
from facepersona_core.report.scales import linear
from facepersona_core.report.sections.gates import turning
from facepersona_core.report.spans import Span
from facepersona_core.report.svg import Frame
from facepersona_core.report.view import View

FIGURES = ("saving", "break_even", "months", "first_year")
FAR = 1000.0
"""A turning price beyond this many times the assumed one is no news."""
MOST = 10.0
"""A break-even point beyond this many years of pictures is not drawn."""


def blocks(view: View) -> list[Block]:
    """Result, picture, assumptions, roll-out."""
    words, data = view.words, view.data
    found: list[Block] = [_assumptions(view)]
    chosen = data.chosen
    if chosen.cost is None or chosen.payback is None:
        return [Text(words("cost.missing"), "warn"), *found, _stages(view)]
    never = chosen.payback.break_even.value == inf
    lead = words(
        "roi.never" if never else "roi.lead",
        method=view.method(data.method),
        pictures=words.count(chosen.payback.break_even.value),
        months=words.number(chosen.payback.months.value, 1),
        year=words.money(chosen.payback.first_year.value, data.parameters.roi.currency),
    )
    return [Text(lead, "lead"), *_warning(view), _figures(view), _curve(view), *found, _stages(view)]


def _warning(view: View) -> list[Block]:
    """How much of the business case nobody has said yet."""
    given, words = view.data.parameters.roi.given, view.words
    unsaid = sum(name not in given for name in NUMBERS)
    return [Text(words("roi.placeholders", n=unsaid, all=len(NUMBERS)), "warn")] if unsaid else []


def _turning(view: View) -> str:
    """At which figures the system no longer pays."""
    chosen, roi, words = view.data.chosen, view.data.parameters.roi, view.words
    assert chosen.latency is not None and chosen.acceptable is not None
    price = turning_price(chosen.latency.mean, chosen.acceptable.value, roi)
    near = price is not None and price <= FAR * roi.price_per_hour
    told = words("roi.turning_price", price=words.money(price, roi.currency)) if near else ""
    return turning(view) + told


def _figures(view: View) -> Table:
    words, data, found = view.words, view.data, view.data.chosen.payback
    assert found is not None
    kinds = {"saving": "money", "break_even": "count", "months": "number", "first_year": "money"}
    rows = []
    for key in FIGURES:
        one: Span = getattr(found, key)
        if key == "months":
            shown = words("common.never") if one.value == inf else words.number(one.value, 1)
            ends = _months(view, one)
        else:
            shown, ends = words.span(Span(one.value), kinds[key]), words.ends(one, kinds[key])
        name = words(f"roi.figure.{key}", currency=words.currency(data.parameters.roi.currency))
        rows.append([name, shown, ends or words.unknown])
    head = [words(f"roi.head.{key}") for key in ("figure", "expected", "interval")]
    return Table(words("roi.result"), head, rows, words("roi.result_note", turning=_turning(view)))


def _months(view: View, found: Span) -> str:
    words = view.words
    if found.low is None or found.high is None:
        return ""
    low, high = (words("common.never") if end == inf else words.number(end, 1) for end in (found.low, found.high))
    return f"{low}–{high}"


def _curve(view: View) -> Block:
    words, roi, chosen = view.words, view.data.parameters.roi, view.data.chosen
    assert chosen.cost is not None and chosen.payback is not None
    year = 12 * roi.pictures_per_month
    turn = chosen.payback.break_even.value
    reach = max(year, 1.25 * turn if turn <= MOST * year else 0.0, 1.0)
    x = linear([0.0, reach], words.count)
    y = linear([0.0, roi.today_cost * reach, roi.setup_cost], words.count, 4)
    names = words("roi.today_line"), words("roi.system_line", method=view.method(view.data.method))
    titles = words("roi.pictures_axis"), words("roi.money_axis", currency=words.currency(roi.currency))
    title = words("roi.curve")
    frame = Frame(x, y, 640, 250, left=76)
    drawn = payback(roi.today_cost, chosen.cost.accepted, roi.setup_cost, frame, turn, (*titles, *names), title)
    return Figure(title, drawn, words("roi.curve_note"))


def _assumptions(view: View) -> Table:
    words, roi = view.words, view.data.parameters.roi
    rows = []
    for name in NUMBERS:
        value: float = getattr(roi, name)
        money = name in ("price_per_hour", "review_per_hour", "today_cost", "setup_cost")
        shown = words.money(value, roi.currency) if money else f"{value:,g}"
        rows.append([words(f"roi.assumption.{name}"), shown, _source(view, name in roi.given)])
    head = [words(f"roi.head.{key}") for key in ("assumption", "value", "source")]
    return Table(words("roi.assumptions"), head, rows, words("roi.assumptions_note"))


def _source(view: View, given: bool) -> Markup:
    tone, key = ("pass", "given") if given else ("open", "default")
    return Markup('<span class="badge {}">{}</span>').format(tone, view.words(f"roi.source.{key}"))


def _stages(view: View) -> Block:
    """Proof of concept, team, company: what each costs, and what must hold before the next."""
    words = view.words
    currency = words.currency(view.data.parameters.roi.currency)
    rows = []
    costs = {stage.key: stage for stage in view.data.stages}
    for key in STAGES:
        stage = costs.get(key)
        volume = words.count(stage.pictures) if stage else words.unknown
        running = _two_lines(view, stage.cost) if stage else words.unknown
        today = words.money(stage.today) if stage else words.unknown
        rows.append([words(f"roi.stage.{key}"), volume, running, today, words(f"roi.next.{key}", **_limits(view))])
    head = [words(f"roi.head.{key}", currency=currency) for key in ("stage", "volume", "running", "today", "next")]
    return Table(words("roi.rollout"), head, rows, words("roi.rollout_note"), "words stages")


def _two_lines(view: View, found: Span) -> Markup:
    value, ends = view.words.money(found.value), view.words.ends(found, "money")
    return Markup("{}<br><small>{}</small>").format(value, ends)


def _limits(view: View) -> dict[str, str]:
    limits = view.data.parameters.gates
    shares = {"acceptable": limits.acceptable, "detected": limits.detected}
    told = {name: view.words.percent(share) for name, share in shares.items()}
    return {**told, "raters": f"{limits.raters:g}", "prompts": f"{limits.prompts:g}"}
