"""The expected width before anyone rates, against votes that are then simulated."""

from __future__ import annotations

import numpy as np
import pytest

from facepersona_core.analysis import intervals, ranking
from facepersona_core.analysis.simulation import Crowd, simulate
from facepersona_core.errors import StudyInvalid
from facepersona_core.study.precision import Spread, expected_width


@pytest.mark.parametrize(
    ("raters", "prompts", "votes", "methods", "rater", "prompt"),
    [(10, 30, 1200, 6, 0.35, 0.3), (20, 60, 600, 6, 0.35, 0.3), (12, 20, 800, 4, 0.6, 0.5), (8, 40, 4000, 3, 0.5, 0.2)],
)
def test_agrees_with_simulated_studies(
    raters: int, prompts: int, votes: int, methods: int, rater: float, prompt: float
) -> None:
    random = np.random.default_rng(5)
    crowd = Crowd(raters, prompts, rater, prompt, side=0.0)
    widths, errors = [], []
    for _ in range(60):
        ballots = simulate(random, np.zeros(methods), crowd, votes)
        counts = ranking.count(ballots)
        fitted = ranking.fit(counts)
        df = intervals.degrees_of_freedom(ballots)
        found = intervals.contrasts(ballots.methods, fitted, intervals.covariances(fitted, counts, ballots), df)
        widths += [each.interval.high - each.interval.value for each in found]
        errors += [each.interval.value**2 for each in found]
    expected = expected_width(raters, prompts, votes, methods, Spread(rater, prompt, crowd.tie)).half_width
    assert expected == pytest.approx(np.mean(widths), rel=0.12)
    assert expected == pytest.approx(intervals.t_quantile(df, 0.95) * np.sqrt(np.mean(errors)), rel=0.15)


def test_raters_and_prompts_buy_precision() -> None:
    few_votes = expected_width(20, 60, 600, 6).half_width
    assert few_votes == pytest.approx(expected_width(10, 30, 1200, 6).half_width, rel=0.05)
    many_votes = expected_width(10, 30, 4800, 6)
    assert many_votes.half_width > expected_width(20, 60, 1200, 6).half_width
    assert many_votes.bottleneck == "raters"
    assert expected_width(20, 60, 300, 6).bottleneck == "votes"
    assert expected_width(200, 4, 10_000, 6).bottleneck == "prompts"


def test_shares_and_limits() -> None:
    precision = expected_width(10, 30, 1200, 6)
    assert precision.from_raters + precision.from_prompts + precision.from_votes == pytest.approx(1.0)
    assert 0.0 < precision.half_width_share < 0.5
    alone = expected_width(1, 30, 100, 2)
    assert alone.half_width == np.inf
    assert alone.half_width_share == 0.5
    with pytest.raises(StudyInvalid):
        expected_width(10, 30, 1200, 1)
