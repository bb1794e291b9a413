"""The methods and whether they may be used commercially."""

from __future__ import annotations

from markupsafe import Markup

from facepersona_core.methods.base import MethodCard
from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.view import View
from facepersona_core.report.words import Words

DASH = "–"
TONES = {"yes": "pass", "ask": "open", "no": "fail"}


def blocks(view: View) -> list[Block]:
    """Licences first, then what each method needs."""
    words, cards = view.words, [each.card for each in view.data.methods]
    licences = [[view.marked(card.key), _use(view, card), _why(view, card)] for card in cards]
    needs = [
        [
            view.marked(card.key),
            card.paper or DASH,
            _learning(view, card),
            _photos(view, card),
            f"+{card.memory_gb:g} GB",
        ]
        for card in cards
    ]
    heads = {
        name: [words(f"methods.head.{key}") for key in keys]
        for name, keys in (
            ("licences", ("method", "commercial", "why")),
            ("needs", ("method", "paper", "learning", "photos", "memory")),
        )
    }
    barred = [view.method(card.key) for card in cards if card.commercial_use != "yes"]
    lead = words("methods.barred", methods=words.list(barred)) if barred else words("methods.all_free")
    return [
        Text(lead, "lead"),
        Table(words("methods.licences"), heads["licences"], licences, words("methods.licence_note"), "words"),
        Table(words("methods.needs"), heads["needs"], needs, words("methods.needs_note"), "words"),
    ]


def _use(view: View, card: MethodCard) -> Markup:
    word = view.words(f"methods.commercial.{card.commercial_use}")
    return Markup('<span class="badge {}">{}</span>').format(TONES[card.commercial_use], word)


def _why(view: View, card: MethodCard) -> Markup:
    reason = view.words(f"methods.why.{card.commercial_use}")
    licences = view.words("methods.licence", code=card.code_licence, weights=licence(view.words, card.weights_licence))
    return Markup("{}<br><small>{}</small>").format(reason, licences)


def licence(words: Words, told: str) -> str:
    """A licence with its remark in the reader's language, as in "Apache-2.0 (trained by this project)"."""
    name, _, remark = told.removesuffix(")").partition(" (")
    return f"{name} ({words.either(f'methods.remarks.{remark}', remark)})" if remark else told


def _learning(view: View, card: MethodCard) -> str:
    key = "trains" if card.fine_tunes else "reads" if card.uses_identity else "nothing"
    return view.words(f"methods.learning.{key}")


def _photos(view: View, card: MethodCard) -> str:
    return view.words("methods.photos", n=card.references_needed) if card.references_needed else DASH
