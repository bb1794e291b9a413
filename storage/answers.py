"""The acts of a rater inside a transaction: what is open, vote, skip, undo."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session, aliased

from facepersona_core.errors import NotAssigned
from storage import audit
from storage.records import Assignment, Vote
from storage.studies import design_pair
from storage.tables import ACTIVE, AssignmentRow, RaterFileRow, SkipRow, VoteRow, now

# Statements of the one hot path, built once and run without the unit of work: a third of the time per vote.
_OTHER = aliased(AssignmentRow)
_ANSWERED = select(func.coalesce(func.max(_OTHER.answered), 0) + 1).where(_OTHER.rater_id == bindparam("rater"))
_RATER = select(AssignmentRow.rater_id).where(AssignmentRow.id == bindparam("wanted"))
_CLOSE = (
    update(AssignmentRow)
    .where(AssignmentRow.id == bindparam("wanted"), AssignmentRow.answered.is_(None))
    .values(answered=_ANSWERED.scalar_subquery())
)
_INSERT = {
    table: insert(table).on_conflict_do_nothing(index_elements=["assignment_id"], index_where=ACTIVE)
    for table in (VoteRow, SkipRow)
}


def next_open(session: Session, rater_id: int) -> Assignment | None:
    """The rater's open assignment with the lowest position."""
    query = select(AssignmentRow).where(AssignmentRow.rater_id == rater_id, AssignmentRow.answered.is_(None))
    row = session.scalar(query.order_by(AssignmentRow.position).limit(1))
    return _assignment(session, row) if row else None


def upcoming(session: Session, rater_id: int, count: int) -> list[str]:
    """See `Ratings.upcoming`."""
    query = select(AssignmentRow.id).where(AssignmentRow.rater_id == rater_id, AssignmentRow.answered.is_(None))
    ids = session.scalars(query.order_by(AssignmentRow.position).offset(1).limit(count)).all()
    keys = select(RaterFileRow.key).where(RaterFileRow.assignment_id.in_(ids)).order_by(RaterFileRow.key)
    return list(session.scalars(keys))


def vote(session: Session, rater_id: int, assignment_id: int, given: Vote) -> bool:
    """See `Ratings.vote`. Another time taken does not make it another vote."""
    values = {**asdict(given), "tags": list(given.tags)}
    new = _answer(session, VoteRow, rater_id, assignment_id, values, ignore={"seconds"})
    if new:
        audit.append(session, f"rater:{rater_id}", "vote", f"assignment:{assignment_id}", values)
    return new


def skip(session: Session, rater_id: int, assignment_id: int, reason: str) -> bool:
    """See `Ratings.skip`."""
    values = {"reason": reason}
    new = _answer(session, SkipRow, rater_id, assignment_id, values, ignore=set())
    if new:
        audit.append(session, f"rater:{rater_id}", "skip", f"assignment:{assignment_id}", values)
    return new


def undo(session: Session, rater_id: int) -> Assignment | None:
    """See `Ratings.undo`."""
    query = select(AssignmentRow).where(AssignmentRow.rater_id == rater_id, AssignmentRow.answered.is_not(None))
    row = session.scalar(query.order_by(AssignmentRow.answered.desc()).limit(1))
    if row is None:
        return None
    for table in (VoteRow, SkipRow):
        standing = (table.assignment_id == row.id, table.superseded_at.is_(None))
        session.execute(update(table).where(*standing).values(superseded_at=now()))
    row.answered = None
    audit.append(session, f"rater:{rater_id}", "undo", f"assignment:{row.id}", {})
    return _assignment(session, row)


def _answer(
    session: Session,
    table: type[VoteRow] | type[SkipRow],
    rater_id: int,
    assignment_id: int,
    values: dict[str, Any],
    ignore: set[str],
) -> bool:
    """Insert an answer and close the assignment; False when the same answer stands already. Raises NotAssigned."""
    connection = session.connection()
    if connection.scalar(_RATER, {"wanted": assignment_id}) != rater_id:
        raise NotAssigned(assignment=assignment_id)
    row = {"assignment_id": assignment_id, "at": now(), **values}
    if connection.execute(_INSERT[table], row).rowcount == 0:
        standing = session.scalars(select(table).filter_by(assignment_id=assignment_id, superseded_at=None)).one()
        if all(getattr(standing, name) == value for name, value in values.items() if name not in ignore):
            return False
        raise NotAssigned(assignment=assignment_id)
    closed = connection.execute(_CLOSE, {"wanted": assignment_id, "rater": rater_id}).rowcount
    if closed == 0:  # a vote on a skipped one or the other way round: the insert is undone with the savepoint
        raise NotAssigned(assignment=assignment_id)
    return True


def _assignment(session: Session, row: AssignmentRow) -> Assignment:
    shown = design_pair(row.pair).shown
    files = select(RaterFileRow.side, RaterFileRow.key).where(RaterFileRow.assignment_id == row.id)
    keys = dict(session.execute(files).all())
    total = select(func.count()).where(AssignmentRow.rater_id == row.rater_id)
    return Assignment(
        id=row.id,
        pair_id=row.pair_id,
        person_name=shown.person,
        prompt=shown.prompt,
        reference_key=keys["reference"],
        left_key=keys["left"],
        right_key=keys["right"],
        position=row.position,
        total=session.scalars(total).one(),
    )
