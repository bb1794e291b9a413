"""The schema as typed declarative models. `storage/migrations` builds exactly this; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A timezone-aware datetime, stored in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC. A naive datetime raises ValueError: nobody can know what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Got the naive datetime {value}, expected one with a time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The current time in UTC, aware."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Every constraint has a name, so that a later migration can change it on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UTCDateTime, dict[str, Any]: JSON, list[str]: JSON}


class PersonRow(Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    class_word: Mapped[str] = mapped_column(String(100))
    synthetic: Mapped[bool]
    sample: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)
    photos: Mapped[list[PhotoRow]] = relationship(order_by="PhotoRow.position")

    __table_args__ = (CheckConstraint("length(name) > 0", name="named"),)


class PhotoRow(Base):
    __tablename__ = "photos"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    position: Mapped[int]
    file_key: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("person_id", "position"),)


class ConsentRow(Base):
    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    confirmed_by: Mapped[str] = mapped_column(String(200))
    text_version: Mapped[str] = mapped_column(String(40))
    text_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    purposes: Mapped[list[str]]
    adult: Mapped[bool]
    given_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class PictureRow(Base):
    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    method: Mapped[str] = mapped_column(String(100))
    prompt: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    recipe: Mapped[dict[str, Any]]
    recipe_hash: Mapped[str] = mapped_column(String(64), unique=True)
    file_key: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)
    person: Mapped[PersonRow] = relationship(lazy="joined", innerjoin=True)


class ScoreRow(Base):
    __tablename__ = "scores"

    id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"))
    metric: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(40))
    weights_sha256: Mapped[str] = mapped_column(String(64))
    value: Mapped[float | None]
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("picture_id", "metric", "version", "weights_sha256"),)


class StudyRow(Base):
    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    plan: Mapped[dict[str, Any]]
    rng_seed: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    rating_paused_at: Mapped[datetime | None]
    rating_closes_at: Mapped[datetime | None]


class CellRow(Base):
    __tablename__ = "cells"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    person: Mapped[str] = mapped_column(String(200))
    prompt: Mapped[str]
    method: Mapped[str] = mapped_column(String(100))
    seed: Mapped[int] = mapped_column(BigInteger)
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"))
    picture: Mapped[PictureRow] = relationship()

    __table_args__ = (UniqueConstraint("study_id", "person", "prompt", "method", "seed"),)


class StudyRunRow(Base):
    """A study whose pictures are being made, and afterwards how they were made."""

    __tablename__ = "study_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    plan: Mapped[dict[str, Any]]
    bundle: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default="running")
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (CheckConstraint("state IN ('running', 'paused', 'open')", name="state"),)


class JobRow(Base):
    """One piece of work of a study: a picture, or a method's learning of a person before its pictures."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("study_runs.id"))
    kind: Mapped[str] = mapped_column(String(8))
    person: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(100))
    prompt: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64), index=True)
    needs_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(200), default="")
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    """Wall-clock time of the work; NULL when nothing had to be made."""
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("pictures.id"))
    error: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Code and fields of the last failure; {} where nothing failed."""
    run: Mapped[StudyRunRow] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("run_id", "key"),
        Index("ix_jobs_state_attempts", "state", "attempts"),  # the order in which jobs are taken
        CheckConstraint("kind IN ('enrol', 'picture')", name="kind"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("state != 'running' OR lease_until IS NOT NULL", name="leased"),
        CheckConstraint("kind = 'enrol' OR state != 'done' OR picture_id IS NOT NULL", name="pictured"),
    )


class PairRow(Base):
    __tablename__ = "pairs"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    index: Mapped[int]
    first_id: Mapped[int] = mapped_column(ForeignKey("cells.id"), index=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("cells.id"), index=True)
    gold: Mapped[str] = mapped_column(String(8))
    gold_axis: Mapped[str] = mapped_column(String(8))
    rated: Mapped[bool] = mapped_column(default=True)
    """False: the machine decides it, nobody is asked."""
    probability: Mapped[float] = mapped_column(default=1.0)
    """With which it was sent to people."""
    route: Mapped[str] = mapped_column(String(16), default="")
    """Why it goes where it goes: a reason of `analysis.routing`; "" in a study that was not routed."""
    first: Mapped[CellRow] = relationship(foreign_keys=first_id, lazy="joined", innerjoin=True)
    second: Mapped[CellRow] = relationship(foreign_keys=second_id, lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("study_id", "index"),
        CheckConstraint("gold IN ('', 'first', 'second')", name="gold"),
        CheckConstraint("gold_axis IN ('', 'identity', 'text')", name="gold_axis"),
    )


class RaterRow(Base):
    __tablename__ = "raters"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    index: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    practice_right: Mapped[int | None]
    """Of ``practice_asked`` answers; both NULL until the rater has practised, both 0 when they left it out."""
    practice_asked: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("study_id", "index"),
        UniqueConstraint("study_id", "name"),
        CheckConstraint("length(name) > 0", name="named"),
    )


class AssignmentRow(Base):
    __tablename__ = "assignments"

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id"))
    pair_id: Mapped[int] = mapped_column(ForeignKey("pairs.id"), index=True)
    position: Mapped[int]
    flipped: Mapped[bool]
    repeat: Mapped[bool]
    answered: Mapped[int | None]
    """How many answers the rater had given with this one; NULL while it is open. Undo takes the largest."""
    pair: Mapped[PairRow] = relationship()

    __table_args__ = (UniqueConstraint("rater_id", "position"), UniqueConstraint("rater_id", "answered"))


class VoteRow(Base):
    __tablename__ = "votes"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    identity: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(8))
    left_acceptable: Mapped[bool]
    right_acceptable: Mapped[bool]
    seconds: Mapped[float]
    tags: Mapped[list[str]]
    at: Mapped[datetime] = mapped_column(default=now)
    superseded_at: Mapped[datetime | None]
    """When the rater took it back; such a row is history and counts nowhere."""
    assignment: Mapped[AssignmentRow] = relationship()

    __table_args__ = (
        CheckConstraint("identity IN ('left', 'right', 'tie')", name="identity"),
        CheckConstraint("text IN ('left', 'right', 'tie')", name="text"),
    )


class SkipRow(Base):
    __tablename__ = "skips"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(default=now)
    superseded_at: Mapped[datetime | None]


ACTIVE = text("superseded_at IS NULL")
for _row in (VoteRow, SkipRow):
    Index(
        f"uq_{_row.__tablename__}_active",
        _row.assignment_id,
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )


class RaterFileRow(Base):
    """What one side of one assignment shows, under a random key that says nothing about it."""

    __tablename__ = "rater_files"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    side: Mapped[str] = mapped_column(String(16))
    file_key: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]

    __table_args__ = (
        UniqueConstraint("assignment_id", "side"),
        CheckConstraint("side IN ('reference', 'left', 'right')", name="side"),
    )


class RaterCopyRow(Base):
    """A stripped copy of a file in one size; raters share it. ``id`` is random and is the copy's file name."""

    __tablename__ = "rater_copies"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    file_key: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]

    __table_args__ = (UniqueConstraint("file_key", "width", "height"),)


class AccessKeyRow(Base):
    """A key of an owner or an analyst."""

    __tablename__ = "access_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("role IN ('owner', 'analyst')", name="role"),)


class AuditRow(Base):
    """Append-only: triggers of the first migration refuse UPDATE and DELETE."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
