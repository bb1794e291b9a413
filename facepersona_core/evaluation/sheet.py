"""The contact sheet: people x prompts, the photo that the method was given in the first column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from facepersona_core.evaluation.judges import REFERENCE
from facepersona_core.evaluation.records import Cell, RunFolder
from facepersona_core.evaluation.run import Plan

SIDE = 8
"""People, and prompts, on the sheet of a run."""
HEAD = 34
"""Pixels above the first row, for the prompts."""


def run_sheet(plan: Plan, folder: RunFolder, out: Path) -> None:
    """Write the sheet of the first method of ``plan``: eight people and eight prompts from all axes, as a PNG."""
    method, people, prompts = plan.methods[0], spread(plan.people, SIDE), spread(range(len(plan.prompts)), SIDE)
    rows: list[tuple[Image.Image | str, list[Image.Image]]] = [
        (
            Image.open(folder.people / str(person) / REFERENCE).convert("RGB"),
            [folder.picture(Cell(method, person, prompt, 0, False)) for prompt in prompts],
        )
        for person in people
    ]
    draw_sheet([plan.prompts[prompt].text for prompt in prompts], rows).save(out)


def draw_sheet(
    prompts: Sequence[str], rows: Sequence[tuple[Image.Image | str, Sequence[Image.Image]]], cell: int = 160
) -> Image.Image:
    """A row for each of ``rows``: the photo (or words in its place) and one picture for each of ``prompts``."""
    sheet = Image.new("RGB", (cell * (len(prompts) + 1), cell * len(rows) + HEAD), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((4, 10), "reference", fill="black")
    for column, prompt in enumerate(prompts, 1):
        pen.multiline_text((column * cell + 4, 3), wrap(prompt.removeprefix("a photo of ")), fill="black")
    for row, (photo, pictures) in enumerate(rows):
        top = HEAD + row * cell
        for column, shown in enumerate([photo, *pictures]):
            if isinstance(shown, str):
                pen.text((4, top + cell // 2), shown, fill="black")
            else:
                sheet.paste(shown.resize((cell, cell), Image.Resampling.LANCZOS), (column * cell, top))
    return sheet


def spread(items: Sequence[int], count: int) -> list[int]:
    """At most ``count`` of ``items``, evenly over all of them.

    >>> spread(range(40), 8)
    [0, 5, 10, 15, 20, 25, 30, 35]
    """
    count = min(count, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def wrap(text: str, width: int = 25) -> str:
    """``text`` on at most two lines of about ``width`` characters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines[:2])
