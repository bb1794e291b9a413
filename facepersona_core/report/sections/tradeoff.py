"""Identity fidelity against editability: no single number can stand for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from facepersona_core.metrics.cards import IDENTITY_SIMILARITY, TEXT_MATCH
from facepersona_core.report.blocks import Block, Figure, Pair, Text
from facepersona_core.report.figures import Point, trade_off
from facepersona_core.report.scales import linear
from facepersona_core.report.spans import Span, span
from facepersona_core.report.svg import Frame
from facepersona_core.report.view import View

SIZE = (330, 300)


def blocks(view: View) -> list[Block]:
    """Raters and machine side by side."""
    words = view.words
    figures: list[Block] = []
    for key, drawn in (("human", human(view, SIZE)), ("machine", machine(view, SIZE))):
        title = words(f"tradeoff.{key}")
        figures.append(Figure(title, drawn) if drawn else Text(words("common.missing", what=title), "warn"))
    return [Text(words("tradeoff.lead"), "lead"), Pair(*figures), Text(words("tradeoff.note"), "note")]


def human(view: View, size: tuple[int, int]) -> Markup | None:
    """What raters say; None before there is a ranking on both questions."""
    found: dict[str, dict[str, Span]] = {}
    for axis in ("text", "identity"):
        result = view.axis(axis)
        found[axis] = {
            each.method: Span(each.strength, each.strength_low, each.strength_high)
            for each in (result and result.standings) or ()
        }
    titles = (view.words("tradeoff.follows"), view.words("tradeoff.looks_like"))
    write = (view.words.percent, view.words.percent)
    return _figure(view, found["text"], found["identity"], titles, write, size, view.words("tradeoff.human"))


def machine(view: View, size: tuple[int, int]) -> Markup | None:
    """What machines measured; None without both scores."""
    text: dict[str, Span] = {}
    identity: dict[str, Span] = {}
    for each in view.data.methods:
        for key, values in ((TEXT_MATCH.key, text), (IDENTITY_SIMILARITY.key, identity)):
            score = each.machine.get(key)
            known = span(score.mean, score.interval) if score else None
            if known:
                values[each.card.key] = known
    titles = (view.metric(TEXT_MATCH.key), view.metric(IDENTITY_SIMILARITY.key))
    write = (view.words.number, view.words.percent)
    return _figure(view, text, identity, titles, write, size, view.words("tradeoff.machine"))


def _figure(
    view: View,
    x: dict[str, Span],
    y: dict[str, Span],
    titles: tuple[str, str],
    write: tuple[Callable[[float], str], Callable[[float], str]],
    size: tuple[int, int],
    label: str,
) -> Markup | None:
    methods = [key for key in view.looks if key in x and key in y]
    if not methods:
        return None
    points = [Point(view.method(key), x[key], y[key], *view.looks[key]) for key in methods]
    across, up = (linear(_ends(spans, methods), to, 4) for spans, to in zip((x, y), write, strict=True))
    return trade_off(points, Frame(across, up, *size, left=46), titles, label)


def _ends(spans: dict[str, Span], methods: Sequence[str]) -> list[float | None]:
    return [end for key in methods for end in (spans[key].value, spans[key].low, spans[key].high)]
