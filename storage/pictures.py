"""Pictures: each with the recipe that makes it again, and what the metrics said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from facepersona_core.types import Picture, Score
from storage.database import Database
from storage.files import FileStore
from storage.records import PictureRecord
from storage.tables import PersonRow, PictureRow, ScoreRow

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

COLUMNS = ("picture", "person", "method", "prompt", "seed", "image_sha256", "metric", "version", "weights_sha256")
"""Columns of `Pictures.scores`, before ``value`` and ``details``."""


class Pictures:
    """The repository of pictures and scores."""

    def __init__(self, db: Database, files: FileStore) -> None:
        self._db = db
        self._files = files

    def save(self, picture: Picture, person_id: int, scores: Sequence[Score], seconds: float) -> PictureRecord:
        """Keep ``picture`` as PNG without metadata, with ``scores``; ``seconds`` is what it took to make.

        The recipe hash is the key: a picture whose recipe is known already stays as it is, and only scores by a
        metric, version or weights that it does not have yet are added. The recipe must hold ``method`` and a
        ``request`` with ``prompt`` and ``seed``."""
        known = self.find(picture.recipe_hash)
        key = known.file_key if known else self._files.put(encode_png(picture.image), ".png")
        request = picture.recipe["request"]
        row = PictureRow(
            person_id=person_id,
            method=picture.recipe["method"],
            prompt=request["prompt"],
            seed=request["seed"],
            recipe=dict(picture.recipe),
            recipe_hash=picture.recipe_hash,
            file_key=key,
            width=picture.image.width,
            height=picture.image.height,
            seconds=seconds,
        )
        return self._db.write(lambda session: self._keep(session, row, scores))

    def _keep(self, session: Session, row: PictureRow, scores: Sequence[Score]) -> PictureRecord:
        """What `save` does in its transaction."""
        stored = session.scalar(select(PictureRow).where(PictureRow.recipe_hash == row.recipe_hash))
        if stored is None:
            session.add(row)
            session.flush()
            stored = row
        _add_scores(session, stored.id, scores)
        return picture_record(stored)

    def add_scores(self, picture_id: int, scores: Sequence[Score]) -> None:
        """Add what later metrics said; a score by the same metric, version and weights stays as it was."""
        self._db.write(lambda session: _add_scores(session, picture_id, scores))

    def find(self, recipe_hash: str) -> PictureRecord | None:
        """The picture made by this recipe, if there is one."""
        with self._db.read() as session:
            row = session.scalar(select(PictureRow).where(PictureRow.recipe_hash == recipe_hash))
            return picture_record(row) if row else None

    def get(self, picture_id: int) -> PictureRecord:
        """The picture with this id. Raises sqlalchemy.exc.NoResultFound."""
        with self._db.read() as session:
            return picture_record(session.get_one(PictureRow, picture_id))

    def image_path(self, record: PictureRecord) -> Path:
        """The PNG file of ``record``."""
        return self._files.path(record.file_key)

    def scores(self, picture_ids: Iterable[int]) -> pd.DataFrame:
        """One row a picture and score: `COLUMNS`, ``value`` (NaN: not measurable) and ``details`` (a dict)."""
        import pandas as pd

        query = (
            select(PictureRow.id, PersonRow.name, PictureRow.method, PictureRow.prompt, PictureRow.seed)
            .add_columns(PictureRow.file_key, ScoreRow.metric, ScoreRow.version, ScoreRow.weights_sha256)
            .add_columns(ScoreRow.value, ScoreRow.details)
            .join(ScoreRow, ScoreRow.picture_id == PictureRow.id)
            .join(PersonRow, PersonRow.id == PictureRow.person_id)
            .where(PictureRow.id.in_(bindparam("ids", list(picture_ids), expanding=True, literal_execute=True)))
            .order_by(PictureRow.id, ScoreRow.id)
        )
        with self._db.read() as session:
            rows = session.execute(query).all()
        table = pd.DataFrame(rows, columns=[*COLUMNS, "value", "details"])
        table["image_sha256"] = [key.partition(".")[0] for key in table["image_sha256"]]
        return table.astype({"value": "float64"})


def encode_png(image: Image) -> bytes:
    """``image`` as PNG bytes of its RGB pixels and nothing else: no text chunks, profile or EXIF."""
    from PIL import Image as images

    clean = images.new("RGB", image.size)
    clean.paste(image.convert("RGB"))
    buffer = BytesIO()
    clean.save(buffer, "PNG")
    return buffer.getvalue()


def _add_scores(session: Session, picture_id: int, scores: Sequence[Score]) -> None:
    for score in scores:
        values = {"metric": score.metric, "version": score.version, "weights_sha256": score.weights_sha256}
        statement = insert(ScoreRow).values(
            picture_id=picture_id, value=score.value, details=dict(score.details), **values
        )
        session.execute(statement.on_conflict_do_nothing(index_elements=["picture_id", *values]))


def picture_record(row: PictureRow) -> PictureRecord:
    """The record of a row."""
    return PictureRecord(
        id=row.id,
        person_id=row.person_id,
        person=row.person.name,
        method=row.method,
        prompt=row.prompt,
        seed=row.seed,
        recipe=row.recipe,
        recipe_hash=row.recipe_hash,
        file_key=row.file_key,
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        created_at=row.created_at,
    )
