"""What a rater may see of a picture: random names, equal size and codec, no metadata."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from sqlalchemy import case, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session, aliased

from facepersona_core.errors import NotAssigned
from storage.database import Database
from storage.files import FileStore, write_atomically
from storage.pictures import encode_png
from storage.tables import (
    AssignmentRow,
    CellRow,
    PairRow,
    PersonRow,
    PhotoRow,
    PictureRow,
    RaterCopyRow,
    RaterFileRow,
    RaterRow,
)

REFERENCE_SIDE = 1024
"""Longest side of the reference photo as raters see it, pixels."""


@dataclass(frozen=True)
class PairFiles:
    """The files of one pair and the size they are shown in: the larger of the two, so that size tells nothing."""

    pair_id: int
    first: str
    second: str
    size: tuple[int, int]
    reference: str
    reference_size: tuple[int, int]

    def rows(self, assignment_id: int, flipped: bool) -> Iterator[dict[str, Any]]:
        """The three rows of `RaterFileRow` for one assignment, each under a new random key."""
        left, right = (self.second, self.first) if flipped else (self.first, self.second)
        sides = (("reference", self.reference, self.reference_size), ("left", left, self.size))
        for side, file_key, (width, height) in (*sides, ("right", right, self.size)):
            key = secrets.token_hex(16)
            yield {"key": key, "assignment_id": assignment_id, "side": side} | {
                "file_key": file_key,
                "width": width,
                "height": height,
            }


def pair_files(session: Session, study_id: int) -> dict[int, PairFiles]:
    """Pair index -> files, for every pair of a study. A gold pair shows the person of its right side."""
    one, two, first, second = aliased(CellRow), aliased(CellRow), aliased(PictureRow), aliased(PictureRow)
    query = (
        select(PairRow.index, PairRow.id, first, second, PhotoRow)
        .join(one, one.id == PairRow.first_id)
        .join(two, two.id == PairRow.second_id)
        .join(first, first.id == one.picture_id)
        .join(second, second.id == two.picture_id)
        .join(PersonRow, PersonRow.name == case((PairRow.gold == "second", two.person), else_=one.person))
        .join(PhotoRow, PhotoRow.person_id == PersonRow.id)
        .where(PairRow.study_id == study_id, PhotoRow.position == 0)
    )
    rows = session.execute(query)
    return {index: _pair_files(id_, left, right, photo) for index, id_, left, right, photo in rows}


def copy_for_rater(db: Database, files: FileStore, token: str, key: str) -> Path:
    """The stripped PNG behind ``key``, made on first use. Raises NotAssigned when it is not this rater's."""
    query = (
        select(RaterFileRow)
        .join(AssignmentRow, AssignmentRow.id == RaterFileRow.assignment_id)
        .join(RaterRow, RaterRow.id == AssignmentRow.rater_id)
        .where(RaterRow.token == token, RaterFileRow.key == key)
    )
    with db.read() as session:
        row = session.scalar(query)
        if row is None:
            raise NotAssigned(assignment=key)
        source, size = files.path(row.file_key), (row.width, row.height)
        values = {"file_key": row.file_key, "width": row.width, "height": row.height}
        copy = session.scalar(select(RaterCopyRow.id).filter_by(**values))
    path = files.root / "rater" / f"{copy or db.write(lambda session: _new_copy(session, values))}.png"
    if not path.exists():
        write_atomically(path, _stripped(source, size))
    return path


def _pair_files(pair_id: int, first: PictureRow, second: PictureRow, photo: PhotoRow) -> PairFiles:
    scale = min(1.0, REFERENCE_SIDE / max(photo.width, photo.height))
    return PairFiles(
        pair_id=pair_id,
        first=first.file_key,
        second=second.file_key,
        size=(max(first.width, second.width), max(first.height, second.height)),
        reference=photo.file_key,
        reference_size=(max(1, round(photo.width * scale)), max(1, round(photo.height * scale))),
    )


def _new_copy(session: Session, values: dict[str, Any]) -> str:
    """The id of the copy, drawn at random unless another request was faster."""
    statement = insert(RaterCopyRow).values(id=secrets.token_hex(16), **values)
    session.execute(statement.on_conflict_do_nothing(index_elements=list(values)))
    return session.scalars(select(RaterCopyRow.id).filter_by(**values)).one()


def _stripped(source: Path, size: tuple[int, int]) -> bytes:
    """The picture upright, in ``size``, as PNG of its pixels alone."""
    with Image.open(source) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return encode_png(upright if upright.size == size else upright.resize(size, Image.Resampling.LANCZOS))
