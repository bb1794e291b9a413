"""What was asked of whom: the scenario of the study, its people and its prompts."""

from __future__ import annotations

from markupsafe import Markup

from facepersona_core.report import gallery
from facepersona_core.report.blocks import Block, Board, Card, Cards, Table, Text
from facepersona_core.report.view import View


def scenario(view: View) -> list[Block]:
    """The question, the design, and pictures that nobody picked."""
    words, data = view.words, view.data
    plan, votes = data.evidence.plan, data.evidence.votes
    times = votes["at"].dropna()
    period = [words.date(str(end)) for end in (times.min(), times.max())] if len(times) else []
    requests = [recipe["request"] for recipe in data.recipes]
    facts = [
        ("methods", words.list(view.method(key) for key in plan.methods)),
        ("pictures", words.count(len(data.evidence.pictures))),
        ("seeds", words.list(str(seed) for seed in plan.seeds)),
        ("settings", _settings(view, requests)),
        ("size", words.list(sorted({f"{w} × {h}" for w, h in data.evidence.pictures[["width", "height"]].to_numpy()}))),
        ("model", words.list(sorted({_model(recipe) for recipe in data.recipes})) or words.unknown),
        ("planned", _planned(view)),
        ("done", words("scenario.done", n=words.count(data.analysis.comparisons), raters=data.analysis.raters)),
        ("controls", words("scenario.controls", gold=plan.gold_every, repeat=plan.repeat_every)),
        ("left_out", words("scenario.left_out", n=len(plan.left_out)) if plan.left_out else words("common.none")),
        ("period", f" {words('common.to')} ".join(dict.fromkeys(period)) or words.unknown),
    ]
    rows = [[words(f"scenario.fact.{key}"), value] for key, value in facts]
    return [
        Text(words("scenario.lead", method=view.method(data.method)), "lead"),
        Text(words("scenario.rating")),
        Table(words("scenario.design"), [], rows, look="words"),
        _board(view),
    ]


def people(view: View) -> list[Block]:
    """Who is shown, by what right, and what was asked for."""
    words, data = view.words, view.data
    cards = [
        Card(view.reference(person.name), view.person(person.name), [_right(view, person.name)])
        for person in data.evidence.people
    ]
    prompts = data.evidence.plan.prompts
    axes = list(dict.fromkeys(item.axis for item in prompts))
    rows = [[view.prompt_axis(axis), _lines([item.text for item in prompts if item.axis == axis])] for axis in axes]
    synthetic = sum(person.synthetic for person in data.evidence.people)
    key = "all_synthetic" if synthetic == len(cards) else "some_real"
    return [
        Text(words(f"people.{key}", n=len(cards), real=len(cards) - synthetic), "lead"),
        Cards(words("people.people"), cards),
        Table(words("people.prompts"), [words("people.axis"), words("people.prompt")], rows, look="words"),
        Text(words("people.note"), "note"),
    ]


def _planned(view: View) -> str:
    """How many comparisons were asked of raters, and how many pairs were not."""
    words, plan, (pairs, asked) = view.words, view.data.evidence.plan, view.data.evidence.pairs
    told = words("scenario.planned", n=words.count(asked * plan.overlap), overlap=plan.overlap, raters=plan.raters)
    if asked == pairs:
        return told
    return told + words("scenario.routed", n=words.count(pairs - asked), pairs=words.count(pairs))


def _board(view: View) -> Block:
    rows = []
    for person, prompt, pictures in gallery.examples(view.data.evidence):
        images = [view.reference(person), *(view.picture(one.key) if one else "" for one in pictures)]
        rows.append((view.words("common.named", name=view.person(person), text=prompt), images))
    head = [view.words("scenario.reference"), *(view.method(key) for key in view.data.evidence.plan.methods)]
    note = view.words("scenario.board_note", seed=view.data.evidence.plan.seeds[0])
    return Board(view.words("scenario.board"), head, rows, note, view.words("common.not_shown"))


def _right(view: View, name: str) -> str:
    person, words = view.people[name], view.words
    if person.synthetic:
        return words("people.synthetic")
    if person.consent is None:
        return words("people.no_consent")
    state = "consent" if person.agrees(view.data.evidence.as_of) else "consent_ended"
    return words(f"people.{state}", date=words.date(person.consent["given_at"]), version=person.consent["text_version"])


def _settings(view: View, requests: list[dict[str, object]]) -> str:
    found = {(request.get("steps"), request.get("guidance"), request.get("strength")) for request in requests}
    known = [values for values in found if None not in values]
    if not known:
        return view.words.unknown
    told = sorted(view.words("scenario.settings", steps=s, guidance=g, strength=p) for s, g, p in known)
    return view.words.list(told)


def _model(recipe: dict[str, dict[str, str]]) -> str:
    bundle = recipe.get("bundle", {})
    return f"{bundle.get('name', '?')} {bundle.get('edition', '')}".strip()


def _lines(lines: list[str]) -> Markup:
    return Markup("<br>").join(lines)
