"""The SQLite database: snapshots for readers, one writer thread with group commit, schema kept up to date."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from facepersona_core.errors import FolderNotWritable
from storage.writer import Writer

T = TypeVar("T")
BUSY_SECONDS = 10
_COMMON = ("foreign_keys = ON", "synchronous = FULL")
WRITER_PRAGMAS = ("journal_mode = WAL", *_COMMON)
READER_PRAGMAS = ("wal_autocheckpoint = 0", "query_only = ON", *_COMMON)


def sqlite_note(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str | None:
    """A sentence to log when ``version`` has the WAL-reset bug (sqlite.org/wal.html), else None."""
    repaired = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    if repaired or version < (3, 7):
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} can corrupt a WAL database when several connections checkpoint at once "
        "(3.7.0 to 3.51.2). FacePersona writes and checkpoints under one lock, which avoids it; "
        "do not write to the database with other programs while it runs."
    )


def make_engine(url: str, begin: str, pragmas: tuple[str, ...], **options: Any) -> Engine:
    """An engine whose transactions start with ``begin`` and whose connections start with ``pragmas``.

    sqlite3's own transaction control would begin late and deferred, so it is switched off."""
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class FileLock:
    """Mutual exclusion between processes (and objects) that name the same file; freed by the kernel at exit."""

    def __init__(self, path: Path) -> None:
        self._file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb+")  # noqa: SIM115  closed by `close`

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self._file.closed

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


class Database:
    """An open database; see `open_database`. Safe to use from many threads."""

    def __init__(self, url: str, lock: FileLock) -> None:
        self._lock = lock
        self._readers = make_engine(url, "BEGIN", READER_PRAGMAS, pool_size=8, max_overflow=-1)
        self._engine = make_engine(url, "BEGIN IMMEDIATE", WRITER_PRAGMAS, pool_size=1, max_overflow=0)
        with lock:
            self._connection = self._engine.connect()
            with self._connection.begin():
                _migrate(self._connection)
        self._writer = Writer(self._connection, lock)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on a snapshot of what is committed now. It cannot write."""
        with Session(self._readers) as session:
            yield session

    def write(self, fn: Callable[[Session], T]) -> T:
        """Run ``fn`` in a transaction and return its result once that is on the disk.

        Functions of several threads share one commit; each has a savepoint, so when ``fn`` raises, only its own
        changes are undone and the error reaches this caller. ``fn`` runs in the writer thread: it must be
        short and must not call `write` itself."""
        return self._writer.run(fn)

    def close(self) -> None:
        """Finish queued writes, checkpoint, close. The writer's connection goes last: the last one checkpoints.

        Closing again does nothing."""
        if self._lock.closed:
            return
        self._writer.stop()
        self._readers.dispose()
        with self._lock:
            self._connection.close()
            self._engine.dispose()
        self._lock.close()


def open_database(url: str) -> Database:
    """Open (create, migrate) the SQLite database at ``url``, such as ``sqlite:////folder/facepersona.db``.

    Several processes may have it open. Raises FolderNotWritable."""
    path = Path(str(make_url(url).database))
    lock = FileLock(_writable(path))
    if note := sqlite_note():
        logging.getLogger(__name__).info(note)
    return Database(url, lock)


def _writable(path: Path) -> Path:
    """The lock file beside the database ``path``, once its folder is there and takes files."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise FolderNotWritable(path=path.parent, reason=error.strerror) from error
    lock = path.with_name(f"{path.name}-lock")
    for file in (path, lock):
        if file.exists() and not os.access(file, os.W_OK):
            raise FolderNotWritable(path=path.parent, reason=f"{file.name}: {os.strerror(errno.EACCES)}")
    return lock


def _migrate(connection: Connection) -> None:
    """Bring the schema to the newest version."""
    from alembic import command

    from storage.migrations import config

    command.upgrade(config(connection), "head")
