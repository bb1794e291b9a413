"""What a section is built of; the template knows how each looks on a screen and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

Cell = str | Markup


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str
    tone: str = ""
    """"lead": the finding of the section; "note": how to read it; "warn": a limit that must not be overlooked."""


@dataclass(frozen=True)
class Points:
    """A list of short sentences."""

    words: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first column names the row."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    look: str = ""
    """"long": may go on over the page, head repeated; "words": columns of sentences, not of figures."""


@dataclass(frozen=True)
class Row:
    """One row of estimates."""

    name: Cell
    strip: Markup
    value: Cell
    note: str = ""


@dataclass(frozen=True)
class Strips:
    """Estimates with intervals, one row each, over a common axis."""

    title: str
    rows: Sequence[Row]
    axis: Markup
    axis_title: str
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A drawing with its title."""

    title: str
    drawing: Markup
    note: str = ""


@dataclass(frozen=True)
class Pair:
    """Two blocks side by side where there is room."""

    left: Block
    right: Block


@dataclass(frozen=True)
class Card:
    """One picture: what it shows, and a line or two on it."""

    picture: str
    """A data URI, or "" where no picture may be shown."""
    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Cards:
    """Pictures in a row."""

    title: str
    cards: Sequence[Card]
    note: str = ""


@dataclass(frozen=True)
class Board:
    """Pictures in a grid: one row a person, one column a method."""

    title: str
    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    """What the row shows, and the data URI of each picture ("": none)."""
    note: str = ""
    missing: str = ""
    """What stands in place of a picture that may not be shown."""


Block = Text | Points | Table | Strips | Figure | Pair | Cards | Board


@dataclass(frozen=True)
class Section:
    """One numbered part of the report."""

    key: str
    title: str
    blocks: Sequence[Block]

    def __post_init__(self) -> None:
        assert self.blocks, f"section {self.key} is empty"
