"""Votes per second: the group-commit writer against one commit per vote, same work, same disk, same threads.

    python benchmarks/votes.py [--threads 32] [--votes 3000] [--folder /where/the/disk/is]

Both sides run `storage.answers.vote` with synchronous=FULL; a vote counts when its caller has been told.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from storage import Database, Vote, answers, open_database
from storage.database import WRITER_PRAGMAS, make_engine
from storage.tables import AssignmentRow, CellRow, PairRow, PersonRow, PictureRow, RaterRow, StudyRow, VoteRow

VOTE = Vote("left", "tie", True, False, 1.0)
Job = tuple[int, int]
"""Rater id, assignment id."""


def fill(session: Session, raters: int, votes: int) -> list[Job]:
    """One pair, ``raters`` raters and ``votes`` open assignments among them."""
    session.add(PersonRow(name="p", class_word="person", synthetic=True, sample=False))
    picture: dict[str, Any] = {"method": "m", "prompt": "S*", "recipe": {}, "recipe_hash": "0", "file_key": "k"}
    session.flush()
    session.add(PictureRow(person_id=1, seed=0, width=1, height=1, seconds=0, **picture))
    session.add(StudyRow(name="s", plan={}, rng_seed=0))
    session.flush()
    for method in "ab":
        session.add(CellRow(study_id=1, person="p", prompt="S*", method=method, seed=0, picture_id=1))
    session.flush()
    session.add(PairRow(study_id=1, index=0, first_id=1, second_id=2, gold="", gold_axis=""))
    for number in range(raters):
        session.add(RaterRow(study_id=1, index=number, name=f"r{number}", language="en", token=f"t{number}"))
    session.flush()
    fixed = {"pair_id": 1, "flipped": False, "repeat": False}
    rows = [{"rater_id": 1 + i % raters, "position": 1 + i // raters, **fixed} for i in range(votes)]
    session.execute(insert(AssignmentRow), rows)
    return [(rater, id_) for rater, id_ in session.execute(select(AssignmentRow.rater_id, AssignmentRow.id))]


def measure(cast: Callable[[Job], None], jobs: Sequence[Job], threads: int) -> dict[str, float]:
    """Votes per second; the 99th percentile of and the longest wait for one, milliseconds."""

    def timed(job: Job) -> float:
        start = time.perf_counter()
        cast(job)
        return time.perf_counter() - start

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        waits = list(pool.map(timed, jobs))
    seconds = time.perf_counter() - start
    return {
        "votes_per_second": len(jobs) / seconds,
        "p99_ms": 1000 * float(np.percentile(waits, 99)),
        "slowest_ms": 1000 * max(waits),
    }


def group_commit(db: Database) -> Callable[[Job], None]:
    """Vote as the app does."""
    return lambda job: _check(db.write(lambda session: answers.vote(session, *job, VOTE)))


def one_commit_each(url: str, threads: int) -> Callable[[Job], None]:
    """Vote as a plain SQLAlchemy program would: every thread its own connection and its own commit.

    SQLite does not queue those who wait for the lock, so some starve until the busy timeout; they try again."""
    engine = make_engine(url, "BEGIN IMMEDIATE", WRITER_PRAGMAS, pool_size=threads)

    def cast(job: Job) -> None:
        while True:
            try:
                with Session(engine) as session, session.begin():
                    return _check(answers.vote(session, *job, VOTE))
            except OperationalError as error:
                if "locked" not in str(error):
                    raise

    return cast


def _check(new: bool) -> None:
    assert new


def main() -> None:
    """Measure both on fresh files and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--votes", type=int, default=3000)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure; default: the temporary one")
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "votes": options.votes}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name in ("one_commit_each", "group_commit"):
            url = f"sqlite:///{folder}/{name}.db"
            db = open_database(url)
            jobs = db.write(lambda session: fill(session, options.threads, options.votes))
            cast = group_commit(db) if name == "group_commit" else one_commit_each(url, options.threads)
            result[name] = measure(cast, jobs, options.threads)
            with db.read() as session:
                assert len(session.scalars(select(VoteRow.id)).all()) == options.votes
            db.close()
    result["ratio"] = result["group_commit"]["votes_per_second"] / result["one_commit_each"]["votes_per_second"]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
