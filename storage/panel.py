"""The raters of a study: their practice, their progress, and when votes are taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from facepersona_core.errors import RatingClosed
from storage import audit
from storage.records import PanelMember, Rater, RatingWindow
from storage.tables import AssignmentRow, RaterRow, StudyRow, VoteRow, now

_WINDOW = (
    select(StudyRow.rating_paused_at, StudyRow.rating_closes_at)
    .join(RaterRow, RaterRow.study_id == StudyRow.id)
    .where(RaterRow.id == bindparam("rater"))
)


def rater(row: RaterRow) -> Rater:
    """The record of a row."""
    practice = None if row.practice_asked is None else (row.practice_right or 0, row.practice_asked)
    return Rater(row.id, row.study_id, row.index, row.name, row.language, row.token, practice)


def practised(session: Session, rater_id: int, right: int, asked: int) -> None:
    """See `Ratings.practised`."""
    row = session.get_one(RaterRow, rater_id)
    if row.practice_asked is None:
        row.practice_right, row.practice_asked = right, asked
        audit.append(session, f"rater:{rater_id}", "practise", f"rater:{rater_id}", {"right": right, "asked": asked})


def practice(session: Session, study_id: int) -> dict[str, tuple[int, int]]:
    """See `Ratings.practice`."""
    query = select(RaterRow).where(RaterRow.study_id == study_id, RaterRow.practice_asked.is_not(None))
    found = (rater(row) for row in session.scalars(query.order_by(RaterRow.index)))
    return {one.name: one.practice for one in found if one.practice}


def members(session: Session, study_id: int) -> list[PanelMember]:
    """See `Ratings.panel`."""
    query = (
        select(RaterRow, func.count(AssignmentRow.answered), func.count(AssignmentRow.id), func.max(VoteRow.at))
        .join(AssignmentRow, AssignmentRow.rater_id == RaterRow.id, isouter=True)
        .join(VoteRow, (VoteRow.assignment_id == AssignmentRow.id) & VoteRow.superseded_at.is_(None), isouter=True)
        .where(RaterRow.study_id == study_id)
        .group_by(RaterRow.id)
        .order_by(RaterRow.index)
    )
    return [PanelMember(rater(row), done, total, last) for row, done, total, last in session.execute(query)]


def window(row: StudyRow) -> RatingWindow:
    """When the study of ``row`` takes votes."""
    return RatingWindow(row.rating_paused_at, row.rating_closes_at)


def pause(session: Session, study_id: int, paused: bool) -> RatingWindow:
    """See `Ratings.pause`."""
    row = session.get_one(StudyRow, study_id)
    if paused != (row.rating_paused_at is not None):
        row.rating_paused_at = now() if paused else None
        audit.append(session, "owner", "pause" if paused else "resume", f"study:{study_id}", {})
    return window(row)


def close_at(session: Session, study_id: int, deadline: datetime | None) -> RatingWindow:
    """See `Ratings.close_at`."""
    row = session.get_one(StudyRow, study_id)
    row.rating_closes_at = deadline
    told = deadline.isoformat() if deadline else None
    audit.append(session, "owner", "deadline", f"study:{study_id}", {"closes_at": told})
    return window(row)


def require_open(session: Session, rater_id: int) -> None:
    """Raise RatingClosed when this rater's study takes no votes now."""
    found = session.execute(_WINDOW, {"rater": rater_id}).one_or_none()
    if found is not None and (state := RatingWindow(*found).closed(now())):
        raise RatingClosed(state=state)
