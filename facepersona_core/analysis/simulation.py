"""Votes with a known truth, crossed rater and prompt effects and a position effect: what estimators are tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats


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
