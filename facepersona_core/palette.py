"""Colours of figures, Okabe and Ito's, safe for colour-blind readers; every method also has a marker of its own."""

from __future__ import annotations

from collections.abc import Sequence

INK, SOFT, GRID, PAPER = "#151c21", "#5c6b76", "#e1e7eb", "#ffffff"
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C6D1F", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")
DIVERGING = ((0.0, "#D55E00"), (0.5, "#F8FAFC"), (1.0, "#0072B2"))
"""Orange loses, blue wins, white is even."""
READABLE = 4.5
"""Least contrast of text with its ground."""
SOURCES = {"human": (INK, "circle"), "machine": ("#E69F00", "diamond"), "hybrid": ("#0072B2", "square")}
"""Colour and marker of an estimate from people, from machines, and from both."""


def style(methods: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each method key, by its place in ``methods`` (the study's order), so that they stay put."""
    return {key: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, key in enumerate(methods)}


def shade(share: float) -> str:
    """The colour of ``share``, 0 to 1, on `DIVERGING`.

    >>> shade(0.0), shade(0.5), shade(1.0)
    ('#d55e00', '#f8fafc', '#0072b2')
    """
    low, high = DIVERGING[:2] if share <= 0.5 else DIVERGING[1:]
    part = (share - low[0]) / (high[0] - low[0])
    mixed = (a + part * (b - a) for a, b in zip(_channels(low[1]), _channels(high[1]), strict=True))
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in mixed)


def ink_on(colour: str) -> str:
    """`INK` or `PAPER`, whichever is easier to read on ``colour``."""
    return max((INK, PAPER), key=lambda ink: contrast(ink, colour))


def legible(colour: str) -> str:
    """``colour``, darkened until text in it can be read on `PAPER` (WCAG 2.2, level AA).

    >>> legible("#0072B2"), legible("#E69F00")
    ('#0072B2', '#9b6b00')
    """
    parts = _channels(colour)
    while contrast(colour, PAPER) < READABLE:
        parts = [0.97 * part for part in parts]
        colour = "#" + "".join(f"{round(255 * part):02x}" for part in parts)
    return colour


def contrast(one: str, other: str) -> float:
    """How well two colours can be told apart, 1 to 21 (relative luminance, WCAG 2.2)."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> list[float]:
    """Red, green and blue, 0 to 1."""
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
