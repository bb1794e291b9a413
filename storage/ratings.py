"""Ratings: who compares what, and what they said. Every answer is one transaction with its trace in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from facepersona_core.errors import RequestInvalid, VoteInvalid
from facepersona_core.study.design import Pair, StudyPlan, plan_from_table, slots_for_rater
from storage import answers, audit, panel
from storage.database import Database
from storage.export import votes_table
from storage.files import FileStore
from storage.rater_files import PairFiles, copy_for_rater, pair_files
from storage.records import Assignment, PanelMember, Rater, RatingWindow, Vote
from storage.studies import design_pair
from storage.tables import AssignmentRow, PairRow, RaterFileRow, RaterRow, StudyRow, VoteRow

if TYPE_CHECKING:
    import pandas as pd

Answer = TypeVar("Answer")
NAME_LENGTH = 200
REASON_LENGTH = 500


class Ratings:
    """The repository of raters, assignments and votes."""

    def __init__(self, db: Database, files: FileStore) -> None:
        self._db = db
        self._files = files

    def join(self, study_id: int, rater_name: str, language: str) -> Rater:
        """Start to rate; the whole sequence of comparisons is stored at once.

        The same name in the same study continues where it stopped. Raises RequestInvalid for an empty name."""
        if not 0 < len(rater_name.strip()) <= NAME_LENGTH:
            raise RequestInvalid(name="name", seen=f'"{rater_name}"', expected=f"1-{NAME_LENGTH}")
        with self._db.read() as session:  # a study never changes, so this may happen outside the transaction
            study = session.get_one(StudyRow, study_id)
            plan, seed = plan_from_table(study.plan), study.rng_seed
            rows = session.scalars(select(PairRow).where(PairRow.study_id == study_id).order_by(PairRow.index))
            design = _Design(plan, seed, [design_pair(row) for row in rows], pair_files(session, study_id))
        return self._db.write(lambda session: _join(session, study_id, rater_name, language, design))

    def rater(self, token: str) -> Rater | None:
        """Who holds ``token``, or None when nobody does (any more)."""
        with self._db.read() as session:
            row = session.scalar(select(RaterRow).where(RaterRow.token == token))
            return panel.rater(row) if row else None

    def next(self, rater_id: int) -> Assignment | None:
        """The open assignment with the lowest position: after a reload the same again. None: all done."""
        with self._db.read() as session:
            return answers.next_open(session, rater_id)

    def upcoming(self, rater_id: int, count: int) -> list[str]:
        """Keys of the pictures of the ``count`` assignments after the open one, so that a page can load them early."""
        with self._db.read() as session:
            return answers.upcoming(session, rater_id, count)

    def vote(self, rater_id: int, assignment_id: int, vote: Vote) -> bool:
        """Store ``vote``; it is on the disk on return. True when it was new.

        The same answer again (double click, reload, retry) is a success that adds nothing. Raises NotAssigned
        when the assignment is another rater's, or was skipped or answered differently, and RatingClosed."""
        return self._act(rater_id, lambda session: answers.vote(session, rater_id, assignment_id, vote))

    def skip(self, rater_id: int, assignment_id: int, reason: str) -> bool:
        """Leave a comparison out, saying why (1 to 500 characters). Repeats and errors as for `vote`."""
        if not 0 < len(reason.strip()) <= REASON_LENGTH:
            raise VoteInvalid(name="reason", seen=reason, expected=f"1-{REASON_LENGTH}")
        return self._act(rater_id, lambda session: answers.skip(session, rater_id, assignment_id, reason))

    def undo(self, rater_id: int) -> Assignment | None:
        """Take back the newest vote or skip that stands, and open its assignment again; as often as there are any.

        What was said stays in the database, marked as superseded. None: there is nothing to undo."""
        return self._act(rater_id, lambda session: answers.undo(session, rater_id))

    def progress(self, rater_id: int) -> tuple[int, int]:
        """(answered or skipped, all) assignments."""
        query = select(func.count(AssignmentRow.answered), func.count()).where(AssignmentRow.rater_id == rater_id)
        with self._db.read() as session:
            done, total = session.execute(query).one()
        return done, total

    def practised(self, rater_id: int, right: int, asked: int) -> None:
        """Keep how the practice went, the first time it ends; (0, 0) for a rater who leaves it out."""
        self._db.write(lambda session: panel.practised(session, rater_id, right, asked))

    def practice(self, study_id: int) -> dict[str, tuple[int, int]]:
        """(right, asked) answers of the practice by rater's name; (0, 0): left out. Without those who have not yet."""
        with self._db.read() as session:
            return panel.practice(session, study_id)

    def panel(self, study_id: int) -> list[PanelMember]:
        """Every rater of a study with their progress, in the order they joined."""
        with self._db.read() as session:
            return panel.members(session, study_id)

    def window(self, study_id: int) -> RatingWindow:
        """When the study takes votes."""
        with self._db.read() as session:
            return panel.window(session.get_one(StudyRow, study_id))

    def pause(self, study_id: int, paused: bool) -> RatingWindow:
        """Take no votes until further notice, or take them again."""
        return self._db.write(lambda session: panel.pause(session, study_id, paused))

    def close_at(self, study_id: int, deadline: datetime | None) -> RatingWindow:
        """Take no votes from ``deadline`` (timezone-aware) on; None: no deadline."""
        return self._db.write(lambda session: panel.close_at(session, study_id, deadline))

    def votes(self, study_id: int) -> pd.DataFrame:
        """Two rows a vote that stands, one per axis; see `storage.export.COLUMNS`."""
        with self._db.read() as session:
            return votes_table(session, study_id)

    def tally(self, study_id: int) -> tuple[int, int]:
        """(votes given, those of them taken back). Both only grow, so the same two mean the same votes; much quicker
        than `votes`."""
        query = (
            select(func.count(), func.count(VoteRow.superseded_at))
            .select_from(VoteRow)
            .join(AssignmentRow, AssignmentRow.id == VoteRow.assignment_id)
            .join(RaterRow, RaterRow.id == AssignmentRow.rater_id)
            .where(RaterRow.study_id == study_id)
        )
        with self._db.read() as session:
            given, taken_back = session.execute(query).one()
        return given, taken_back

    def rater_file(self, token: str, key: str) -> Path:
        """The picture behind a key of one of this rater's assignments: a PNG of pixels alone with a random name,
        left and right in equal size. Raises NotAssigned for a key or token that is somebody else's."""
        return copy_for_rater(self._db, self._files, token, key)

    def _act(self, rater_id: int, act: Callable[[Session], Answer]) -> Answer:
        def run(session: Session) -> Answer:
            panel.require_open(session, rater_id)
            return act(session)

        return self._db.write(run)


