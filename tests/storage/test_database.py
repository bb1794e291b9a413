from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pandas as pd
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, func, inspect, select, text, update
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session
from tiny_store import Store, open_store, photo

from facepersona_core.errors import FolderNotWritable
from facepersona_core.messages import LANGUAGES, catalogue
from storage import StudyRecord, Vote, audit, open_database
from storage.database import sqlite_note
from storage.files import FileStore
from storage.migrations import config
from storage.tables import AuditRow, Base, PersonRow, VoteRow


def person(name: str) -> PersonRow:
    return PersonRow(name=name, class_word="person", synthetic=True, sample=False)


def names(store: Store) -> list[str]:
    with store.db.read() as session:
        return list(session.scalars(select(PersonRow.name).order_by(PersonRow.id)))


def test_the_migrations_build_exactly_the_models() -> None:
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(config(connection), "head")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        migrated = {name: sorted(_checks(connection, name)) for name in Base.metadata.tables}
        command.downgrade(config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    with create_engine("sqlite://").connect() as connection:
        Base.metadata.create_all(connection)
        assert migrated == {name: sorted(_checks(connection, name)) for name in Base.metadata.tables}


def test_a_database_with_votes_is_brought_up_to_date(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Aiko", "ja")
    assignment = store.ratings.next(rater.id)
    assert assignment is not None
    store.ratings.vote(rater.id, assignment.id, Vote("left", "tie", True, False, 2.0))
    before, progress = store.ratings.votes(study.id), store.ratings.progress(rater.id)
    store.db.close()
    with create_engine(f"sqlite:///{store.folder / 'facepersona.db'}").connect() as connection:
        connection.execute(text("PRAGMA foreign_keys = ON"))
        command.downgrade(config(connection), "0001")  # as the first release left it
        connection.commit()
    again = open_store(store.folder)
    try:
        pd.testing.assert_frame_equal(again.ratings.votes(study.id), before)
        assert again.ratings.progress(rater.id) == progress
        assert again.studies.get(study.name).plan == study.plan
    finally:
        again.db.close()


def _checks(connection, table: str) -> list[str]:  # type: ignore[no-untyped-def]
    """What compare_metadata does not look at: CHECK constraints and the WHERE of partial indexes."""
    found = inspect(connection)
    checks = [f"{check['name']}: {check['sqltext']}" for check in found.get_check_constraints(table)]
    wheres = [f"{index['name']}: {index['dialect_options'].get('sqlite_where')}" for index in found.get_indexes(table)]
    return checks + wheres


def test_one_active_vote_an_assignment_is_the_databases_own_rule(store: Store) -> None:
    with store.db.read() as session:
        sql = session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'uq_votes_active'"))
    assert "UNIQUE" in sql
    assert "superseded_at IS NULL" in sql


def test_pragmas(store: Store) -> None:
    def pragmas(session: Session) -> list[object]:
        return [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]

    def autocheckpoint(session: Session) -> object:
        return session.scalar(text("PRAGMA wal_autocheckpoint"))

    full = 2
    assert store.db.write(pragmas) == ["wal", full, 1]
    assert store.db.write(autocheckpoint) == 1000
    with store.db.read() as session:
        assert pragmas(session) == ["wal", full, 1]
        assert autocheckpoint(session) == 0, "readers never checkpoint"
        with pytest.raises(OperationalError, match="readonly"):
            session.execute(delete(PersonRow))


def test_foreign_keys_hold(store: Store) -> None:
    vote = VoteRow(
        assignment_id=1, identity="left", text="tie", left_acceptable=True, right_acceptable=True, seconds=1, tags=[]
    )
    with pytest.raises(DatabaseError, match="FOREIGN KEY"):
        store.db.write(lambda session: session.add(vote))


def test_one_failing_function_takes_nobody_down(store: Store) -> None:
    """Nine functions share one commit; the three that fail leave nothing and get their own error."""
    started, go, outcomes = Event(), Event(), dict[int, str]()

    def block(session: Session) -> None:
        started.set()
        go.wait(10)

    def add(number: int) -> None:
        def fn(session: Session) -> None:
            session.add(person(f"p{number}"))
            session.flush()
            if number % 3 == 0:
                raise ValueError(number)

        try:
            store.db.write(fn)
            outcomes[number] = "stored"
        except ValueError as error:
            outcomes[number] = str(error)

    first = Thread(target=store.db.write, args=(block,))
    first.start()
    started.wait(10)
    threads = [Thread(target=add, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in [first, *threads]:
        thread.join(10)
    assert outcomes == {n: str(n) if n % 3 == 0 else "stored" for n in range(9)}
    assert sorted(names(store)) == [f"p{n}" for n in range(9) if n % 3]


def test_when_sqlite_gives_up_the_transaction_nobody_is_told_success(store: Store) -> None:
    """Disk full or I/O errors end SQLite's transaction from below; ROLLBACK inside a function does the same."""
    started, go, outcomes = Event(), Event(), dict[str, str]()

    def block(session: Session) -> None:
        started.set()
        go.wait(10)

    def call(name: str, broken: bool) -> None:
        def fn(session: Session) -> None:
            session.add(person(name))
            session.flush()
            if broken:
                session.connection().exec_driver_sql("ROLLBACK")

        try:
            store.db.write(fn)
            outcomes[name] = "stored"
        except Exception as error:
            outcomes[name] = type(error).__name__

    first = Thread(target=store.db.write, args=(block,))
    first.start()
    started.wait(10)
    threads = [Thread(target=call, args=(f"p{i}", i == 2)) for i in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in [first, *threads]:
        thread.join(10)
    assert sorted(name for name, outcome in outcomes.items() if outcome == "stored") == sorted(names(store))
    assert outcomes["p2"] != "stored"
    store.db.write(lambda session: session.add(person("later")))
    assert "later" in names(store)


def test_a_reader_keeps_its_snapshot(store: Store) -> None:
    with store.db.read() as session:
        before = session.scalar(select(func.count()).select_from(PersonRow))
        store.db.write(lambda inner: inner.add(person("Aoi")))
        assert session.scalar(select(func.count()).select_from(PersonRow)) == before
    assert names(store) == ["Aoi"]


def test_a_closed_database_says_so_and_leaves_one_whole_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.people.add("Aoi", [photo(0)], None, synthetic=True)
    store.db.close()
    assert not (tmp_path / "facepersona.db-wal").exists(), "checkpointed"
    with pytest.raises(RuntimeError, match="closed"):
        store.db.write(lambda session: None)
    reopened = open_store(tmp_path)
    assert names(reopened) == ["Aoi"]
    reopened.db.close()


def test_the_audit_log_only_grows_and_shows_tampering(store: Store) -> None:
    for name in ("Aoi", "Ben", "Cem"):
        store.people.add(name, [photo(0)], None, synthetic=True)
    with store.db.read() as session:
        assert session.scalars(select(AuditRow.subject)).all() == ["person:1", "person:2", "person:3"]
        assert audit.first_broken(session) is None
    with pytest.raises(DatabaseError, match="append-only"):
        store.db.write(lambda session: session.execute(update(AuditRow).values(actor="nobody")))
    with pytest.raises(DatabaseError, match="append-only"):
        store.db.write(lambda session: session.execute(delete(AuditRow)))

    def tamper(session: Session) -> int | None:
        session.execute(text("DROP TRIGGER audit_no_update"))
        session.execute(update(AuditRow).where(AuditRow.id == 2).values(actor="nobody"))
        return audit.first_broken(session)

    assert store.db.write(tamper) == 2


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(FolderNotWritable, match="FACEPERSONA_HOME"):
        open_database(f"sqlite:///{file / 'data' / 'facepersona.db'}")
    with pytest.raises(FolderNotWritable):
        FileStore(file / "files")


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that everybody may look at and nobody may change."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        yield Path(folder)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Root may write everywhere, so it steps down for the test."""
    for language in LANGUAGES:
        catalogue(language)  # read while everything can be read
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_a_read_only_folder_is_a_clear_error(read_only_folder: Path, ordinary_user: None) -> None:
    with pytest.raises(FolderNotWritable) as refused:
        open_database(f"sqlite:///{read_only_folder}/facepersona.db")
    assert str(read_only_folder) in refused.value.text("en")
    assert str(read_only_folder) in refused.value.text("ja")
    assert "Permission denied" in refused.value.text("en")


@pytest.mark.parametrize(
    ("version", "noted"),
    [
        *[((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 6), False), ((3, 45, 0), True)],
        *[((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 0), False)],
    ],
)
def test_the_wal_reset_bug_is_noted_for_the_versions_that_have_it(version: tuple[int, ...], noted: bool) -> None:
    assert (sqlite_note(version) is not None) == noted


def test_files_are_kept_once_and_keys_do_not_walk(tmp_path: Path) -> None:
    files = FileStore(tmp_path / "files")
    key = files.put(b"bytes", ".bin")
    assert files.put(b"bytes", ".bin") == key
    assert files.read(key) == b"bytes"
    assert len([path for path in files.root.rglob("*") if path.is_file()]) == 1
    for bad in ("../secret.txt", f"../{key}", "", key.upper()):
        with pytest.raises(ValueError, match="expected"):
            files.path(bad)
