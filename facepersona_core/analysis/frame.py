"""The votes table: which columns it has, which may be missing, and what votes and scores count for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facepersona_core.errors import StudyInvalid

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("rater", "prompt", "left", "right", "axis", "outcome")
"""Any vote log has these: who, on what, which two methods, which question, ``left``, ``right`` or ``tie``."""
OPTIONAL: dict[str, Any] = {
    "prompt_axis": "",
    "person": "",
    "seed": 0,
    "left_ok": None,
    "right_ok": None,
    "seconds": None,
    "at": None,
    "is_gold": False,
    "gold_side": "",
    "repeat": False,
    "sampled_with": 1.0,
}
"""What is assumed where a log lacks a column; None: not known. ``gold_side`` is "" where the question (axis) of this
row has no right answer on this gold pair. ``sampled_with``: the probability with which this pair was sent to people."""
STORED_NAMES = {"axis_of_prompt": "prompt_axis", "expected": "gold_side"}
"""Names that the export of the database uses for the same columns."""


def complete(votes: pd.DataFrame) -> pd.DataFrame:
    """``votes`` with every column of `REQUIRED` and `OPTIONAL`; a fresh index. Raises StudyInvalid."""
    table = votes.rename(columns=STORED_NAMES).reset_index(drop=True)
    if missing := [name for name in REQUIRED if name not in table]:
        raise StudyInvalid(seen=", ".join(map(str, votes.columns)), expected=", ".join(missing))
    return table.assign(**{name: value for name, value in OPTIONAL.items() if name not in table})


def ranked(votes: pd.DataFrame) -> pd.DataFrame:
    """The rows that count for the ranking: neither gold nor shown again."""
    return votes[~votes["is_gold"].astype(bool) & ~votes["repeat"].astype(bool)]


def one_row_a_comparison(votes: pd.DataFrame) -> pd.DataFrame:
    """The rows of the question with most answers: what was said of the comparison as a whole, counted once."""
    counts = votes["axis"].value_counts()
    return votes[votes["axis"] == counts.index[0]] if len(counts) else votes


def newest(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a picture and metric: of a picture that was scored again by a later version the last row counts."""
    return scores.drop_duplicates(["person", "prompt", "seed", "method", "metric"], keep="last")
