"""Keys of owners and analysts: who may open which page when the app asks for keys. Raters' links are `raters.token`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from facepersona_core.errors import RequestInvalid, UnknownKey
from storage import audit
from storage.database import Database
from storage.records import AccessKey, Role
from storage.tables import AccessKeyRow, now

ROLES: tuple[Role, ...] = ("owner", "analyst")
NAME_LENGTH = 200


class AccessKeys:
    """The repository of keys. Only their SHA-256 is kept: a key is shown once, when it is made."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, name: str, role: Role) -> str:
        """A new key for ``name``, to be given to them. Raises RequestInvalid for an empty name or an unknown role."""
        if not 0 < len(name.strip()) <= NAME_LENGTH:
            raise RequestInvalid(name="name", seen=f'"{name}"', expected=f"1-{NAME_LENGTH}")
        if role not in ROLES:
            raise RequestInvalid(name="role", seen=f'"{role}"', expected=", ".join(ROLES))
        key = secrets.token_urlsafe(32)

        def write(session: Session) -> None:
            row = AccessKeyRow(name=name.strip(), role=role, digest=_digest(key))
            session.add(row)
            session.flush()
            audit.append(session, "owner", "add key", f"key:{row.id}", {"name": row.name, "role": role})

        self._db.write(write)
        return key

    def list(self) -> Sequence[AccessKey]:
        """Every key that was given, oldest first."""
        with self._db.read() as session:
            return [_record(row) for row in session.scalars(select(AccessKeyRow).order_by(AccessKeyRow.id))]

    def revoke(self, key_id: int) -> AccessKey:
        """Let the key open nothing any more. Raises UnknownKey."""

        def write(session: Session) -> AccessKey | None:
            row = session.get(AccessKeyRow, key_id)
            if row is not None and row.revoked_at is None:
                row.revoked_at = now()
                audit.append(session, "owner", "revoke key", f"key:{row.id}", {})
            return _record(row) if row else None

        if (found := self._db.write(write)) is None:
            raise UnknownKey(number=key_id)
        return found

    def role(self, key: str) -> Role | None:
        """What ``key`` opens; None for a key that was never given or is revoked."""
        query = select(AccessKeyRow.role).where(AccessKeyRow.digest == _digest(key), AccessKeyRow.revoked_at.is_(None))
        with self._db.read() as session:
            return cast("Role | None", session.scalar(query))


def _digest(key: str) -> str:
    """Keys are 32 random bytes, so that a plain hash cannot be searched."""
    return hashlib.sha256(key.encode()).hexdigest()


def _record(row: AccessKeyRow) -> AccessKey:
    return AccessKey(row.id, row.name, cast("Role", row.role), row.created_at, row.revoked_at)
