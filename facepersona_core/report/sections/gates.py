"""The gates in words: what each asks, what was seen, and what would change it."""

from __future__ import annotations

from markupsafe import Markup, escape

from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.decision import Gate
from facepersona_core.report.roi import turning_acceptance
from facepersona_core.report.spans import Span
from facepersona_core.report.view import View
from facepersona_core.report.words import odds_share

SYMBOLS = {"pass": "✓", "open": "?", "fail": "✕"}
MORE_AT_MOST = 10.0
"""More raters and prompts than this many times are named no number."""
ODDS = ("likeness", "text")
"""Gates in log odds, written as shares of decisive votes."""
FACTS = ("licence", "evidence")
"""Gates without a figure that could be missing."""
SPANS = ("acceptable", "text", "similarity", "cost")
"""Gates that go by a whole interval."""


def blocks(view: View) -> list[Block]:
    """The rule, the gates of the chosen method, and the states of all methods."""
    words, decision = view.words, view.data.decision
    head = ["", *(words(f"gates.head.{key}") for key in ("gate", "asked", "seen", "change"))]
    rows = [
        [symbol(view, gate), _named(view, gate), asked(view, gate), seen(view, gate), _change(view, gate)]
        for gate in decision.gates
    ]
    title = words("gates.table", method=view.method(view.data.method))
    found: list[Block] = [
        Text(words("gates.rule")),
        Table(title, head, rows, words("gates.note"), "words gates long"),
    ]
    if len(view.able) > 1:
        found.append(_all_methods(view))
    return [*found, Text(words("gates.fixed"), "note")]


def sentence(view: View) -> str:
    """The decision in a sentence."""
    return view.words(f"decision.{view.data.decision.outcome}.sentence", **_fields(view))


def symbol(view: View, gate: Gate) -> Markup:
    """The state of a gate as a coloured sign with its word for screen readers."""
    state = escape(view.words(f"gates.state.{gate.state}"))
    return Markup('<span class="state {}" title="{}">{}</span>').format(gate.state, state, SYMBOLS[gate.state])


def seen(view: View, gate: Gate) -> str:
    """What was seen of a gate, short."""
    words, data = view.words, view.data
    if gate.key == "licence":
        return words(f"methods.commercial.{data.chosen.card.commercial_use}")
    if gate.key == "evidence":
        return words("gates.seen.evidence", raters=data.analysis.raters, prompts=data.analysis.prompts)
    if gate.key == "consent":
        return words(
            "gates.seen.consent", n=words.count(gate.seen.value if gate.seen else None), people=words.count(gate.limit)
        )
    if gate.key == "cost":
        return words.span(gate.seen, "money", data.parameters.roi.currency)
    return words.span(_shown(gate), "percent")


def asked(view: View, gate: Gate) -> str:
    """What a gate asks."""
    words, roi, limits = view.words, view.data.parameters.roi, view.data.parameters.gates
    limit = words.percent(_limit(gate)) if gate.limit is not None else ""
    price = words.money(roi.today_cost, roi.currency)
    fields = {"limit": limit, "today": price, "raters": f"{limits.raters:g}", "prompts": f"{limits.prompts:g}"}
    return words(f"gates.asked.{gate.key}", **fields)


def change(view: View, gate: Gate) -> str:
    """What would change the state of a gate that is not passed."""
    words, roi = view.words, view.data.parameters.roi
    fields = {"seen": seen(view, gate), "asked": asked(view, gate), "gate": words(f"gates.name.{gate.key}")}
    if gate.key in ODDS and view.data.baseline is None:
        return words("gates.change.no_baseline")
    if gate.p is not None and gate.state == "open":
        return words("gates.change.unsure", p=f"{gate.p:.3f}", **fields)
    if gate.key == "cost" and gate.limit is None:
        return words("gates.change.placeholder", today=words.money(roi.today_cost, roi.currency))
    if gate.seen is None and gate.key not in FACTS:
        return words("gates.change.unmeasured", **fields)
    if gate.key in SPANS and gate.seen and gate.seen.low is None:
        clusters = "people" if gate.key == "similarity" else "votes"
        return words(f"gates.change.no_interval_{clusters}", **fields)
    if words.has(f"gates.change.{gate.key}_{gate.state}"):
        return words(f"gates.change.{gate.key}_{gate.state}", **fields)
    if gate.state == "fail":
        return words("gates.change.fail", **fields)
    if gate.more is None:
        return words("gates.change.open", **fields)
    if gate.key == "similarity":  # its clusters are the people shown
        return words("gates.change.people", people=len(view.data.evidence.people), **fields)
    if gate.more > MORE_AT_MOST:
        return words("gates.change.many_more", **fields)
    return words("gates.change.more", times=f"{gate.more:.1f}", **fields)


