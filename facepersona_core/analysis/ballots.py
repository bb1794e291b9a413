"""Votes as integer arrays: what every estimator reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facepersona_core.errors import StudyInvalid

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ("right", "tie", "left")
"""Outcome words in the order of their codes -1, 0, 1."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ballots:
    """``n`` votes on one question, as codes."""

    methods: tuple[str, ...]
    """Names of the codes in ``left`` and ``right``, sorted."""
    left: Ints
    """[n], 0 to M - 1."""
    right: Ints
    """[n], 0 to M - 1, nowhere equal to ``left``."""
    outcome: Ints
    """[n]: 1 left is better, 0 tie, -1 right is better."""
    rater: Ints
    """[n], 0 to R - 1."""
    prompt: Ints
    """[n], 0 to P - 1."""
    raters: tuple[str, ...]
    prompts: tuple[str, ...]
    weight: Floats | None = None
    """[n], 0 or more, mean about 1: how many votes each stands for. None: each for itself."""

    def __len__(self) -> int:
        """Number of votes."""
        return len(self.left)

    @property
    def points(self) -> Floats:
        """[n]: what left got, 1 for a win, 0.5 for a tie, 0 for a loss."""
        return (self.outcome + 1) / 2.0

    def take(self, chosen: NDArray[Any]) -> Ballots:
        """The votes at ``chosen`` (indices or mask); codes keep their meaning."""
        names = ("left", "right", "outcome", "rater", "prompt")
        weight = None if self.weight is None else self.weight[chosen]
        return replace(self, weight=weight, **{name: getattr(self, name)[chosen] for name in names})


def encode(votes: pd.DataFrame) -> Ballots:
    """Codes of the rows of ``votes`` (columns left, right, outcome, rater, prompt). Raises StudyInvalid.

    A rater's and a prompt's code counts only those that occur, so the largest code + 1 is the number of clusters.
    A vote on a pair that was sent to people with probability ``sampled_with`` (column, 1 if absent) stands for
    1 / ``sampled_with`` votes (Horvitz and Thompson 1952).
    """
    import pandas as pd

    stacked = pd.concat([votes["left"], votes["right"]], ignore_index=True)
    codes, methods = _codes(stacked)
    left, right = codes[: len(votes)], codes[len(votes) :]
    if np.any(left == right):
        raise StudyInvalid(seen="left = right", expected="left != right")
    outcome = pd.Index(OUTCOMES).get_indexer(pd.Index(votes["outcome"]))
    if np.any(outcome < 0):
        unknown = sorted(set(votes["outcome"].astype(str)) - set(OUTCOMES))
        raise StudyInvalid(seen=f"outcome = {unknown}", expected=f"outcome: {list(OUTCOMES)}")
    rater, raters = _codes(votes["rater"])
    prompt, prompts = _codes(votes["prompt"])
    names = (methods, left, right, outcome.astype(np.int64) - 1, rater, prompt, raters, prompts)
    return Ballots(*names, sampling_weights(votes))


def sampling_weights(votes: pd.DataFrame) -> Floats | None:
    """[n] 1 / ``sampled_with``, scaled to mean 1; None where every vote was certain. Raises StudyInvalid."""
    if "sampled_with" not in votes or votes.empty:
        return None
    chance = votes["sampled_with"].to_numpy(np.float64)
    if wrong := [float(value) for value in chance[~((chance > 0) & (chance <= 1))][:1]]:
        raise StudyInvalid(seen=f"sampled_with = {wrong[0]:g}", expected="0 < sampled_with <= 1")
    if np.all(chance == 1.0):
        return None
    weight: Floats = 1.0 / chance
    return weight / weight.mean()


def _codes(values: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Codes into the sorted distinct values; a missing value raises StudyInvalid."""
    import pandas as pd

    codes, names = pd.factorize(values, sort=True)
    if np.any(codes < 0):
        raise StudyInvalid(seen=f"{values.name}: NaN", expected=f"{values.name}: every row")
    return np.asarray(codes, dtype=np.int64), tuple(str(name) for name in names)
