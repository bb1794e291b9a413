"""Covariances against their definitions, coverage of the nominal level, Holm by hand."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest

from facepersona_core.analysis import intervals, ranking
from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.clusters import Covariances, two_way
from facepersona_core.analysis.intervals import Contrast, Interval
from facepersona_core.analysis.ranking import Fit
from facepersona_core.analysis.simulation import Crowd, simulate

STRENGTH = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 1.0])


def analyse(ballots: Ballots) -> tuple[Fit, Covariances, int]:
    """What a coverage study needs of one set of votes."""
    counts = ranking.count(ballots)
    fitted = ranking.fit(counts)
    return fitted, intervals.covariances(fitted, counts, ballots), intervals.degrees_of_freedom(ballots)


def test_information_is_the_curvature_of_the_log_likelihood() -> None:
    counts = ranking.with_prior(ranking.count(simulate(np.random.default_rng(0), STRENGTH[:4], Crowd(5, 5), 400)))
    fitted = ranking.fit(counts, prior=0.0)

    def value(x: Floats) -> float:
        return ranking.log_likelihood(Fit(fitted.log_strength + x[:-1], fitted.tie * np.exp(x[-1])), counts)

    step, curvature = 1e-3, np.zeros((5, 5))
    for i in range(5):
        for j in range(5):
            a, b = np.eye(5)[i] * step, np.eye(5)[j] * step
            curvature[i, j] = (value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * step**2)
    np.testing.assert_allclose(ranking.information(fitted, counts), -curvature, atol=1e-3)


def test_two_way_covariance_is_the_sum_over_pairs_of_votes_that_share_something() -> None:
    random = np.random.default_rng(1)
    n, raters, prompts = 60, 5, 7
    rater, prompt = np.arange(n) % raters, random.permutation(np.arange(n) % prompts)
    influence = random.normal(size=(n, 2))
    by_rater, by_prompt, both = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    for i in range(n):
        for j in range(n):
            product = np.outer(influence[i], influence[j])
            by_rater += product * (rater[i] == rater[j])
            by_prompt += product * (prompt[i] == prompt[j])
            both += product * (rater[i] == rater[j] and prompt[i] == prompt[j])
    pieces = [(np.full(n, k), influence[:, k]) for k in range(2)]
    found = two_way(pieces, 2, rater, prompt)
    np.testing.assert_allclose(found.by_rater, by_rater * 5 / 4)
    np.testing.assert_allclose(found.by_prompt, by_prompt * 7 / 6)
    np.testing.assert_allclose(found.by_vote, both)
    np.testing.assert_allclose(found.two_way, by_rater * 5 / 4 + by_prompt * 7 / 6 - both)


def test_a_variance_that_is_nothing_but_rounding_is_zero() -> None:
    nothing = np.full((2, 2), -1e-33)
    assert Covariances(*[nothing] * 4).variance(np.eye(2)).tolist() == [0.0, 0.0]


def test_large_codes_give_the_same_covariance() -> None:
    random = np.random.default_rng(2)
    rater, prompt, value = random.integers(6, size=500), random.integers(8, size=500), random.normal(size=500)
    column = np.zeros(500, dtype=np.int64)
    dense = two_way([(column, value)], 1, rater, prompt)
    sparse = two_way([(column, value)], 1, rater, prompt * 10_000)
    assert sparse.by_vote[0, 0] == pytest.approx(dense.by_vote[0, 0])


@pytest.mark.parametrize(("raters", "prompts", "votes", "repeats"), [(10, 30, 900, 250), (30, 60, 1800, 150)])
def test_intervals_cover_the_truth_as_often_as_they_say(raters: int, prompts: int, votes: int, repeats: int) -> None:
    """Raters, prompts and positions have effects; independent-vote intervals fail here, clustered ones do not."""
    random = np.random.default_rng(7)
    endless = [ranking.fit(ranking.count(simulate(random, STRENGTH, Crowd(2000, 2000), 200_000))) for _ in range(6)]
    first, second = np.triu_indices(6, 1)
    directions = np.eye(6)[first] - np.eye(6)[second]
    truth = directions @ np.mean([each.log_strength for each in endless], axis=0)
    clustered, independent = [], []
    for _ in range(repeats):
        fitted, covariance, df = analyse(simulate(random, STRENGTH, Crowd(raters, prompts), votes))
        error = np.abs(directions @ fitted.log_strength - truth)
        clustered.append(error <= intervals.t_quantile(df, 0.95) * np.sqrt(covariance.variance(directions)))
        by_vote = np.einsum("ck,kl,cl->c", directions, covariance.by_vote, directions)
        independent.append(error <= 1.96 * np.sqrt(by_vote))
    assert 0.93 <= np.mean(clustered) <= 0.97
    assert np.mean(independent) < 0.88


def test_intervals_do_not_collapse_when_everybody_agrees() -> None:
    raters, prompts = 4, 10
    rater, prompt = np.divmod(np.arange(raters * prompts), prompts)
    side = (rater + prompt) % 2
    outcome = np.where(side == 0, 1, -1)
    names = (tuple(map(str, range(raters))), tuple(map(str, range(prompts))))
    fitted, covariance, df = analyse(Ballots(("a", "b"), side, 1 - side, outcome, rater, prompt, *names))
    (contrast,) = intervals.contrasts(("a", "b"), fitted, covariance, df)
    assert contrast.interval.value > 3.0
    assert contrast.interval.standard_error > 0.1
    assert contrast.p < 0.05


def test_contrasts_and_strengths_tell_one_story() -> None:
    fitted, covariance, df = analyse(simulate(np.random.default_rng(3), STRENGTH, Crowd(10, 20), 900))
    names = tuple("abcdef")
    found = {(each.first, each.second): each for each in intervals.contrasts(names, fitted, covariance, df)}
    assert len(found) == 15
    around = intervals.strengths(fitted, covariance, df)
    for (first, second), each in found.items():
        gap = around[names.index(first)].value - around[names.index(second)].value
        assert each.interval.value == pytest.approx(gap)
        assert (each.p < 0.05) == (each.interval.low > 0 or each.interval.high < 0)
        assert each.p_holm >= each.p


def test_holm_by_hand() -> None:
    assert intervals.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert intervals.holm([0.6, 0.7]) == [1.0, 1.0]
    assert intervals.holm([]) == []


def test_rank_ranges() -> None:
    def contrast(first: str, second: str, value: float, p: float) -> Contrast:
        return Contrast(first, second, Interval(value, value - 1, value + 1, 0.5), p, p)

    found = [contrast("a", "b", 1.0, 0.01), contrast("a", "c", 2.0, 0.001), contrast("b", "c", 0.4, 0.3)]
    assert intervals.rank_ranges(("a", "b", "c"), found) == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}


def test_a_million_votes_in_two_seconds() -> None:
    ballots = simulate(np.random.default_rng(4), STRENGTH, Crowd(300, 600), 1_000_000)
    analyse(ballots.take(slice(0, 100)))
    start = process_time()
    fitted, covariance, df = analyse(ballots)
    intervals.contrasts(ballots.methods, fitted, covariance, df)
    assert process_time() - start < 2.0
