"""Jobs: the studies that are being made, their work, and who has it in hand; see `facepersona_core.study.jobs`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import TypeVar, cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from facepersona_core.errors import StudyExists, UnknownStudy
from facepersona_core.study.jobs import Failure, Job, Kind, Pace, Reason, RunState, StudyRun, Tallies, Tally, Task
from facepersona_core.study.plan import StudyPlan, plan_from_table
from facepersona_core.types import Score
from storage import audit, discard, leases
from storage.database import Database
from storage.pictures import Pictures
from storage.records import PictureRecord
from storage.tables import JobRow, PictureRow, StudyRow, StudyRunRow, now

T = TypeVar("T")
RECENT = 50
"""How many of the newest jobs of a kind and method tell its pace."""
_WINDOW = 2000


class Jobs:
    """The repository of studies in the making; it is also the `JobStore` of their workers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def start(self, plan: StudyPlan, tasks: Sequence[Task], bundle: str) -> StudyRun:
        """Keep ``plan`` and what there is to do for it. The same plan again changes nothing.

        A task stands after the one that it needs. Raises StudyExists when the name means another study."""
        return self._db.write(lambda session: _start(session, plan, tasks, bundle))

    def runs(self) -> Sequence[StudyRun]:
        """Every study that was started, oldest first."""
        with self._db.read() as session:
            return [_run(row) for row in session.scalars(select(StudyRunRow).order_by(StudyRunRow.id))]

    def run(self, name: str) -> StudyRun:
        """The started study called ``name``. Raises UnknownStudy."""
        return self._read(lambda session: _run(_named(session, name)))

    def pause(self, name: str) -> None:
        """Let no further work of a study begin; what is in hand is finished. Raises UnknownStudy."""
        self._db.write(lambda session: _switch(session, name, "running", "paused", "pause"))

    def resume(self, name: str) -> None:
        """Go on with a paused study. Raises UnknownStudy."""
        self._db.write(lambda session: _switch(session, name, "paused", "running", "resume"))

    def retry(self, name: str) -> int:
        """Give the failed jobs of a study another `ATTEMPTS` tries; how many they are. Raises UnknownStudy."""
        return self._db.write(lambda session: _retry(session, name))

    def open_with_gaps(self, name: str) -> None:
        """Open a study for rating without the scenes that lack a picture of some method.

        Raises UnknownStudy, StudyUnfinished while there is work left, StudyInvalid when no scene is whole."""
        self._db.write(lambda session: leases.open_with_gaps(session, _named(session, name)))

    def require_discardable(self, name: str) -> None:
        """Raise UnknownStudy, or StudyHasVotes when somebody has voted in the study."""
        self._read(lambda session: discard.require_no_votes(session, _named(session, name)))

    def discard(self, name: str) -> None:
        """Do away with a started study: its plan, its work, its pairs and its raters' links. Its pictures stay.

        What a worker has in hand is finished and kept as a picture. Raises UnknownStudy, StudyHasVotes."""
        self._db.write(lambda session: discard.discard(session, _named(session, name)))

    def tallies(self, name: str) -> Tallies:
        """How far a study is. Raises UnknownStudy."""
        return self._read(lambda session: _tallies(session, _named(session, name).id))

    def workers(self, name: str) -> int:
        """How many workers have something of a study in hand. Raises UnknownStudy."""
        held = select(func.count(JobRow.worker.distinct())).where(
            JobRow.state == "running", JobRow.lease_until >= now()
        )
        return self._read(lambda session: session.scalars(held.where(JobRow.run_id == _named(session, name).id)).one())

    def failures(self, name: str) -> Sequence[Failure]:
        """What failed for good, in the order of the plan. Raises UnknownStudy."""
        return self._read(lambda session: _failures(session, _named(session, name).id))

    def pace(self, bundle: str) -> Pace:
        """Median seconds of the newest jobs that workers here did with this model."""
        query = (
            select(JobRow.kind, JobRow.method, JobRow.seconds)
            .join(StudyRunRow)
            .where(JobRow.seconds.is_not(None), StudyRunRow.bundle == bundle)
            .order_by(JobRow.finished_at.desc())
            .limit(_WINDOW)
        )
        seen: defaultdict[tuple[Kind, str], list[float]] = defaultdict(list)
        with self._db.read() as session:
            for kind, method, seconds in session.execute(query):
                seen[cast("Kind", kind), method].append(cast("float", seconds))
        return {which: median(times[:RECENT]) for which, times in seen.items()}

    # What workers call ------------------------------------------------------------------------------------------

    def left(self, study: str | None, bundle: str) -> int:
        """See `JobStore.left`."""
        return self._read(lambda session: leases.left(session, study, bundle))

    def claim(self, worker: str, study: str | None, bundle: str) -> Job | None:
        """See `JobStore.claim`."""
        return self._db.write(lambda session: leases.claim(session, worker, study, bundle))

    def heartbeat(self, job: Job) -> None:
        """See `JobStore.heartbeat`."""
        self._db.write(lambda session: leases.heartbeat(session, job))

    def finish(self, job: Job, picture_id: int | None = None, made: bool = True) -> None:
        """See `JobStore.finish`."""
        self._db.write(lambda session: leases.finish(session, job, picture_id, made))

    def fail(self, job: Job, reason: Reason) -> None:
        """See `JobStore.fail`."""
        self._db.write(lambda session: leases.fail(session, job, reason))

    def give_back(self, job: Job) -> None:
        """See `JobStore.give_back`."""
        self._db.write(lambda session: leases.give_back(session, job))

    def release(self, gone: Callable[[str], bool]) -> int:
        """See `JobStore.release`."""
        return self._db.write(lambda session: leases.release(session, gone))

    def _read(self, fn: Callable[[Session], T]) -> T:
        with self._db.read() as session:
            return fn(session)


