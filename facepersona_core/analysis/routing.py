"""Which pairs need people: those the machine finds close. The rest goes to people by chance only, and that is logged.

Machine and people agree on nearly all pairs with a large machine gap, so votes there tell little. A random floor of
them goes to people all the same: with its probability as ``sampled_with`` of the votes every estimate stays unbiased,
and should the machine be wrong, the floor shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.gates import PICTURE, gates, graded
from facepersona_core.analysis.pairing import SCENE
from facepersona_core.errors import StudyInvalid

if TYPE_CHECKING:
    import pandas as pd

LEAST_FLOOR = 0.2
"""Smallest share of the clear pairs that goes to people."""
MOST_CLEAR = 0.7
"""Largest share of pairs that may be called clear."""


def route(
    pairs: pd.DataFrame, scores: pd.DataFrame, clear: float = 0.5, floor: float = LEAST_FLOOR, seed: int = 0
) -> pd.DataFrame:
    """Who decides each of ``pairs`` (person, prompt, seed, first, second; its index names the pairs).

    ``scores`` as for `gates.gates`. ``clear``: share of the pairs without a gate that the machine decides, 0 to 0.7:
    those whose smallest gap over the metrics, each ranked among all pairs, is largest, so every question is clear.
    A score that is missing makes no gap. ``floor``: share of what the machine decides that goes to people by chance,
    0.2 to 1. The answer has the index of ``pairs`` and the columns ``decision`` ("people" or "machine"),
    ``probability`` (of going to people) and ``reason`` (a key of the catalogue). Same ``seed``, same answer.
    Raises StudyInvalid.
    """
    import pandas as pd

    for name, value, low, high in (("clear", clear, 0.0, MOST_CLEAR), ("floor", floor, LEAST_FLOOR, 1.0)):
        if not low <= value <= high:
            raise StudyInvalid(seen=f"{name} = {value:g}", expected=f"{low:g} <= {name} <= {high:g}")
    sides = [pd.MultiIndex.from_frame(pairs[[*SCENE, side]], names=PICTURE) for side in ("first", "second")]
    failed = gates(scores)
    first, second = (failed.reindex(side, fill_value="").to_numpy() for side in sides)
    gate = np.where(first != "", first, second)
    gap = _gap(scores, sides)
    passed = gate == ""
    least = np.quantile(gap[passed], 1.0 - clear) if passed.any() else 0.0
    reason = np.where(passed, np.where((gap > least) & (clear > 0), "clear", "close"), gate)
    probability = np.where(reason == "close", 1.0, floor)
    people = np.random.default_rng(seed).random(len(pairs)) < probability
    columns = {
        "decision": np.where(people, "people", "machine"),
        "probability": probability,
        "reason": np.where(people & (reason != "close"), "floor", reason),
    }
    return pd.DataFrame(columns, index=pairs.index)


def _gap(scores: pd.DataFrame, sides: list[pd.MultiIndex]) -> np.ndarray:
    """[pairs] smallest over the metrics of the rank, 0 to 1, of the difference of scores; 0 where one is missing."""
    import pandas as pd

    ranks = []
    for _, rows in graded(scores).groupby("metric", sort=True):
        value = rows.groupby(PICTURE)["value"].mean()
        one, other = (value.reindex(side).to_numpy() for side in sides)
        ranks.append(pd.Series(np.abs(one - other)).rank(pct=True).fillna(0.0).to_numpy())
    return np.min(ranks, axis=0) if ranks else np.zeros(len(sides[0]))
