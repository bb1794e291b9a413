"""The first page: the decision, three figures, one plot, the gates, what would change the decision, and pictures."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from facepersona_core.metrics.cards import IDENTITY_SIMILARITY
from facepersona_core.report import gallery
from facepersona_core.report.sections import gates, tradeoff
from facepersona_core.report.sections.ranking import verdict
from facepersona_core.report.spans import Span, span
from facepersona_core.report.view import AXES, View

CHANGES = 3
"""Most points on the first page; section 1 has them all."""
PLOT = (400, 264)
"""Width and height of the plot."""


@dataclass(frozen=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Example:
    """A person and the first picture of them."""

    reference: str
    picture: str
    """Data URIs."""
    person: str
    prompt: str


@dataclass(frozen=True)
class Summary:
    """What the first page shows."""

    title: str
    facts: str
    date: str
    created: str
    """ISO 8601, for the file's own data."""
    outcome: str
    word: str
    sentence: str
    tiles: list[Tile]
    plot_title: str
    plot: Markup | None
    """What raters say; before they say anything, what machines measured."""
    verdicts: list[str]
    """Who leads each question, and whether that is sure."""
    examples_title: str
    examples: list[Example]
    gates: list[tuple[Markup, str, str]]
    """State, name, what was seen."""
    changes: list[str]


def summary(view: View) -> Summary:
    """The first page."""
    data, words = view.data, view.words
    plan, analysis, outcome = data.evidence.plan, data.analysis, data.decision.outcome
    counts = {name: len(getattr(plan, name)) for name in ("people", "prompts", "methods")}
    facts = words("summary.facts", raters=analysis.raters, comparisons=words.count(analysis.comparisons), **counts)
    human = tradeoff.human(view, PLOT)
    return Summary(
        title=words.both(dict(plan.title)),
        facts=facts,
        date=words.date(data.evidence.as_of),
        created=data.evidence.as_of[:10],
        outcome=outcome,
        word=words(f"decision.{outcome}.word"),
        sentence=gates.sentence(view),
        tiles=_tiles(view),
        plot_title=words("tradeoff.human" if human else "tradeoff.machine"),
        plot=human or tradeoff.machine(view, PLOT),
        verdicts=[
            words("common.named", name=words(f"questions.short.{axis}"), text=verdict(view, result))
            for axis in AXES
            if (result := view.axis(axis)) and result.standings
        ],
        examples_title=words("summary.examples", method=view.method(data.method)),
        examples=_examples(view),
        gates=[
            (gates.symbol(view, each), words(f"gates.name.{each.key}"), gates.seen(view, each))
            for each in data.decision.gates
        ],
        changes=gates.changes(view)[:CHANGES],
    )


def _examples(view: View) -> list[Example]:
    """The pictures of section 2 by the chosen method, where they may be shown."""
    place = view.data.evidence.plan.methods.index(view.data.method)
    found = []
    for person, prompt, pictures in gallery.examples(view.data.evidence):
        made, reference = pictures[place], view.reference(person)
        if made and reference and (picture := view.picture(made.key)):
            found.append(Example(reference, picture, view.person(person), prompt))
    return found


def _tiles(view: View) -> list[Tile]:
    data, chosen = view.data, view.data.chosen
    similarity = chosen.machine.get(IDENTITY_SIMILARITY.key)
    like = span(similarity.mean, similarity.interval) if similarity else None
    accepted = chosen.cost.accepted if chosen.cost else None
    return [
        _tile(view, "acceptable", chosen.acceptable, "percent", answers=view.words.count(chosen.answers)),
        _tile(view, "likeness", like, "percent"),
        _tile(view, "cost", accepted, "money", data.parameters.roi.currency, **view.today),
    ]


def _tile(view: View, key: str, found: Span | None, kind: str, unit: str = "", **fields: str) -> Tile:
    words = view.words
    value = words.span(Span(found.value) if found else None, kind, unit)
    ends = words.ends(found, kind) if found else ""
    note = words(f"summary.tile.{key}_note", ends=ends or words.unknown, **fields)
    return Tile(words(f"summary.tile.{key}"), value, note)