def changes(view: View) -> list[str]:
    """What would change the decision: failed gates, then open ones, then at which share of pictures the cost turns."""
    gates = view.data.decision.gates
    order = sorted((gate for gate in gates if gate.state != "pass"), key=lambda g: (g.state != "fail", not g.must))
    words = view.words
    found = [words("common.named", name=words(f"gates.name.{gate.key}"), text=change(view, gate)) for gate in order]
    turn = turning(view)
    return [*found, turn] if turn else found


def turning(view: View) -> str:
    """At which share of accepted pictures the cost overtakes today's; "" when there is no cost."""
    cost, roi, words = view.data.chosen.cost, view.data.parameters.roi, view.words
    if cost is None:
        return ""
    share, today = turning_acceptance(cost.made, roi), words.money(roi.today_cost, roi.currency)
    if share is None:
        return words("gates.turning_never", today=today)
    return words("gates.turning", share=words.percent(share), today=today)


def _fields(view: View) -> dict[str, str]:
    decision, words = view.data.decision, view.words
    failed = [gate.key for gate in decision.gates if gate.state == "fail" and gate.must]
    weak = [gate.key for gate in decision.gates if gate.state != "pass"]
    names = {"failed": failed, "weak": weak}
    told = {
        key: words.series(words("common.quoted", name=words(f"gates.name.{gate}")) for gate in keys)
        for key, keys in names.items()
    }
    counts = {"passed": str(len(decision.keys("pass"))), "all": str(len(decision.gates)), "weak_count": str(len(weak))}
    return {"method": view.method(view.data.method), "short": _short(view), **told, **counts}


def _short(view: View) -> str:
    """What there is too little of to decide anything: raters and prompts by count, else answers on the pictures."""
    words, analysis, limits = view.words, view.data.analysis, view.data.parameters.gates
    counts = {"raters": (analysis.raters, limits.raters), "prompts": (analysis.prompts, limits.prompts)}
    short = [
        words(f"decision.short.{key}", seen=seen, needed=f"{needed:g}")
        for key, (seen, needed) in counts.items()
        if seen < needed
    ]
    return words.series(short or [words("decision.short.answers")])


def _named(view: View, gate: Gate) -> Markup:
    must = Markup(' <small class="must">{}</small>').format(view.words("gates.must")) if gate.must else Markup("")
    return Markup("<b>{}</b>").format(view.words(f"gates.name.{gate.key}")) + must


def _change(view: View, gate: Gate) -> str:
    return view.words("gates.held") if gate.state == "pass" else change(view, gate)


def _shown(gate: Gate) -> Span | None:
    return odds_share(gate.seen) if gate.key in ODDS else gate.seen


def _limit(gate: Gate) -> float | None:
    shown = odds_share(Span(gate.limit)) if gate.key in ODDS and gate.limit is not None else None
    return shown.value if shown else gate.limit


def _all_methods(view: View) -> Table:
    keys = [gate.key for gate in view.data.decision.gates]
    rows = []
    for key in keys:
        states = [next(gate for gate in each.decision.gates if gate.key == key) for each in view.able if each.decision]
        rows.append([view.words(f"gates.name.{key}"), *(symbol(view, gate) for gate in states)])
    verdict = [view.words(f"decision.{each.decision.outcome}.word") for each in view.able if each.decision]
    head = [view.words("gates.head.gate"), *(view.marked(each.card.key) for each in view.able)]
    return Table(view.words("gates.all"), head, [*rows, [view.words("gates.outcome"), *verdict]], look="even")
