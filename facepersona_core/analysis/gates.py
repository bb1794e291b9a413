"""What the machine may decide alone: pictures that nobody would use, whatever else is good about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facepersona_core.analysis.frame import newest
from facepersona_core.analysis.pairing import SCENE

if TYPE_CHECKING:
    import pandas as pd

METRIC = "identity_similarity"
"""Its details say how many faces there are; 0 is a stranger, 1 the same person."""
SAFETY = "safety_flag"
"""1 where a safety checker flagged the picture, 0 where not. It sorts out and grades nothing."""
LEAST_LIKE = 0.0
"""Least similarity to pass: more like the person than a stranger is."""
PICTURE = [*SCENE, "method"]


def gates(scores: pd.DataFrame, least_like: float = LEAST_LIKE) -> pd.Series:
    """Picture (person, prompt, seed, method) -> ``unsafe``, ``no_face``, ``several_faces``, ``too_unlike``, or "".

    ``scores``: rows of any metrics with `PICTURE`, metric, value and details. "" is a picture that passes; without a
    row of `SAFETY` or `METRIC` it passes what they ask. The first reason counts. They are keys of the catalogue.
    """
    table = newest(scores).set_index(PICTURE)
    rows, flagged = table[table["metric"] == METRIC], table[(table["metric"] == SAFETY) & (table["value"] > 0)]
    faces = rows["details"].map(lambda details: details["faces"])
    reason = (rows["value"] < least_like).map({True: "too_unlike", False: ""})
    reason = reason.mask(faces > 1, "several_faces").mask(faces == 0, "no_face")
    every = table.index.unique()
    return reason.reindex(every, fill_value="").mask(every.isin(flagged.index), "unsafe")


def graded(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``scores`` that grade pictures: a flag, nearly always 0, is no figure of a method and no vote."""
    return scores[scores["metric"] != SAFETY]
