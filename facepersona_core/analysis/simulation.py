"""Votes with a known truth, crossed rater and prompt effects and a position effect: what estimators are tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.pairing import Pairs, PairVotes, rated_first

PICTURE_SPREAD = 4.0
"""Standard deviation of how well a method does in one picture, in log strength: what a machine can see."""


@dataclass(frozen=True)
class Crowd:
    """Who votes on what. Standard deviations are in log strength."""

    raters: int
    prompts: int
    rater_spread: float = 0.5
    """How much one rater's taste for a method differs from the crowd's."""
    prompt_spread: float = 0.5
    """How much better or worse a method is on one prompt."""
    side: float = 0.3
    """Mean log odds in favour of the left picture; raters differ around it by as much again."""
    tie: float = 0.25
    """Tie parameter v."""


def simulate(random: np.random.Generator, strength: Floats, crowd: Crowd, votes: int) -> Ballots:
    """``votes`` votes between methods of log ``strength`` [M], raters, prompts and sides drawn evenly."""
    m = len(strength)
    rater, prompt = random.integers(crowd.raters, size=votes), random.integers(crowd.prompts, size=votes)
    left = random.integers(m, size=votes)
    right = (left + random.integers(1, m, size=votes)) % m
    taste = random.normal(0.0, crowd.rater_spread, (crowd.raters, m))
    scene = random.normal(0.0, crowd.prompt_spread, (crowd.prompts, m))
    side = random.normal(crowd.side, abs(crowd.side), crowd.raters)
    worth = strength + taste[rater] + scene[prompt]
    row = np.arange(votes)
    outcome = draw(random, worth[row, left] - worth[row, right] + side[rater], crowd.tie)
    raters, prompts = (tuple(f"{i:05d}" for i in range(n)) for n in (crowd.raters, crowd.prompts))
    methods = tuple("abcdefghijklmnopqrstuvwxyz"[:m])
    return Ballots(methods, left, right, outcome, rater, prompt, raters, prompts)


def draw(random: np.random.Generator, lead: Floats, tie: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Outcomes (1 left, 0 tie, -1 right) where left is ahead by log odds ``lead`` [n], under Newman's model."""
    half = np.exp(lead / 2.0)
    position = random.random(len(lead)) * (half + 1.0 / half + 2.0 * tie)
    return np.where(position < half, 1, np.where(position < half + 1.0 / half, -1, 0)).astype(np.int64)


def simulate_scored(
    random: np.random.Generator, strength: Floats, crowd: Crowd, scenes: int, rated: float, rho: float
) -> tuple[Pairs, PairVotes]:
    """A study of ``crowd.prompts`` prompts x ``scenes`` people and seeds, with one machine score for every pair.

    A share ``rated`` of the pairs, drawn by chance, has one vote each. The score sees the pictures, not the raters,
    and correlates with the votes by about ``rho`` (0 to 0.8), what methods have in common aside.
    """
    m, places = len(strength), crowd.prompts * scenes
    first, second = np.tile(np.triu_indices(m, 1), places)
    place = np.repeat(np.arange(places), m * (m - 1) // 2)
    worth = np.repeat(random.normal(0.0, crowd.prompt_spread, (crowd.prompts, m)), scenes, axis=0)
    worth += random.normal(0.0, PICTURE_SPREAD, (places, m))
    seen = worth[place, first] - worth[place, second]
    rater = random.integers(crowd.raters, size=len(place))
    taste = strength + random.normal(0.0, crowd.rater_spread, (crowd.raters, m))
    side = random.normal(crowd.side, abs(crowd.side), crowd.raters)[rater] * random.choice([-1.0, 1.0], len(place))
    vote = draw(random, seen + taste[rater, first] - taste[rater, second] + side, crowd.tie) / 2.0

    methods = first * m + second
    signal = np.tanh(seen / 4.0) / np.tanh(seen / 4.0).std()
    usual = np.bincount(methods, vote) / np.maximum(np.bincount(methods), 1)
    share = min(rho / np.corrcoef(vote - usual[methods], signal)[0, 1], 1.0)
    score = share * signal + np.sqrt(1.0 - share**2) * random.normal(size=len(place))
    chosen = random.permutation(len(place))[: round(rated * len(place))]
    names, prompt = tuple("abcdefghijklmnopqrstuvwxyz"[:m]), rated_first(place // scenes, chosen)
    pairs = Pairs(names, ("score",), first, second, prompt, score[:, None], np.zeros((len(place), 1)))
    who = np.unique(rater[chosen], return_inverse=True)[1].astype(np.int64)
    return pairs, PairVotes(chosen, vote[chosen], who, np.ones(len(chosen)))
