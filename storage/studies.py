"""Studies: the plan, which stored picture fills which cell, and the pairs to compare."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facepersona_core.errors import StudyExists, StudyInvalid, UnknownStudy
from facepersona_core.study.design import Cell, Pair, StudyPlan, plan_from_table, plan_pairs
from facepersona_core.types import Route
from storage import audit
from storage.database import Database
from storage.records import PairRecord, StudyRecord
from storage.tables import CellRow, PairRow, RaterRow, StudyRow


class Studies:
    """The repository of studies. A study never changes once it is created."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, plan: StudyPlan, cells: Mapping[Cell, int]) -> StudyRecord:
        """Store ``plan`` with its pairs; ``cells`` gives the picture id of every cell of the plan.

        Raises StudyExists, and StudyInvalid when a cell has no picture."""
        pairs = plan_pairs(plan)
        needed = {cell for pair in pairs for cell in (pair.first, pair.second)}
        if missing := needed - cells.keys():
            raise StudyInvalid(seen=f"{len(needed) - len(missing)} pictures", expected=f"{len(needed)} pictures")
        return self._db.write(lambda session: store_study(session, plan, cells, pairs))

    def list(self) -> Sequence[StudyRecord]:
        """Every study, oldest first."""
        with self._db.read() as session:
            return [_record(row) for row in session.scalars(select(StudyRow).order_by(StudyRow.id))]

    def get(self, name: str) -> StudyRecord:
        """The study called ``name``. Raises UnknownStudy."""
        with self._db.read() as session:
            if row := session.scalar(select(StudyRow).where(StudyRow.name == name)):
                return _record(row)
        raise UnknownStudy(name=name, known=", ".join(study.name for study in self.list()))

    def pairs(self, study_id: int) -> Sequence[PairRecord]:
        """The pairs of a study in the order of the plan."""
        query = select(PairRow).where(PairRow.study_id == study_id).order_by(PairRow.index)
        with self._db.read() as session:
            return [PairRecord(row.id, design_pair(row)) for row in session.scalars(query)]

    def pairs_for_people(self, study_id: int) -> int:
        """How many ordinary pairs raters are asked about."""
        query = select(func.count()).where(PairRow.study_id == study_id, PairRow.gold == "", PairRow.rated)
        with self._db.read() as session:
            return session.scalars(query).one()

    def route(self, study_id: int, routes: Mapping[int, Route]) -> None:
        """Keep who decides the ordinary pairs, by pair index, before anybody rates.

        Raises StudyInvalid when somebody has joined: what they were given cannot be taken back."""
        self._db.write(lambda session: _route(session, study_id, routes))

    def routes(self, study_id: int) -> dict[int, Route]:
        """Who decides each ordinary pair, by pair index; {} when the study was not routed."""
        query = select(PairRow).where(PairRow.study_id == study_id, PairRow.route != "").order_by(PairRow.index)
        with self._db.read() as session:
            return {row.index: Route(row.rated, row.probability, row.route) for row in session.scalars(query)}

    def pictures(self, study_id: int) -> dict[Cell, int]:
        """The picture id of every cell of a study."""
        query = select(CellRow).where(CellRow.study_id == study_id).order_by(CellRow.id)
        with self._db.read() as session:
            return {design_cell(row): row.picture_id for row in session.scalars(query)}


def design_cell(row: CellRow) -> Cell:
    """The cell of a row."""
    return Cell(row.person, row.prompt, row.method, row.seed)


def design_pair(row: PairRow) -> Pair:
    """The pair of a row."""
    gold = cast('Literal["", "first", "second"]', row.gold)
    gold_axis = cast('Literal["", "identity", "text"]', row.gold_axis)
    return Pair(row.index, design_cell(row.first), design_cell(row.second), gold, gold_axis, row.rated)


def store_study(session: Session, plan: StudyPlan, cells: Mapping[Cell, int], pairs: list[Pair]) -> StudyRecord:
    """`Studies.create` in the caller's transaction; ``pairs`` are those of ``plan``, ``cells`` has all of theirs."""
    if session.scalar(select(StudyRow.id).where(StudyRow.name == plan.name)):
        raise StudyExists(name=plan.name)
    # The sides and the order must not be guessable from the plan, so the seed is drawn, and kept for the record.
    study = StudyRow(name=plan.name, plan=asdict(plan), rng_seed=secrets.randbits(31))
    session.add(study)
    session.flush()
    rows = {cell: CellRow(study_id=study.id, picture_id=picture, **asdict(cell)) for cell, picture in cells.items()}
    session.add_all(rows.values())
    session.flush()
    for pair in pairs:
        sides = {"first_id": rows[pair.first].id, "second_id": rows[pair.second].id}
        gold = {"gold": pair.gold, "gold_axis": pair.gold_axis}
        session.add(PairRow(study_id=study.id, index=pair.index, **sides, **gold))
    audit.append(session, "app", "create", f"study:{study.id}", {"plan": study.plan, "rng_seed": study.rng_seed})
    return _record(study)


def _route(session: Session, study_id: int, routes: Mapping[int, Route]) -> None:
    joined = session.scalars(select(func.count()).where(RaterRow.study_id == study_id)).one()
    if joined:
        raise StudyInvalid(seen=f"{joined} raters", expected="0 raters")
    for row in session.scalars(select(PairRow).where(PairRow.study_id == study_id, PairRow.gold == "")):
        found = routes[row.index]
        row.rated, row.probability, row.route = found.rated, found.probability, found.reason
    counts = Counter(f"{'people' if found.rated else 'machine'}: {found.reason}" for found in routes.values())
    audit.append(session, "owner", "route", f"study:{study_id}", dict(counts))


def _record(row: StudyRow) -> StudyRecord:
    return StudyRecord(row.id, row.name, plan_from_table(row.plan), row.created_at)
