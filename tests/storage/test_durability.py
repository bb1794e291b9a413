"""Votes under load and under kill -9: every acknowledged one is there, none is there twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

from sqlalchemy import select, text
from tiny_store import PLAN, Store, fill, open_store

from storage import StudyRecord, Vote, audit
from storage.tables import AssignmentRow, AuditRow, VoteRow

VOTE = Vote("left", "tie", True, False, 1.0)
CHILD = Path(__file__).with_name("rating_process.py")


def rate_all(store: Store, study: StudyRecord, name: str, acknowledged: list[int], start: Barrier) -> None:
    """One rater who clicks twice and reloads, from two threads at once."""
    rater = store.ratings.join(study.id, name, "en")
    start.wait(30)
    while assignment := store.ratings.next(rater.id):
        clicks = [Thread(target=store.ratings.vote, args=(rater.id, assignment.id, VOTE)) for _ in range(2)]
        for click in clicks:
            click.start()
        for click in clicks:
            click.join()
        acknowledged.append(assignment.id)


def stored_votes(store: Store) -> list[int]:
    with store.db.read() as session:
        return list(session.scalars(select(VoteRow.assignment_id).where(VoteRow.superseded_at.is_(None))))


def check_whole(store: Store) -> None:
    """Votes, closed assignments and the audit log tell the same story in an undamaged file."""
    votes = stored_votes(store)
    with store.db.read() as session:
        closed = session.scalars(select(AssignmentRow.id).where(AssignmentRow.answered.is_not(None))).all()
        audited = session.scalars(select(AuditRow.subject).where(AuditRow.action == "vote")).all()
        assert audit.first_broken(session) is None
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert max(Counter(votes).values(), default=1) == 1
    assert sorted(votes) == sorted(closed)
    assert sorted(audited) == sorted(f"assignment:{vote}" for vote in votes)


def test_twenty_raters_who_double_click(store: Store) -> None:
    study = fill(store, replace(PLAN, raters=20, overlap=6, seeds=(7, 8, 9)))
    acknowledged: list[int] = []
    start = Barrier(20)
    threads = [Thread(target=rate_all, args=(store, study, f"r{i}", acknowledged, start)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(acknowledged) == sorted(stored_votes(store))
    assert len(acknowledged) > 20 * 8
    assert len(store.ratings.votes(study.id)) == 2 * len(acknowledged)
    check_whole(store)


def test_kill_9_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """A second process acknowledges votes of eight raters and is killed, while this one votes into the same file."""
    store = open_store(tmp_path)
    study = fill(store, replace(PLAN, raters=20, overlap=20, seeds=tuple(range(4))))
    before: list[int] = []
    beside = Thread(target=rate_all, args=(store, study, "beside", before, Barrier(1)))
    command = [sys.executable, str(CHILD), str(tmp_path), str(study.id), "8"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        beside.start()
        heard = [int(child.stdout.readline()) for _ in range(60)]
        child.kill()
        heard += [int(line) for line in child.stdout if line.endswith("\n")]
    beside.join(60)
    assert child.returncode == -9
    open_raters = store.ratings.progress(store.ratings.join(study.id, "child 0", "en").id)
    assert open_raters[0] < open_raters[1], "it was killed in the middle"
    votes = stored_votes(store)
    assert set(heard) <= set(votes), "every acknowledged vote is there"
    assert set(before) <= set(votes)
    check_whole(store)
    store.db.close()

    store = open_store(tmp_path)
    resumed = store.ratings.join(study.id, "child 0", "en")
    assert store.ratings.progress(resumed.id) == open_raters, "and the rater goes on where it was"
    while assignment := store.ratings.next(resumed.id):
        assert store.ratings.vote(resumed.id, assignment.id, VOTE)
    check_whole(store)
    store.db.close()
