"""People: who is enrolled, with which photos and which consent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from typing import cast

from PIL import Image, ImageOps
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from facepersona_core.errors import ConsentMissing, NameTaken, UnknownPerson
from storage import audit
from storage.database import Database
from storage.files import FileStore
from storage.records import ConsentForm, ConsentRecord, PersonRecord, Purpose
from storage.tables import ConsentRow, PersonRow, PhotoRow, now

PhotoFiles = list[bytes]
_FORMATS = ("JPEG", "PNG", "WEBP")
_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""By Pillow's name of what it opened; MPO: a JPEG with a second picture inside, as phones write."""


class People:
    """The repository of people. Photos are kept byte for byte as they were given."""

    def __init__(self, db: Database, files: FileStore) -> None:
        self._db = db
        self._files = files

    def add(
        self,
        name: str,
        photos: Sequence[bytes],
        consent: ConsentForm | None,
        class_word: str = "person",
        synthetic: bool = False,
        sample: bool = False,
    ) -> PersonRecord:
        """Enrol ``name`` with ``photos`` (JPEG, PNG or WebP that `read_photo` accepted; the first is the reference).

        ``consent`` may be None only for a synthetic person. Raises NameTaken, ConsentMissing."""
        if not synthetic or consent is not None:
            _require_generate(name, consent)
        facts = {"name": name, "class_word": class_word, "synthetic": synthetic, "sample": sample}

        def add(session: Session) -> PersonRecord:
            if session.scalar(select(PersonRow.id).where(PersonRow.name == name)):
                raise NameTaken(name=name)  # before a photo is kept that would belong to nobody
            rows = [self._photo(position, data) for position, data in enumerate(photos)]
            return _add(session, PersonRow(**facts, photos=rows), consent)

        return self._db.write(add)

    def list(self) -> Sequence[PersonRecord]:
        """Everybody, samples first, then by name."""
        with self._db.read() as session:
            query = select(PersonRow).options(selectinload(PersonRow.photos))
            rows = session.scalars(query.order_by(PersonRow.sample.desc(), PersonRow.name))
            return [person_record(row) for row in rows]

    def get(self, name: str) -> PersonRecord:
        """The person called ``name``. Raises UnknownPerson."""
        with self._db.read() as session:
            if row := session.scalar(select(PersonRow).where(PersonRow.name == name)):
                return person_record(row)
        raise UnknownPerson(name=name, known=", ".join(person.name for person in self.list()))

    def photos(self, person_id: int) -> PhotoFiles:
        """The photo files of a person, in the order given."""
        query = select(PhotoRow.file_key).where(PhotoRow.person_id == person_id).order_by(PhotoRow.position)
        with self._db.read() as session:
            return [self._files.read(key) for key in session.scalars(query)]

    def consents(self, person_id: int) -> Sequence[ConsentRecord]:
        """Every consent of a person, oldest first."""
        query = select(ConsentRow).where(ConsentRow.person_id == person_id).order_by(ConsentRow.id)
        with self._db.read() as session:
            return [_consent_record(row) for row in session.scalars(query)]

    def require(self, person: PersonRecord, *purposes: Purpose) -> None:
        """Raise ConsentMissing when ``person`` is real and has not agreed to one of ``purposes``, or not any more."""
        with self._db.read() as session:
            for purpose in purposes:
                if lacks_consent(session, session.get_one(PersonRow, person.id), purpose):
                    raise ConsentMissing(name=person.name, purpose=purpose)

    def _photo(self, position: int, data: bytes) -> PhotoRow:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            suffix = _SUFFIXES[str(image.format)]
            width, height = ImageOps.exif_transpose(image).size
        key = self._files.put(data, suffix)
        digest = hashlib.sha256(data).hexdigest()
        return PhotoRow(position=position, file_key=key, sha256=digest, width=width, height=height)


def lacks_consent(session: Session, person: PersonRow, purpose: Purpose) -> bool:
    """True when ``person`` is real and no consent to ``purpose`` stands now."""
    if person.synthetic:
        return False
    standing = select(ConsentRow).where(ConsentRow.person_id == person.id, ConsentRow.withdrawn_at.is_(None))
    standing = standing.where(or_(ConsentRow.expires_at.is_(None), ConsentRow.expires_at > now()))
    return not any(consent.adult and purpose in consent.purposes for consent in session.scalars(standing))


def _require_generate(name: str, consent: ConsentForm | None) -> None:
    if consent is None or not consent.adult or "generate" not in consent.purposes:
        raise ConsentMissing(name=name, purpose="generate")


def _add(session: Session, person: PersonRow, consent: ConsentForm | None) -> PersonRecord:
    session.add(person)
    session.flush()
    if consent is not None:
        fields = {**asdict(consent), "purposes": list(consent.purposes)}
        session.add(ConsentRow(person_id=person.id, name=person.name, **fields))
    photos = [photo.sha256 for photo in person.photos]
    audit.append(session, "app", "enrol", f"person:{person.id}", {"photos": photos, "consent": consent is not None})
    return person_record(person)


def person_record(row: PersonRow) -> PersonRecord:
    """The record of a row."""
    keys = tuple(photo.file_key for photo in row.photos)
    return PersonRecord(row.id, row.name, row.class_word, row.synthetic, row.sample, keys, row.created_at)


def _consent_record(row: ConsentRow) -> ConsentRecord:
    form = ConsentForm(
        confirmed_by=row.confirmed_by,
        text_version=row.text_version,
        text_hash=row.text_hash,
        language=row.language,
        purposes=cast("tuple[Purpose, ...]", tuple(row.purposes)),
        adult=row.adult,
        expires_at=row.expires_at,
    )
    return ConsentRecord(row.id, row.person_id, row.name, form, row.given_at, row.withdrawn_at)
