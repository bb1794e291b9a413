"""What the machine may decide alone: pictures that nobody would use, whatever else is good about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facepersona_core.analysis.pairing import SCENE

if TYPE_CHECKING:
    import pandas as pd

METRIC = "identity_similarity"
"""Its details say how many faces there are; 0 is a stranger, 1 the same person."""
LEAST_LIKE = 0.0
"""Least similarity to pass: more like the person than a stranger is."""
PICTURE = [*SCENE, "method"]


def gates(scores: pd.DataFrame, least_like: float = LEAST_LIKE) -> pd.Series:
    """Picture (person, prompt, seed, method) -> ``no_face``, ``several_faces``, ``too_unlike``, or "" if it passes.

    ``scores``: rows of any metrics with `PICTURE`, metric, value and details. Without a row of `METRIC` it passes.
    The reasons are keys of the catalogue.
    """
    rows = scores[scores["metric"] == METRIC]
    faces = rows["details"].map(lambda details: details["faces"])
    reason = (rows["value"] < least_like).map({True: "too_unlike", False: ""})
    reason = reason.mask(faces > 1, "several_faces").mask(faces == 0, "no_face")
    every = scores.drop_duplicates(PICTURE).set_index(PICTURE).index
    found = reason.set_axis(rows.set_index(PICTURE).index).groupby(level=PICTURE).last()
    return found.reindex(every, fill_value="")
