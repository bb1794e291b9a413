"""Planted bad raters are found; gold and repeats are counted as a person would count them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis import raters
from facepersona_core.analysis.ballots import Ballots
from facepersona_core.analysis.simulation import Crowd, simulate

RANDOM, LEFT, REVERSED = 0, 1, 2


def planted(seed: int, votes: int = 1200) -> Ballots:
    """Twelve raters at about 100 votes each; the first three are bad, each in a way of its own."""
    random = np.random.default_rng(seed)
    crowd = Crowd(12, 40, rater_spread=0.3, prompt_spread=0.3, side=0.2)
    ballots = simulate(random, np.array([0.0, 0.5, 1.0, 1.4, 1.8, 2.4]), crowd, votes)
    outcome = np.where(ballots.rater == RANDOM, random.integers(-1, 2, votes), ballots.outcome)
    outcome = np.where(ballots.rater == LEFT, 1, outcome)
    outcome = np.where(ballots.rater == REVERSED, -outcome, outcome)
    return replace(ballots, outcome=outcome)


def area_under_curve(bad: np.ndarray, score: np.ndarray) -> float:  # type: ignore[type-arg]
    """Chance that a bad rater scores below a good one."""
    below = score[bad][:, None] < score[~bad][None, :]
    return float(below.mean())


def test_planted_bad_raters_are_found() -> None:
    bad = np.arange(12) < 3
    areas = [area_under_curve(bad, raters.rater_model(planted(seed)).accuracy) for seed in range(20)]
    assert np.mean(areas) >= 0.98
    assert min(areas) >= 0.85


def test_each_is_bad_in_its_own_way() -> None:
    model = raters.rater_model(planted(1, votes=6000))
    assert model.discrimination[REVERSED] < -0.5
    assert abs(model.discrimination[RANDOM]) < 0.4
    assert model.side[LEFT] > 2.0
    assert model.accuracy[LEFT] == pytest.approx(0.5, abs=0.05)
    assert (model.accuracy[3:] > 0.6).all()
    assert (np.abs(model.side[3:]) < 1.0).all()


def test_errors_shrink_with_votes() -> None:
    few, many = (raters.rater_model(planted(2, votes)).discrimination_error for votes in (1200, 12_000))
    assert (many < few).all()
    assert np.delete(many, LEFT).max() < 0.15
    assert many[LEFT] > 0.3, "a rater who always says left tells little about discrimination"


def test_one_vote_is_no_verdict() -> None:
    vote = planted(3).take(np.arange(1))
    won, tied = (raters.rater_model(replace(vote, outcome=np.array([o]))) for o in (1, 0))
    assert won.accuracy[vote.rater[0]] > 0.5
    assert won.discrimination_error.min() > 0.5
    assert np.isnan(tied.accuracy).all()


def frame(rows: list[tuple[str, str, str, str, bool, str, bool]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["rater", "left", "right", "outcome", "is_gold", "gold_side", "repeat"])
    return table.assign(person="Aoi", prompt="S* at the beach", seed=1, axis="identity")


def test_gold_rates() -> None:
    votes = frame(
        [
            ("ann", "a", "a", "left", True, "left", False),
            ("ann", "a", "a", "tie", True, "right", False),
            ("ann", "a", "a", "left", True, "", False),
            ("ann", "a", "b", "left", False, "", False),
            ("bob", "a", "a", "right", True, "right", False),
        ]
    )
    assert raters.gold_rates(votes) == {"ann": (1, 2), "bob": (1, 1)}
    assert raters.gold_rates(votes.head(0)) == {}


def test_consistency_undoes_the_swapped_sides() -> None:
    votes = frame(
        [
            ("ann", "a", "b", "left", False, "", False),
            ("ann", "b", "a", "right", False, "", True),
            ("ann", "a", "c", "left", False, "", False),
            ("ann", "c", "a", "left", False, "", True),
            ("ann", "b", "c", "tie", False, "", False),
            ("ann", "c", "b", "tie", False, "", True),
            ("bob", "b", "a", "right", False, "", True),
        ]
    )
    assert raters.consistency_rates(votes) == {"ann": (2, 3)}
    assert raters.consistency_rates(votes[~votes["repeat"]]) == {}
