"""A confidence sequence may be looked at again and again; a plain interval may not."""

from __future__ import annotations

import numpy as np
import pytest

from facepersona_core.analysis import intervals, ranking, stopping
from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.clusters import Covariances
from facepersona_core.analysis.ranking import Fit
from facepersona_core.analysis.simulation import Crowd, simulate
from facepersona_core.analysis.stopping import StopRule


def test_a_random_walk_seldom_leaves_the_sequence_ever() -> None:
    random = np.random.default_rng(0)
    walks, looks = 3000, 1500
    mean = random.normal(size=(walks, looks)).cumsum(1) / np.arange(1, looks + 1)
    error = 1.0 / np.sqrt(np.arange(1, looks + 1))
    outside = np.abs(mean) > stopping.half_width(error, margin=0.2, alpha=0.05)
    plain = np.abs(mean) > 1.96 * error
    assert 0.01 < outside.any(1).mean() <= 0.05
    assert plain.any(1).mean() > 0.4


@pytest.mark.parametrize("margin", [0.1, 0.4])
def test_is_tightest_where_a_plain_interval_would_be_as_wide_as_the_margin(margin: float) -> None:
    planned = np.array([margin / 1.96])
    tuned = stopping.half_width(planned, margin, 0.05)
    for other in (margin / 3, margin * 3):
        assert tuned < stopping.half_width(planned, other, 0.05)
    assert 1.2 < tuned[0] / margin < 1.7


def false_winner(ballots: Ballots, rule: StopRule) -> tuple[bool, bool]:
    """Looking every 20 votes: does the sequence, does the plain independent interval ever name a winner?"""
    named, naive = False, False
    for votes in range(100, len(ballots) + 1, 20):
        part = ballots.take(slice(0, votes))
        counts = ranking.count(part)
        fitted = ranking.fit(counts)
        covariance = intervals.covariances(fitted, counts, part)
        look = stopping.verdict(fitted, covariance, intervals.degrees_of_freedom(part), votes, rule)
        named = named or look.state == "winner"
        error = np.sqrt(np.array([1, -1, 0]) @ ranking.inverse_information(fitted, counts) @ np.array([1, -1, 0]))
        naive = naive or abs(fitted.log_strength[0] - fitted.log_strength[1]) > 1.96 * error
    return named, naive


def test_peeking_names_few_false_winners() -> None:
    random = np.random.default_rng(1)
    crowd = Crowd(12, 30, rater_spread=0.3, prompt_spread=0.3)
    found = np.array([false_winner(simulate(random, np.zeros(2), crowd, 400), StopRule()) for _ in range(80)])
    named, naive = found.mean(0)
    assert named <= 0.05
    assert naive > 0.2


def look(strength: Floats, error: float, votes: int = 500, df: int = 20, rule: StopRule | None = None) -> str:
    m = len(strength)
    matrix = np.eye(m) * error**2 / 2
    covariance = Covariances(matrix, matrix, matrix, matrix)
    return stopping.verdict(Fit(strength, 0.2), covariance, df, votes, rule or StopRule()).state


def test_verdicts() -> None:
    assert look(np.array([1.0, -0.5, -0.5]), 0.15) == "winner"
    assert look(np.array([1.0, -0.5, -0.5]), 0.7) == "continue"
    assert look(np.array([0.0, 0.01, -0.01]), 0.03) == "equivalent"
    assert look(np.array([0.7, 0.7, -1.4]), 0.15) == "continue"
    assert look(np.array([0.7, 0.7, -1.4]), 0.15, rule=StopRule(cap=500)) == "cap"
    assert look(np.array([0.7, 0.7, -1.4]), 0.15, rule=StopRule(cap=501)) == "continue"


def test_no_look_with_too_few_raters() -> None:
    assert look(np.array([3.0, -3.0]), 0.01, df=3) == "continue"
    assert look(np.array([3.0, -3.0]), 0.01, df=3, rule=StopRule(cap=100)) == "cap"
    assert look(np.array([3.0, -3.0]), 0.01, df=4) == "winner"
