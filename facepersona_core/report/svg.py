"""Shapes of a drawing as SVG markup: lines, text, markers, and the frame of a figure with two axes."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

from markupsafe import Markup, escape

from facepersona_core.palette import GRID, INK, PAPER, SOFT
from facepersona_core.report.scales import Scale

# Without spaces and quotes: the PDF writer reads this attribute literally.
FONT = "Noto Sans CJK JP,Noto Sans JP,Hiragino Sans,Yu Gothic UI,Meiryo,sans-serif"
_CORNERS = {"square": (4, 45), "diamond": (4, 0), "triangle-up": (3, -90), "hexagon": (6, 0)}
"""Number of corners and the angle of the first."""


def drawing(width: float, height: float, parts: str, label: str = "") -> Markup:
    """A whole drawing; ``label`` tells screen readers what it shows, without one it is hidden from them."""
    about = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    size = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    return Markup(f'<svg xmlns="http://www.w3.org/2000/svg" {size} {about}>{parts}</svg>')


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dashed: bool = False) -> str:
    """A straight line."""
    ends = " ".join(
        f'{name}="{number(value)}"' for name, value in zip(("x1", "y1", "x2", "y2"), (x1, y1, x2, y2), strict=True)
    )
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<line {ends} stroke="{colour}" stroke-width="{number(width)}"{dashes}/>'


def rectangle(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle; ``x`` and ``y`` are its left top corner."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect x="{number(x)}" y="{number(y)}" {size} fill="{colour}"/>'


def text(x: float, y: float, words: str, colour: str = INK, size: int = 11, anchor: str = "middle") -> str:
    """One line of text; ``anchor`` is start, middle or end."""
    place = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"'
    return f'<text {place} font-family="{FONT}" font-size="{size}" fill="{colour}">{escape(words)}</text>'


def halo(x: float, y: float, words: str, colour: str, size: int) -> str:
    """A line of text from ``x`` on, on a white rim that parts it from lines behind."""
    place = f'x="{number(x)}" y="{number(y)}" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round"'
    rim = f'<text {place} font-family="{FONT}" font-size="{size}" fill="{PAPER}">{escape(words)}</text>'
    return rim + text(x, y, words, colour, size, "start")


def marker(x: float, y: float, colour: str, kind: str, radius: float) -> str:
    """A mark of one of `palette.MARKERS`, with a white rim."""
    look = f'fill="{colour}" stroke="{PAPER}" stroke-width="1"'
    if kind == "circle":
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" {look}/>'
    if kind in _CORNERS:
        count, first = _CORNERS[kind]
        angles = [first + 360 * i / count for i in range(count)]
        points = [(radius * 1.2 * cos(a * pi / 180), radius * 1.2 * sin(a * pi / 180)) for a in angles]
    elif kind == "star":
        angles = [-90 + 36 * i for i in range(10)]
        reach = (radius * 1.35, radius * 0.6)
        points = [(reach[i % 2] * cos(a * pi / 180), reach[i % 2] * sin(a * pi / 180)) for i, a in enumerate(angles)]
    else:
        points = _cross(radius, turned=kind == "x")
    path = " ".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in points)
    return f'<polygon points="{path}" {look}/>'


def _cross(radius: float, turned: bool) -> list[tuple[float, float]]:
    a, b = radius * 0.38, radius * 1.15
    points = [
        (-a, -b),
        (a, -b),
        (a, -a),
        (b, -a),
        (b, a),
        (a, a),
        (a, b),
        (-a, b),
        (-a, a),
        (-b, a),
        (-b, -a),
        (-a, -a),
    ]
    if not turned:
        return points
    half = 0.5**0.5
    return [((dx - dy) * half, (dx + dy) * half) for dx, dy in points]


@dataclass(frozen=True)
class Frame:
    """The area of a figure between its axes."""

    x: Scale
    y: Scale
    width: int
    height: int
    left: int

    top = 12
    room = 40
    """Below the area, for ticks and title."""

    @property
    def right(self) -> float:
        """End of the area."""
        return self.width - 12

    @property
    def bottom(self) -> float:
        """End of the area."""
        return self.height - self.room

    def across(self, value: float) -> float:
        """Horizontal place of a value."""
        return self.left + (self.right - self.left) * self.x.place(value)

    def up(self, value: float) -> float:
        """Vertical place of a value."""
        return self.bottom - (self.bottom - self.top) * self.y.place(value)

    def axes(self, titles: tuple[str, str]) -> str:
        """Grid, ticks and the titles of both axes."""
        parts = []
        for tick in self.x.ticks:
            parts.append(line(self.across(tick), self.top, self.across(tick), self.bottom, GRID))
            parts.append(text(self.across(tick), self.bottom + 14, self.x.write(tick), SOFT, 10))
        for tick in self.y.ticks:
            parts.append(line(self.left, self.up(tick), self.right, self.up(tick), GRID))
            parts.append(text(self.left - 6, self.up(tick) + 3.5, self.y.write(tick), SOFT, 10, "end"))
        parts.append(text((self.left + self.right) / 2, self.height - 6, titles[0]))
        middle = f'transform="translate(11,{number((self.top + self.bottom) / 2)}) rotate(-90)"'
        return "".join(parts) + f"<g {middle}>{text(0, 0, titles[1])}</g>"
