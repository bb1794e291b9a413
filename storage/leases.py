"""What workers do to jobs inside a transaction: claim, say that they live, finish, fail, give back.

Every transaction of every process begins immediately and under one lock (`storage.database`), so what is read here
still holds when it is written: a job never is in two hands. A worker that lost its lease and finishes all the same
is welcome: the picture is the same, and whoever is first ends the job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from facepersona_core.errors import StudyUnfinished
from facepersona_core.study.design import Cell, Scene, StudyPlan, cells, plan_from_table, plan_pairs
from facepersona_core.study.jobs import ATTEMPTS, LEASE, Job, Kind, Reason
from storage import audit
from storage.people import lacks_consent
from storage.records import Purpose
from storage.studies import store_study
from storage.tables import JobRow, PersonRow, StudyRunRow, now

PURPOSES: tuple[Purpose, ...] = ("generate", "rate")
"""What the people of a study must have agreed to."""
_OPEN = ("waiting", "running")


def left(session: Session, study: str | None, bundle: str) -> int:
    """See `JobStore.left`."""
    query = select(func.count()).select_from(JobRow).join(StudyRunRow)
    return session.scalars(query.where(JobRow.state.in_(_OPEN), *_going(study, bundle))).one()


def claim(session: Session, worker: str, study: str | None, bundle: str) -> Job | None:
    """See `JobStore.claim`. Jobs whose lease ran out are freed first; what nobody agreed to fails."""
    free(session, JobRow.lease_until < now())
    while row := _take(session, worker, study, bundle):
        purpose = _not_agreed(session, row)
        if purpose is None:
            return _job(row, worker)
        row.attempts = ATTEMPTS
        _failed(session, row, Reason("ConsentMissing", {"name": row.person, "purpose": purpose}))
    return None


def heartbeat(session: Session, job: Job) -> None:
    """See `JobStore.heartbeat`."""
    session.execute(update(JobRow).where(*_held(job)).values(lease_until=now() + LEASE))


def finish(session: Session, job: Job, picture_id: int | None, made: bool) -> None:
    """See `JobStore.finish`."""
    row = session.scalar(select(JobRow).where(JobRow.id == job.id, JobRow.key == job.key))
    if row is None or row.state == "done":  # discarded, its number perhaps given anew; or somebody was faster
        return
    if made and row.started_at and row.worker == job.worker:
        row.seconds = (now() - row.started_at).total_seconds()
    row.picture_id, row.error = picture_id, {}
    _leave(row, "done")
    session.flush()
    others = select(JobRow.id).where(JobRow.run_id == row.run_id, JobRow.state.in_((*_OPEN, "failed")))
    if row.run.state != "open" and session.scalar(others.limit(1)) is None:
        _open(session, row.run, plan_from_table(row.run.plan))


def fail(session: Session, job: Job, reason: Reason) -> None:
    """See `JobStore.fail`."""
    if row := session.scalar(select(JobRow).where(*_held(job))):
        _failed(session, row, reason)


def give_back(session: Session, job: Job) -> None:
    """See `JobStore.give_back`."""
    if row := session.scalar(select(JobRow).where(*_held(job))):
        row.attempts -= 1
        _leave(row, "waiting")


def release(session: Session, gone: Callable[[str], bool]) -> int:
    """See `JobStore.release`."""
    held = session.scalars(select(JobRow.worker).where(JobRow.state == "running").distinct())
    return free(session, JobRow.worker.in_([worker for worker in held if gone(worker)]))


def free(session: Session, lost: ColumnElement[bool]) -> int:
    """Take the jobs for which ``lost`` holds out of the hands that hold them; returns how many."""
    rows = session.scalars(select(JobRow).where(JobRow.state == "running", lost)).all()
    for row in rows:
        _failed(session, row, Reason("WorkerLost", {"attempts": row.attempts}))
    return len(rows)


def open_with_gaps(session: Session, run: StudyRunRow) -> None:
    """Open ``run`` for rating without the scenes that lack a picture. Raises StudyUnfinished, StudyInvalid."""
    if run.state == "open":
        return
    rows = session.scalars(select(JobRow).where(JobRow.run_id == run.id, JobRow.state != "done")).all()
    if to_do := sum(row.state in _OPEN for row in rows):
        raise StudyUnfinished(name=run.name, left=to_do)
    plan = plan_from_table(run.plan)
    gaps = {Scene(row.person, row.prompt, row.seed) for row in rows}
    out = tuple(scene for scene in plan.scenes if scene in gaps)
    _open(session, run, replace(plan, left_out=(*plan.left_out, *out)))


def _going(study: str | None, bundle: str) -> list[ColumnElement[bool]]:
    """The jobs a worker with this model may take: of one study, or of all; never of a paused one."""
    named = [] if study is None else [StudyRunRow.name == study]
    return [StudyRunRow.state == "running", StudyRunRow.bundle == bundle, *named]


def _take(session: Session, worker: str, study: str | None, bundle: str) -> JobRow | None:
    """Put the next job into the hand of ``worker``: untried ones first, then in the order of the studies."""
    busy, before = aliased(JobRow), aliased(JobRow)
    learned = select(before.state).where(before.id == JobRow.needs_id).scalar_subquery()
    candidate = (
        select(JobRow.id)
        .join(StudyRunRow)
        .where(JobRow.state == "waiting", *_going(study, bundle))
        .where(JobRow.key.not_in(select(busy.key).where(busy.state == "running")))
        .where(or_(JobRow.needs_id.is_(None), learned == "done"))
        .order_by(JobRow.attempts, JobRow.id)
        .limit(1)
    )
    at = now()
    values: dict[str, Any] = {"state": "running", "worker": worker, "started_at": at, "lease_until": at + LEASE}
    statement = update(JobRow).where(JobRow.id == candidate.scalar_subquery()).returning(JobRow.id)
    statement = statement.values(**values, attempts=JobRow.attempts + 1)
    taken = session.scalar(statement.execution_options(synchronize_session=False))
    return None if taken is None else session.get_one(JobRow, taken, populate_existing=True)


def _job(row: JobRow, worker: str) -> Job:
    kind = cast("Kind", row.kind)
    what = (kind, row.person, row.method, row.prompt, row.seed, row.key)
    return Job(row.id, row.run.name, *what, worker, row.attempts)


def _held(job: Job) -> list[ColumnElement[bool]]:
    return [JobRow.id == job.id, JobRow.state == "running", JobRow.worker == job.worker]


def _failed(session: Session, row: JobRow, reason: Reason) -> None:
    """Another try, or the end; what needed a job that failed for good cannot be done either."""
    row.error = asdict(reason)
    _leave(row, "failed" if row.attempts >= ATTEMPTS else "waiting")
    session.flush()
    if row.state == "failed" and row.kind == "enrol":
        why = asdict(Reason("NotLearned", {"person": row.person, "method": row.method}))
        follows = update(JobRow).where(JobRow.needs_id == row.id, JobRow.state == "waiting")
        session.execute(follows.values(state="failed", error=why, finished_at=now()))


def _leave(row: JobRow, state: str) -> None:
    row.state, row.worker, row.lease_until = state, "", None
    row.finished_at = None if state == "waiting" else now()


def _not_agreed(session: Session, row: JobRow) -> Purpose | None:
    """The first purpose to which the person of a job does not, or no longer, agree."""
    person = session.scalar(select(PersonRow).where(PersonRow.name == row.person))
    lacking = (purpose for purpose in PURPOSES if person and lacks_consent(session, person, purpose))
    return next(lacking, None)


def _open(session: Session, run: StudyRunRow, plan: StudyPlan) -> None:
    """The study can be rated: its pictures are there."""
    done = session.scalars(select(JobRow).where(JobRow.run_id == run.id, JobRow.picture_id.is_not(None)))
    pictures = {Cell(row.person, row.prompt, row.method, row.seed): row.picture_id for row in done}
    filled = {cell: picture for cell in cells(plan) if (picture := pictures[cell]) is not None}
    store_study(session, plan, filled, plan_pairs(plan))
    run.state = "open"
    audit.append(session, "app", "open", f"run:{run.id}", {"left_out": len(plan.left_out)})
