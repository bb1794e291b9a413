"""The drawings of the report: values in, SVG out, the same for the same values.

Rows of estimates are strips without text, one a table row, so that names and numbers are ordinary text of the page;
the large figures carry theirs inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from unicodedata import east_asian_width

from markupsafe import Markup

from facepersona_core.palette import GRID, SOFT, ink_on, legible, shade
from facepersona_core.report.scales import Scale
from facepersona_core.report.spans import Span
from facepersona_core.report.svg import Frame, drawing, halo, line, marker, number, rectangle, text

STRIP, ROW, AXIS, PAD = 400, 42, 18, 24
"""Width of a strip, its height, the height of the axis below, and the room left and right of the scale."""
LIMIT = "#a8322a"
"""Colour of limits, and of what stands for today."""
SYSTEM = "#0072B2"
NAME = 11
"""Font size of the names in a trade-off."""
FAR = 12.0
"""What a name may cover more for each unit that it is nearer to its point."""
EMPTY = "#f0f3f5"
"""Colour of a cell without a figure."""
ROOMY = 32.0
"""Least width of a cell that has room for the count of votes."""
Box = tuple[float, float, float, float]
"""Left, top, width and height."""


@dataclass(frozen=True)
class Dot:
    """One estimate."""

    span: Span
    colour: str
    marker: str = "circle"


@dataclass(frozen=True)
class Rival:
    """One method of a map of win rates: a row, and the column of the same number."""

    name: str
    colour: str
    marker: str
    rates: Sequence[float | None]
    """Share of votes it won against each method; None: against itself, or where they never met."""
    votes: Sequence[int]


@dataclass(frozen=True)
class Point:
    """One method of a trade-off."""

    name: str
    x: Span
    y: Span
    colour: str
    marker: str


def strip(dots: Sequence[Dot], scale: Scale, limits: Sequence[float] = (), height: int = ROW) -> Markup:
    """Estimates with their intervals on one row; ``limits`` are dashed lines that run through all rows."""
    grid = "".join(line(_place(scale, tick), 0, _place(scale, tick), height, GRID) for tick in scale.ticks)
    lines = "".join(
        line(_place(scale, limit), 0, _place(scale, limit), height, LIMIT, 1.2, dashed=True) for limit in limits
    )
    step = height / (len(dots) + 1)
    return drawing(
        STRIP, height, grid + lines + "".join(_dot(dot, scale, step * (i + 1)) for i, dot in enumerate(dots))
    )


def axis(scale: Scale) -> Markup:
    """Ticks below the strips."""
    words = "".join(text(_place(scale, tick), 13, scale.write(tick), SOFT, 11) for tick in scale.ticks)
    return drawing(STRIP, AXIS, words)


def trade_off(points: Sequence[Point], frame: Frame, titles: tuple[str, str], label: str) -> Markup:
    """One point a method, intervals as a cross; top right is best."""
    parts = [frame.axes((f"{titles[0]} →", f"{titles[1]} →"))]
    for point in points:
        x, y = frame.across(point.x.value), frame.up(point.y.value)
        if point.x.low is not None and point.x.high is not None:
            parts.append(line(frame.across(point.x.low), y, frame.across(point.x.high), y, point.colour, 2))
        if point.y.low is not None and point.y.high is not None:
            parts.append(line(x, frame.up(point.y.low), x, frame.up(point.y.high), point.colour, 2))
    parts += [marker(frame.across(p.x.value), frame.up(p.y.value), p.colour, p.marker, 6.5) for p in points]
    return drawing(frame.width, frame.height, "".join(parts) + _names(points, frame), label)


def win_rates(rivals: Sequence[Rival], width: int, words: tuple[str, str], write: Callable[[float], str]) -> Markup:
    """Who won how often against whom: blue wins, orange loses. A column has the mark of its method at its head.

    ``words``: what the columns are, and what the whole is."""
    left = max(_width(rival.name) for rival in rivals) + 26.0
    wide, high, top = (width - left) / len(rivals), 38.0, 34.0
    parts = [text(left + wide * len(rivals) / 2, 11, words[0], SOFT, 10)]
    for i, rival in enumerate(rivals):
        y = top + high * (i + 0.5)
        parts.append(marker(left + wide * (i + 0.5), 24, rival.colour, rival.marker, 5))
        parts.append(marker(7, y, rival.colour, rival.marker, 5))
        parts.append(text(18, y + 4, rival.name, legible(rival.colour), NAME, "start"))
        for j, (rate, votes) in enumerate(zip(rival.rates, rival.votes, strict=True)):
            parts.append(_won(left + wide * j, y - high / 2, wide, high, rate, votes, write))
    return drawing(width, top + high * len(rivals), "".join(parts), words[1])


def payback(
    today: float, system: Span, setup: float, frame: Frame, turn: float, words: tuple[str, str, str, str], label: str
) -> Markup:
    """Money spent (y) over pictures (x): ``today`` a picture, against ``setup`` and then ``system`` a picture.

    ``turn``: where the two cross, infinite if never; ``words``: titles of x and y, names of today's line and of the
    system's."""

    def path(start: float, each: float) -> list[str]:
        end = frame.x.high if each < inf else 0.0
        spent = min(start + each * end, 1e30) if each < inf else start
        return [f"{number(frame.across(n))},{number(frame.up(m))}" for n, m in ((0.0, start), (end, spent))]

    parts = [frame.axes(words[:2])]
    if system.low is not None and system.high is not None and system.high < inf:
        band = " ".join([*path(setup, system.low), *reversed(path(setup, system.high))])
        parts.append(f'<polygon points="{band}" fill="{SYSTEM}" fill-opacity="0.15"/>')
    for start, each, colour in ((0.0, today, LIMIT), (setup, system.value, SYSTEM)):
        points = " ".join(path(start, each))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    if turn <= frame.x.high:
        place = frame.across(turn)
        parts.append(line(place, frame.up(today * turn), place, frame.bottom, SOFT, 1.2, dashed=True))
        parts.append(marker(frame.across(turn), frame.up(today * turn), SOFT, "circle", 5))
    for row, name, colour in ((0, words[2], LIMIT), (1, words[3], SYSTEM)):
        y = frame.top + 16 + 18 * row
        parts.append(line(frame.left + 12, y - 4, frame.left + 34, y - 4, colour, 2.5))
        parts.append(text(frame.left + 40, y, name, size=NAME, anchor="start"))
    return drawing(frame.width, frame.height, "".join(parts), label)


