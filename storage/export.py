"""What leaves as a table: the votes of a study, long form, one row per vote and axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from facepersona_core.study.design import plan_from_table
from storage.studies import design_pair
from storage.tables import AssignmentRow, PairRow, RaterRow, StudyRow, VoteRow

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "rater": "str",
    "prompt": "str",
    "axis_of_prompt": "str",
    "person": "str",
    "seed": "int64",
    "left": "str",
    "right": "str",
    "axis": "str",
    "outcome": "str",
    "left_ok": "bool",
    "right_ok": "bool",
    "seconds": "float64",
    "at": "datetime64[us, UTC]",
    "assignment": "int64",
    "is_gold": "bool",
    "repeat": "bool",
    "expected": "str",
    "tags": "str",
    "sampled_with": "float64",
}
"""Columns of the table and their types. ``left`` and ``right`` are method keys, ``axis`` is "identity" or "text",
``outcome`` "left", "right" or "tie"; ``expected`` is the right outcome where a gold pair has one on this axis, else "";
``tags`` are joined by ";"; ``sampled_with`` is the probability with which the pair was sent to people, 1 without
routing."""


def votes_table(session: Session, study_id: int) -> pd.DataFrame:
    """The standing votes of a study in the order given; `COLUMNS`, also when there are none."""
    import pandas as pd

    plan = plan_from_table(session.get_one(StudyRow, study_id).plan)
    axes = {item.text: item.axis for item in plan.prompts}
    query = (
        select(VoteRow, AssignmentRow, PairRow, RaterRow.name)
        .join(AssignmentRow, AssignmentRow.id == VoteRow.assignment_id)
        .join(PairRow, PairRow.id == AssignmentRow.pair_id)
        .join(RaterRow, RaterRow.id == AssignmentRow.rater_id)
        .where(RaterRow.study_id == study_id, VoteRow.superseded_at.is_(None))
        .order_by(VoteRow.id)
    )
    rows = [row for columns in session.execute(query) for row in _rows(*columns, axes)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _rows(
    vote: VoteRow, assignment: AssignmentRow, stored: PairRow, rater: str, axes: dict[str, str]
) -> Iterator[dict[str, Any]]:
    pair = design_pair(stored)
    left, right = (pair.second, pair.first) if assignment.flipped else (pair.first, pair.second)
    right_side = "left" if (pair.gold == "first") != assignment.flipped else "right"
    for axis, outcome in (("identity", vote.identity), ("text", vote.text)):
        yield {
            "rater": rater,
            "prompt": pair.shown.prompt,
            "axis_of_prompt": axes[pair.shown.prompt],
            "person": pair.shown.person,
            "seed": pair.shown.seed,
            "left": left.method,
            "right": right.method,
            "axis": axis,
            "outcome": outcome,
            "left_ok": vote.left_acceptable,
            "right_ok": vote.right_acceptable,
            "seconds": vote.seconds,
            "at": vote.at,
            "assignment": assignment.id,
            "is_gold": pair.gold != "",
            "repeat": assignment.repeat,
            "expected": right_side if pair.gold_axis == axis else "",
            "tags": ";".join(vote.tags),
            "sampled_with": stored.probability,
        }