class JobPictures(Pictures):
    """The pictures of a worker: a new picture and the end of the job it was made for are one transaction."""

    job: Job | None = None

    def _keep(self, session: Session, row: PictureRow, scores: Sequence[Score]) -> PictureRecord:
        record = super()._keep(session, row, scores)
        if self.job:
            leases.finish(session, self.job, record.id, made=True)
        return record


def _start(session: Session, plan: StudyPlan, tasks: Sequence[Task], bundle: str) -> StudyRun:
    if known := session.scalar(select(StudyRunRow).where(StudyRunRow.name == plan.name)):
        if plan_from_table(known.plan) != plan:
            raise StudyExists(name=plan.name)
        return _run(known)
    if session.scalar(select(StudyRow.id).where(StudyRow.name == plan.name)):
        raise StudyExists(name=plan.name)
    run = StudyRunRow(name=plan.name, plan=asdict(plan), bundle=bundle)
    session.add(run)
    session.flush()
    first = 1 + (session.scalar(select(func.max(JobRow.id))) or 0)
    ids = {task.key: first + index for index, task in enumerate(tasks)}
    rows = [
        {"id": ids[task.key], "run_id": run.id, "needs_id": ids.get(task.needs), "kind": task.kind}
        | {"person": task.person, "method": task.method, "prompt": task.prompt, "seed": task.seed, "key": task.key}
        for task in tasks
    ]
    if rows:
        session.connection().execute(insert(JobRow), rows)  # thousands: not through the unit of work
    audit.append(session, "app", "start", f"run:{run.id}", {"plan": run.plan, "bundle": bundle, "jobs": len(tasks)})
    return _run(run)


def _run(row: StudyRunRow) -> StudyRun:
    return StudyRun(row.name, plan_from_table(row.plan), row.bundle, cast("RunState", row.state), row.created_at)


def _named(session: Session, name: str) -> StudyRunRow:
    if row := session.scalar(select(StudyRunRow).where(StudyRunRow.name == name)):
        return row
    known = session.scalars(select(StudyRunRow.name).order_by(StudyRunRow.id))
    raise UnknownStudy(name=name, known=", ".join(known))


def _switch(session: Session, name: str, before: RunState, after: RunState, act: str) -> None:
    row = _named(session, name)
    if row.state == before:
        row.state = after
        audit.append(session, "app", act, f"run:{row.id}", {})


def _retry(session: Session, name: str) -> int:
    row = _named(session, name)
    failed = select(JobRow.id).where(JobRow.run_id == row.id, JobRow.state == "failed")
    ids = session.scalars(failed).all() if row.state != "open" else []
    if ids:
        again = update(JobRow).where(JobRow.run_id == row.id, JobRow.state == "failed")
        session.execute(again.values(state="waiting", attempts=0, error={}, finished_at=None))
        audit.append(session, "app", "retry", f"run:{row.id}", {"jobs": len(ids)})
    return len(ids)


def _tallies(session: Session, run_id: int) -> Tallies:
    query = select(JobRow.kind, JobRow.method, JobRow.state, func.count()).where(JobRow.run_id == run_id)
    counts: defaultdict[tuple[Kind, str], dict[str, int]] = defaultdict(dict)
    for kind, method, state, count in session.execute(query.group_by(JobRow.kind, JobRow.method, JobRow.state)):
        counts[cast("Kind", kind), method][state] = count
    return {which: Tally(**states) for which, states in counts.items()}


def _failures(session: Session, run_id: int) -> list[Failure]:
    query = select(JobRow).where(JobRow.run_id == run_id, JobRow.state == "failed").order_by(JobRow.id)
    return [
        Failure(cast("Kind", row.kind), row.person, row.method, row.prompt, row.seed, row.attempts, Reason(**row.error))
        for row in session.scalars(query)
    ]