def _won(
    x: float, y: float, wide: float, high: float, rate: float | None, votes: int, write: Callable[[float], str]
) -> str:
    """One cell of the map; the count of votes where there is room for it."""
    if rate is None:
        return rectangle(x + 1, y + 1, wide - 2, high - 2, EMPTY)
    colour = shade(rate)
    ink, middle = ink_on(colour), x + wide / 2
    counted = text(middle, y + high - 7, f"n={votes}", ink, 10) if wide >= ROOMY else ""
    share = text(middle, y + high / 2 + (-1 if counted else 4), write(rate), ink, NAME)
    return rectangle(x + 1, y + 1, wide - 2, high - 2, colour) + share + counted


def _place(scale: Scale, value: float) -> float:
    return PAD + (STRIP - 2 * PAD) * scale.place(value)


def _dot(dot: Dot, scale: Scale, y: float) -> str:
    whiskers = ""
    if dot.span.low is not None and dot.span.high is not None:
        low, high = _place(scale, dot.span.low), _place(scale, dot.span.high)
        whiskers = line(low, y, high, y, dot.colour, 2.5)
        whiskers += "".join(line(end, y - 4, end, y + 4, dot.colour, 2) for end in (low, high))
    return whiskers + marker(_place(scale, dot.span.value), y, dot.colour, dot.marker, 5.5)


def _names(points: Sequence[Point], frame: Frame) -> str:
    """Each name beside its point, where it covers least of points, lines, other names and edges."""
    taken = [box for point in points for box in _boxes(point, frame)]
    parts = []
    for point in sorted(points, key=lambda one: one.x.value):
        x, y, wide = frame.across(point.x.value), frame.up(point.y.value), _width(point.name)
        sides, heights = (x + 9, x - 9 - wide), (y - 6, y + 16, y - 20, y + 30, y - 34, y + 44)
        boxes = [(side, height - NAME, wide, NAME + 3.0) for height in heights for side in sides]
        costs = (_covered(box, taken, frame) + FAR * abs(box[1] - boxes[0][1]) for box in boxes)
        best = min(zip(costs, boxes, strict=True), key=lambda one: one[0])[1]  # the first of equals
        taken.append(best)
        parts.append(halo(best[0], best[1] + NAME, point.name, legible(point.colour), NAME))
    return "".join(parts)


def _boxes(point: Point, frame: Frame) -> list[Box]:
    """What a point covers: its mark and its cross."""
    x, y = frame.across(point.x.value), frame.up(point.y.value)
    boxes = [(x - 9, y - 9, 18.0, 18.0)]
    if point.x.low is not None and point.x.high is not None:
        boxes.append((frame.across(point.x.low), y - 2, frame.across(point.x.high) - frame.across(point.x.low), 4.0))
    if point.y.low is not None and point.y.high is not None:
        boxes.append((x - 3, frame.up(point.y.high), 6.0, frame.up(point.y.low) - frame.up(point.y.high)))
    return boxes


def _covered(box: Box, taken: Sequence[Box], frame: Frame) -> float:
    """How much of ``box`` lies on something or outside the frame; outside counts most."""
    inside = _overlap(box, (frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top))
    return sum(_overlap(box, other) for other in taken) + 100.0 * (box[2] * box[3] - inside)


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def _width(name: str) -> float:
    """About how wide a name is; Japanese characters are square."""
    return sum(NAME * (1.0 if east_asian_width(letter) in "WF" else 0.56) for letter in name)
