"""How good the raters are: discrimination and side preference of each, gold and self-consistency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats

if TYPE_CHECKING:
    import pandas as pd

DISCRIMINATION_SD = 1.0
"""Prior spread of a rater's discrimination about 1, the crowd's."""
SIDE_SD = 1.0
"""Prior spread of a rater's side preference (log odds) about none."""
STRENGTH_SD = 3.0
"""Prior spread of log strengths: only keeps them finite."""


@dataclass(frozen=True)
class RaterModel:
    """P(rater r prefers left) = sigmoid(discrimination[r] (strength[left] - strength[right]) + side[r])."""

    strength: Floats
    """[M], mean 0: what the crowd sees, each rater weighted by discrimination."""
    discrimination: Floats
    """[R], mean 1: about 0 for a rater who does not look, below 0 for one who answers the wrong way round."""
    discrimination_error: Floats
    """[R] standard error of the discrimination, from the curvature at the fit."""
    side: Floats
    """[R] log odds of left between equal methods."""
    accuracy: Floats
    """[R] chance that the rater sides with the crowd's order, both sides in turn, over the pairs that were shown;
    0.5 for guessing, NaN when the crowd sees no difference anywhere."""


def rater_model(ballots: Ballots, rounds: int = 200) -> RaterModel:
    """Maximum a posteriori fit by Newton steps in turn over raters and methods; a tie is half a vote to each side.

    Whitehill et al., NeurIPS 2009 (discrimination) on Bradley-Terry, with a side term of its own for each rater.
    """
    m, r = len(ballots.methods), len(ballots.raters)
    key = (ballots.rater * m + ballots.left) * m + ballots.right
    votes = np.bincount(key, minlength=r * m * m).reshape(r, m, m).astype(np.float64)
    points = np.bincount(key, weights=ballots.points, minlength=r * m * m).reshape(r, m, m).astype(np.float64)
    strength, discrimination, side = np.zeros(m), np.ones(r), np.zeros(r)
    for _ in range(rounds):
        before = strength
        strength = _strength_step(votes, points, strength, discrimination, side)
        discrimination, side = _rater_step(votes, points, strength, discrimination, side)
        scale = max(float(discrimination.mean()), 0.1)
        discrimination, strength = discrimination / scale, strength * scale
        if np.abs(strength - before).max() < 1e-7:
            break
    a, b, c = _curvature(votes, strength, discrimination, side)
    accuracy = _accuracy(votes, strength, discrimination, side)
    return RaterModel(strength, discrimination, np.sqrt(c / (a * c - b**2)), side, accuracy)


def gold_rates(votes: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Rater -> (right, answered) gold questions: rows with ``is_gold`` and a ``gold_side``. A tie is not right."""
    gold = votes[votes["is_gold"].astype(bool) & votes["gold_side"].isin(["left", "right"])]
    right = (gold["outcome"] == gold["gold_side"]).groupby(gold["rater"]).agg(["sum", "count"])
    return {str(rater): (int(row["sum"]), int(row["count"])) for rater, row in right.iterrows()}


def consistency_rates(votes: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Rater -> (same answer, repeated questions): each repeat against the first time, sides undone."""
    import pandas as pd

    plain = votes[~votes["is_gold"].astype(bool)]
    swapped = plain["left"] > plain["right"]
    asked = plain[["rater", "person", "prompt", "seed", "axis"]].assign(
        first=plain["left"].where(~swapped, plain["right"]),
        second=plain["right"].where(~swapped, plain["left"]),
        answer=plain["outcome"].where(~swapped, plain["outcome"].map({"left": "right", "right": "left", "tie": "tie"})),
    )
    again = plain["repeat"].astype(bool)
    keys = ["rater", "person", "prompt", "seed", "axis", "first", "second"]
    both = pd.merge(asked[again], asked[~again], on=keys, suffixes=("_again", ""))
    same = (both["answer"] == both["answer_again"]).groupby(both["rater"]).agg(["sum", "count"])
    return {str(rater): (int(row["sum"]), int(row["count"])) for rater, row in same.iterrows()}


def _chance(strength: Floats, discrimination: Floats, side: Floats) -> Floats:
    """P(left) for every rater, left and right: [R, M, M]."""
    gap = strength[:, None] - strength[None, :]
    result: Floats = 1.0 / (1.0 + np.exp(-(discrimination[:, None, None] * gap + side[:, None, None])))
    return result


def _strength_step(votes: Floats, points: Floats, strength: Floats, discrimination: Floats, side: Floats) -> Floats:
    """One Newton step for the strengths [M], raters fixed."""
    chance = _chance(strength, discrimination, side)
    surprise = np.einsum("r,rij->ij", discrimination, points - votes * chance)
    weight = np.einsum("r,rij->ij", discrimination**2, votes * chance * (1.0 - chance))
    gradient = surprise.sum(1) - surprise.sum(0) - strength / STRENGTH_SD**2
    both = weight + weight.T
    curvature = np.diag(both.sum(1)) - both + np.eye(len(strength)) / STRENGTH_SD**2
    stepped = strength + np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
    result: Floats = stepped - stepped.mean()
    return result


def _rater_step(
    votes: Floats, points: Floats, strength: Floats, discrimination: Floats, side: Floats
) -> tuple[Floats, Floats]:
    """One Newton step for every rater's (discrimination, side), strengths fixed."""
    gap = strength[:, None] - strength[None, :]
    chance = _chance(strength, discrimination, side)
    surprise = points - votes * chance
    slope = (surprise * gap).sum((1, 2)) - (discrimination - 1.0) / DISCRIMINATION_SD**2
    shift = surprise.sum((1, 2)) - side / SIDE_SD**2
    a, b, c = _curvature(votes, strength, discrimination, side)
    scale = a * c - b**2
    step = np.clip([(c * slope - b * shift) / scale, (a * shift - b * slope) / scale], -1.0, 1.0)
    return discrimination + step[0], side + step[1]


def _curvature(votes: Floats, strength: Floats, discrimination: Floats, side: Floats) -> tuple[Floats, Floats, Floats]:
    """Negated second derivatives [R] each: discrimination twice, discrimination and side, side twice."""
    gap = strength[:, None] - strength[None, :]
    chance = _chance(strength, discrimination, side)
    weight = votes * chance * (1.0 - chance)
    a = (weight * gap**2).sum((1, 2)) + 1.0 / DISCRIMINATION_SD**2
    return a, (weight * gap).sum((1, 2)), weight.sum((1, 2)) + 1.0 / SIDE_SD**2


def _accuracy(votes: Floats, strength: Floats, discrimination: Floats, side: Floats) -> Floats:
    """[R] mean chance to prefer the stronger of two methods, left and right in turn, over what all raters saw."""
    shown = votes.sum(0)
    shown = (shown + shown.T) / 2.0
    better = strength[:, None] > strength[None, :]
    chance = _chance(strength, discrimination, side)
    right = (chance + 1.0 - np.swapaxes(chance, 1, 2)) / 2.0
    total = (shown * better).sum()
    result: Floats = (right * (shown * better)).sum((1, 2)) / (total if total > 0 else np.nan)
    return result
