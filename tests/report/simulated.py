"""Raters who answer by a known rule: by the machine scores of the two pictures, their own taste, and chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facepersona_core.analysis.simulation import draw
from facepersona_core.report.gallery import CELL, table
from storage import Vote

OUTCOMES = {1: "left", 0: "tie", -1: "right"}


def cast_votes(workplace: Any, name: str, raters: int, seed: int = 0, careless: int = 0, part: float = 1.0) -> None:
    """Let ``raters`` rate the first ``part`` of their pairs in ``name``; the last ``careless`` answer at random."""
    from facepersona_core.report.evidence import read
    from facepersona_core.report.export import study_files

    study = workplace.studies.get(name)
    scores = table(read(study_files(workplace, name))).set_index(CELL)[["identity", "text"]].to_dict("index")
    random = np.random.default_rng(seed)
    luck = {cell: random.normal(0.0, 0.6, 2) for cell in scores}
    for number in range(raters):
        rater = workplace.ratings.join(study.id, f"Simulated rater {number + 1}", "en")
        given = _assignments(workplace, rater.id)
        taste = random.normal(0.0, 0.3, (len(study.plan.methods), 2))
        strict, side = random.normal(0.0, 0.4), random.normal(0.1, 0.1)
        for assignment, (left, right), sure in given[: round(part * len(given))]:
            worth = [
                _worth(scores[cell], luck[cell], taste[study.plan.methods.index(cell[3])]) for cell in (left, right)
            ]
            lead = (worth[0] - worth[1])[:2] + side + sure
            fine = [one[2] - strict for one in worth]
            if number >= raters - careless:
                lead, fine = np.zeros(2), [0.0, 0.0]
            answers = [OUTCOMES[int(each)] for each in draw(random, lead, 0.25)]
            yes = [bool(random.random() < 1.0 / (1.0 + np.exp(-each))) for each in fine]
            seconds = float(random.lognormal(1.6, 0.35))
            workplace.ratings.vote(rater.id, assignment, Vote(*answers, *yes, seconds))  # type: ignore[arg-type]


def _worth(scores: Mapping[str, float], luck: Any, taste: Any) -> Any:
    """[identity, text, acceptability] in log odds; no face counts as a stranger's."""
    identity = -0.4 if scores["identity"] != scores["identity"] else scores["identity"]
    text = 0.5 if scores["text"] != scores["text"] else scores["text"]
    likeness, match = 3.4 * identity + luck[0] + taste[0], 3.8 * text + luck[1] + taste[1]
    return np.array([likeness, match, 1.3 * likeness + 0.9 * match - 4.1])


def _assignments(workplace: Any, rater: int) -> list[tuple[int, tuple[Any, ...], Any]]:
    """Every assignment of a rater in order, with the cells on the left and on the right, and by how much the right
    answer of a gold pair leads on each question."""
    from sqlalchemy import select

    from storage.studies import design_pair
    from storage.tables import AssignmentRow

    query = select(AssignmentRow).where(AssignmentRow.rater_id == rater).order_by(AssignmentRow.position)
    with workplace.database.read() as session:
        found = []
        for row in session.scalars(query):
            pair = design_pair(row.pair)
            cells = [(cell.person, cell.prompt, cell.seed, cell.method) for cell in (pair.first, pair.second)]
            right = {"": 0.0, "first": 5.0, "second": -5.0}[pair.gold] * (-1.0 if row.flipped else 1.0)
            sure = np.array([right * (pair.gold_axis == axis) for axis in ("identity", "text")])
            found.append((row.id, tuple(reversed(cells)) if row.flipped else tuple(cells), sure))
    return found
