"""The worst pictures of the method, and why: nobody should see them for the first time after the purchase."""

from __future__ import annotations

from facepersona_core.report import gallery
from facepersona_core.report.blocks import Block, Card, Cards, Table, Text
from facepersona_core.report.gallery import REASONS, Faults, Reason, Shown
from facepersona_core.report.view import View


def blocks(view: View) -> list[Block]:
    """How often each fault occurs, for every method; then the worst pictures of the chosen one."""
    words, data = view.words, view.data
    each = [gallery.faults(data.evidence, method.card.key) for method in data.methods]
    head = [words("errors.fault"), *(view.marked(one.method) for one in each)]
    rows = [[words(f"errors.reason.{reason}"), *(_count(view, one, reason) for one in each)] for reason in REASONS]
    fields = {"unlike": words.percent(gallery.UNLIKE), "answers": gallery.ANSWERS}
    found: list[Block] = [
        Text(words("errors.lead", method=view.method(data.method)), "lead"),
        Table(
            words("errors.table"),
            head,
            rows,
            words("errors.note", missed=words.percent(gallery.MISSED), **fields),
            "even",
        ),
    ]
    cards = [_card(view, reason, one) for reason in REASONS for one in data.faults.worst[reason]]
    if cards:
        found.append(Cards(words("errors.worst", each=gallery.EACH), cards, words("errors.worst_note")))
    return found


def _count(view: View, faults: Faults, reason: Reason) -> str:
    """How many pictures have a fault, and their share of those that could be judged on it."""
    words, count, measured = view.words, faults.counts[reason], faults.measured[reason]
    if not measured:
        return words.unknown
    share = words.percent(count / measured)
    if measured == faults.pictures:
        return f"{words.count(count)} ({share})"
    return words("machine.found", n=words.count(count), of=words.count(measured), share=share)


def _card(view: View, reason: Reason, shown: Shown) -> Card:
    words = view.words
    figure = {"no_face": None, "refused": shown.refused, "unlike": shown.identity, "text_missed": shown.text}[reason]
    why = words(f"errors.why.{reason}", value=words.percent(figure))
    return Card(view.picture(shown.key), why, [shown.prompt, f"{view.person(shown.person)} · {shown.sha256[:8]}"])
