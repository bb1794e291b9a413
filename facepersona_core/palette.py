"""Colours of figures, Okabe and Ito's, safe for colour-blind readers; every method also has a marker of its own."""

from __future__ import annotations

from collections.abc import Sequence

INK, SOFT, GRID, PAPER = "#151c21", "#5c6b76", "#e1e7eb", "#ffffff"
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C6D1F", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")


def style(methods: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each method key, by its place in ``methods`` (the study's order), so that they stay put."""
    return {key: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, key in enumerate(methods)}
