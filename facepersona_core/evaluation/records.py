"""The folder of a run: what is being measured, one line a measurement as it is made, pictures, photos of the people.

run.json         what must not change while the run goes on
rows.jsonl       a line a picture and a line an enrolment
pictures/        <method>/<person>_<prompt>_<seed>.webp, with _slot where the expression came through the slot
people/          <person>/reference.png, 1.png ...
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from facepersona_core.errors import EvaluationChanged, FolderNotWritable

Row = dict[str, Any]
PICTURE_QUALITY = 92


@dataclass(frozen=True)
class Cell:
    """One picture of a run."""

    method: str
    person: int
    prompt: int
    """Place in the list of prompts, from 0."""
    seed: int
    """Which of the seeds, from 0; see `run.seed_of`."""
    slot: bool
    """The expression came through the slot, not by words."""

    @property
    def file(self) -> str:
        """Path of the picture under ``pictures``."""
        return f"{self.method}/{self.person}_{self.prompt:02d}_{self.seed}{'_slot' if self.slot else ''}.webp"


class RunFolder:
    """What was measured so far; adds to it line by line, so that a run that was stopped goes on."""

    def __init__(self, path: Path, facts: Mapping[str, Any], people: Path | None = None) -> None:
        """Open or make the folder ``path`` of the run with ``facts``; the photos of the people are in ``people``.

        Raises EvaluationChanged when it holds a run with other facts, and FolderNotWritable."""
        self.path, self.people, self._rows_file = path, people or path / "people", path / "rows.jsonl"
        keep_facts(path, facts)
        self._pictures: dict[Cell, Row] = {}
        self._enrolments: dict[tuple[str, int], Row] = {}
        for row in _whole_lines(self._rows_file):
            self._note(row)

    def _note(self, row: Row) -> None:
        if "enrol_seconds" in row:
            self._enrolments.setdefault((row["method"], row["person"]), row)
        else:
            self._pictures.setdefault(_cell(row), row)

    def __contains__(self, cell: Cell) -> bool:
        return cell in self._pictures

    def enrolled(self, method: str, person: int) -> bool:
        """Whether it is known how long ``method`` took to learn ``person``."""
        return (method, person) in self._enrolments

    def add_enrolment(self, method: str, person: int, row: Row) -> None:
        """Keep how long ``method`` took to learn ``person`` (``enrol_seconds``)."""
        self._add({"method": method, "person": person, **row})

    def add_picture(self, cell: Cell, picture: Image.Image, row: Row) -> None:
        """Keep a picture, then what was measured on it."""
        file = self.path / "pictures" / cell.file
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file, quality=PICTURE_QUALITY)
        self._add({**vars(cell), **row})

    def _add(self, row: Row) -> None:
        with self._rows_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
        self._note(row)

    def picture(self, cell: Cell) -> Image.Image:
        """The picture of ``cell`` as it was kept."""
        return Image.open(self.path / "pictures" / cell.file).convert("RGB")

    def rows(self, method: str, cells: Sequence[Cell]) -> dict[int, list[Row]]:
        """Person -> everything measured for those of ``cells`` that are of ``method``, enrolment first."""
        found: dict[int, list[Row]] = {}
        for cell in cells:
            if cell.method == method:
                own = found.setdefault(cell.person, [])
                own += [] if own else [self._enrolments[method, cell.person]]
                own.append(self._pictures[cell])
        return found


def keep_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Make the folder ``path`` and keep in it the ``facts`` (JSON values) of what is measured there.

    Raises EvaluationChanged when it has other facts, and FolderNotWritable."""
    file = path / "run.json"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not file.is_file():
            file.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
            return
        kept = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise FolderNotWritable(path=path, reason=error.strerror) from error
    changed = [name for name in {**kept, **facts} if kept.get(name) != facts.get(name)]
    if changed:
        seen, expected = (_short(each.get(changed[0])) for each in (facts, kept))
        raise EvaluationChanged(path=path, name=changed[0], seen=seen, expected=expected)


def _cell(row: Row) -> Cell:
    return Cell(row["method"], row["person"], row["prompt"], row["seed"], row["slot"])


def _whole_lines(file: Path) -> list[Row]:
    """The rows in ``file``; a last line that was cut short by the end of its process is taken out of the file."""
    if not file.is_file():
        return []
    data = file.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        file.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _short(value: object) -> str:
    """Hashes by their first digits."""
    shown = str(value)
    return f"{shown[:12]}..." if len(shown) == 64 else shown
