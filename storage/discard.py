"""A study is discarded: everything of it goes in one transaction but its pictures, which other studies may share."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from facepersona_core.errors import StudyHasVotes
from storage import audit
from storage.tables import (
    AssignmentRow,
    CellRow,
    JobRow,
    PairRow,
    RaterFileRow,
    RaterRow,
    SkipRow,
    StudyRow,
    StudyRunRow,
    VoteRow,
)


def require_no_votes(session: Session, run: StudyRunRow) -> None:
    """Raise StudyHasVotes when a vote was given in the study of ``run``; one that was taken back is history too."""
    given = select(func.count(VoteRow.id)).join(AssignmentRow).join(RaterRow).join(StudyRow)
    if votes := session.scalars(given.where(StudyRow.name == run.name)).one():
        raise StudyHasVotes(name=run.name, votes=votes)


def discard(session: Session, run: StudyRunRow) -> None:
    """See `Jobs.discard`. A worker that has a job of it in hand finds it gone, and goes on with something else."""
    require_no_votes(session, run)
    jobs = select(func.count()).where(JobRow.run_id == run.id)
    told = {"name": run.name, "jobs": session.scalars(jobs).one(), "raters": 0}
    told["in_hand"] = session.scalars(jobs.where(JobRow.state == "running")).one()
    if study := session.scalar(select(StudyRow).where(StudyRow.name == run.name)):
        told |= {"study": study.id, "raters": _forget(session, study.id)}
    audit.append(session, "owner", "discard", f"run:{run.id}", told)
    session.execute(delete(JobRow).where(JobRow.run_id == run.id))
    session.delete(run)


def _forget(session: Session, study_id: int) -> int:
    """Delete the study with its pairs and raters; how many raters had joined."""
    raters = select(RaterRow.id).where(RaterRow.study_id == study_id)
    joined = len(session.scalars(raters).all())
    assignments = select(AssignmentRow.id).where(AssignmentRow.rater_id.in_(raters))
    for table in (SkipRow, RaterFileRow):
        session.execute(delete(table).where(table.assignment_id.in_(assignments)))
    session.execute(delete(AssignmentRow).where(AssignmentRow.rater_id.in_(raters)))
    for part in (RaterRow, PairRow, CellRow):
        session.execute(delete(part).where(part.study_id == study_id))
    session.execute(delete(StudyRow).where(StudyRow.id == study_id))
    return joined
