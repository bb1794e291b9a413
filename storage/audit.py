"""The audit log: one row per act, chained by SHA-256, so that a changed or missing row in the middle shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from facepersona_core.types import json_digest
from storage.tables import AuditRow, now

START = "0" * 64
"""What the first row names as its predecessor."""
_LAST = select(AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
_INSERT = insert(AuditRow)


def append(session: Session, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
    """Add a row in the caller's transaction: the act and its trace are stored together or not at all.

    ``actor`` and ``subject`` are of the form ``kind:id``; ``details`` are JSON-able."""
    previous = session.connection().scalar(_LAST) or START
    at = now()
    digest = _digest(previous, at, actor, action, subject, details)
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "details": dict(details)}
    session.connection().execute(_INSERT, {**row, "previous": previous, "digest": digest})


def first_broken(session: Session) -> int | None:
    """The id of the first row that does not follow from the one before, or None when the chain is whole.

    A cut tail cannot be seen from inside; compare the last digest with a copy kept elsewhere."""
    previous = START
    for row in session.scalars(select(AuditRow).order_by(AuditRow.id)):
        if row.digest != _digest(previous, row.at, row.actor, row.action, row.subject, row.details):
            return row.id
        previous = row.digest
    return None


def _digest(previous: str, at: datetime, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> str:
    return json_digest([previous, at.isoformat(), actor, action, subject, details])