@dataclass(frozen=True)
class _Design:
    """What is needed of a study to give a new rater their sequence."""

    plan: StudyPlan
    seed: int
    pairs: list[Pair]
    files: dict[int, PairFiles]
    """By pair index."""


def _join(session: Session, study_id: int, name: str, language: str, design: _Design) -> Rater:
    in_study = select(RaterRow).where(RaterRow.study_id == study_id)
    if known := session.scalar(in_study.where(RaterRow.name == name)):
        return panel.rater(known)
    index = session.scalars(select(func.count()).select_from(in_study.subquery())).one()
    token = secrets.token_urlsafe(24)
    rater = RaterRow(study_id=study_id, index=index, name=name, language=language, token=token)
    session.add(rater)
    session.flush()
    total = _assign(session, rater, design)
    audit.append(session, f"rater:{rater.id}", "join", f"study:{study_id}", {"index": index, "assignments": total})
    return panel.rater(rater)


def _assign(session: Session, rater: RaterRow, design: _Design) -> int:
    """Store the rater's sequence and its files; return its length."""
    slots = slots_for_rater(design.plan, design.pairs, rater.index, design.seed)
    rows = [
        {"rater_id": rater.id, "pair_id": design.files[slot.pair_index].pair_id, "position": position}
        | {"flipped": slot.flipped, "repeat": slot.repeat}
        for position, slot in enumerate(slots, start=1)
    ]
    statement = insert(AssignmentRow).returning(AssignmentRow.id, sort_by_parameter_order=True)
    ids = session.scalars(statement, rows).all()
    assigned = zip(ids, slots, strict=True)
    files = [row for id_, slot in assigned for row in design.files[slot.pair_index].rows(id_, slot.flipped)]
    session.execute(insert(RaterFileRow), files)
    return len(rows)
