"""The practice before the first real pair: pairs whose right answers are known, with the reason for each.

The pictures are rendered people (`tools.practice_pairs`), so that every answer is a fact, not an opinion. Nothing that
is answered here is a vote; how many answers agreed is kept with the rater.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

SIDES = ("reference", "a", "b")


@dataclass(frozen=True)
class PracticePair:
    """One pair with its right answers. Its explanation is ``rate.practice.<key>`` of the catalogue."""

    key: str
    prompt: str
    identity: str
    """``"left"``, ``"right"`` or ``"tie"``, like ``text``."""
    text: str
    left_ok: bool
    right_ok: bool


PAIRS: tuple[PracticePair, ...] = (
    PracticePair("person", "a photo of S* smiling in a park", "left", "tie", True, False),
    PracticePair("text", "a photo of S* wearing a red hoodie in the snow", "tie", "right", False, True),
    PracticePair("apart", "a photo of S* at the beach", "right", "left", False, False),
    PracticePair("ignore", "a photo of S* laughing in a cafe", "right", "tie", False, True),
    PracticePair("both_bad", "a photo of S* in a kitchen", "tie", "tie", False, False),
)
QUESTIONS = ("identity", "text", "left_ok", "right_ok")
ANSWERS = len(PAIRS) * len(QUESTIONS)
"""How many answers the whole practice asks for."""


def pairs_for_page() -> list[dict[str, Any]]:
    """`PAIRS` as plain values; the pictures of pair n are ``practice/<n>-<side>.webp``, n from 1."""
    return [asdict(pair) for pair in PAIRS]


def picture(name: str) -> bytes | None:
    """The WebP file called ``name``, or None when there is none."""
    known = {f"{number}-{side}.webp" for number in range(1, len(PAIRS) + 1) for side in SIDES}
    return files("ui").joinpath(f"assets/practice/{name}").read_bytes() if name in known else None
