"""Strengths against a brute-force likelihood fit and against evalica, and what must not break them."""

from __future__ import annotations

import evalica
import numpy as np
import pytest
from scipy.optimize import minimize

from facepersona_core.analysis import ranking
from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.ranking import Counts, Fit
from facepersona_core.analysis.simulation import Crowd, simulate


def random_counts(seed: int, m: int, ties: bool = True) -> Counts:
    """Some votes between every two of ``m`` methods."""
    random = np.random.default_rng(seed)
    wins = random.integers(1, 30, (m, m)) * (1.0 - np.eye(m))
    drawn = np.triu(random.integers(1, 20, (m, m)), 1) * float(ties)
    return Counts(wins, drawn + drawn.T)


def brute_force(counts: Counts) -> tuple[Floats, float]:
    """Maximum likelihood, written from the formula for every vote and given to a general optimiser."""
    m = len(counts.wins)

    def loss(x: Floats) -> float:
        strength, tie, total = np.exp(np.append(0.0, x[:-1])), np.exp(x[-1]), 0.0
        for i in range(m):
            for j in range(i):
                root = 2.0 * tie * np.sqrt(strength[i] * strength[j])
                z = strength[i] + strength[j] + root
                total -= counts.wins[i, j] * np.log(strength[i] / z) + counts.wins[j, i] * np.log(strength[j] / z)
                total -= counts.ties[i, j] * np.log(root / z) if counts.ties[i, j] else 0.0
        return float(total)

    found = minimize(loss, np.zeros(m), method="BFGS", options={"gtol": 1e-8}).x
    log_strength = np.append(0.0, found[:-1])
    return log_strength - log_strength.mean(), float(np.exp(found[-1]))


@pytest.mark.parametrize(("seed", "m"), [(0, 2), (1, 3), (2, 6)])
def test_is_the_maximum_of_the_likelihood(seed: int, m: int) -> None:
    counts = random_counts(seed, m)
    fitted = ranking.fit(counts, prior=0.0)
    log_strength, tie = brute_force(counts)
    np.testing.assert_allclose(fitted.log_strength, log_strength, atol=1e-5)
    assert fitted.tie == pytest.approx(tie, rel=1e-5)


@pytest.mark.parametrize("ties", [0, 1, 30])
@pytest.mark.parametrize("wins", [[[0, 9], [4, 0]], [[0, 200], [0, 0]], [[0, 0], [4, 0]]])
def test_two_methods_whatever_the_votes(wins: list[list[float]], ties: float) -> None:
    """Newman's iteration never settles on two methods without ties; the answer must be right all the same."""
    counts = Counts(np.array(wins, dtype=float), np.array([[0, ties], [ties, 0]], dtype=float))
    with_prior = ranking.with_prior(counts)
    fitted = ranking.fit(counts)
    won, lost = with_prior.wins[0, 1], with_prior.wins[1, 0]
    assert fitted.log_strength[0] - fitted.log_strength[1] == pytest.approx(np.log(won / lost), rel=1e-6)
    assert fitted.tie == pytest.approx(ties / (2.0 * np.sqrt(won * lost)), rel=1e-6)


def test_agrees_with_evalica_newman() -> None:
    counts = random_counts(3, 5)
    xs, ys, winners = [], [], []
    for i in range(5):
        for j in range(5):
            times = int(counts.wins[i, j])
            xs += [i] * times
            ys += [j] * times
            winners += [evalica.Winner.X] * times
            if i < j:
                times = int(counts.ties[i, j])
                xs += [i] * times
                ys += [j] * times
                winners += [evalica.Winner.Draw] * times
    result = evalica.newman(xs, ys, winners, tolerance=1e-10, limit=10_000)
    reference = np.log(result.scores.sort_index().to_numpy())
    fitted = ranking.fit(counts, prior=0.0)
    np.testing.assert_allclose(fitted.log_strength, reference - reference.mean(), atol=1e-6)
    assert fitted.tie == pytest.approx(result.v, rel=1e-6)


def test_equal_methods_still_have_a_tie_parameter() -> None:
    counts = Counts(np.zeros((4, 4)), 10.0 * (1.0 - np.eye(4)))
    fitted = ranking.fit(counts)
    np.testing.assert_allclose(fitted.log_strength, 0.0, atol=1e-9)
    _, tie = fitted.probabilities()
    assert tie[0, 1] == pytest.approx(10.0 / (10.0 + 1.0 / 3.0))


def test_a_method_that_always_loses_stays_finite_and_last() -> None:
    counts = random_counts(4, 4)
    counts.wins[0], counts.ties[0], counts.ties[:, 0] = 0.0, 0.0, 0.0
    fitted = ranking.fit(counts)
    assert fitted.log_strength.argmin() == 0
    assert -10.0 < fitted.log_strength[0] < -2.0


def test_the_prior_vanishes_with_votes() -> None:
    counts = random_counts(5, 4)
    many = Counts(counts.wins * 1000, counts.ties * 1000)
    plain = ranking.fit(many, prior=0.0).log_strength
    np.testing.assert_allclose(ranking.fit(many).log_strength, plain, atol=1e-4)


def test_finds_the_truth_without_bias_from_ties() -> None:
    strength = np.array([0.0, 0.4, 1.0, 1.6])
    crowd = Crowd(50, 50, rater_spread=0.0, prompt_spread=0.0, side=0.0, tie=0.6)
    fitted = ranking.fit(ranking.count(simulate(np.random.default_rng(0), strength, crowd, 200_000)))
    np.testing.assert_allclose(fitted.log_strength, strength - strength.mean(), atol=0.02)
    assert fitted.tie == pytest.approx(0.6, abs=0.01)


def test_probabilities_add_up() -> None:
    win, tie = Fit(np.array([0.7, -0.2, -0.5]), 0.3).probabilities()
    np.testing.assert_allclose(win + win.T + tie, 1.0)
    assert tie[0, 0] == pytest.approx(0.3 / 1.3)


def test_counts_and_win_rates() -> None:
    ballots = simulate(np.random.default_rng(1), np.zeros(3), Crowd(4, 5), 300)
    counts = ranking.count(ballots)
    for i in range(3):
        for j in range(3):
            won = ((ballots.left == i) & (ballots.right == j) & (ballots.outcome == 1)).sum()
            won += ((ballots.right == i) & (ballots.left == j) & (ballots.outcome == -1)).sum()
            assert counts.wins[i, j] == won
    assert np.triu(counts.votes).sum() == 300
    rates = ranking.win_rates(counts)
    assert np.isnan(np.diag(rates)).all()
    np.testing.assert_allclose((rates + rates.T)[np.triu_indices(3, 1)], 1.0)


def test_connected() -> None:
    ties = np.zeros((4, 4))
    ties[0, 1] = ties[1, 0] = ties[2, 3] = ties[3, 2] = 1.0
    assert not ranking.connected(Counts(np.zeros((4, 4)), ties))
    ties[1, 2] = ties[2, 1] = 1.0
    assert ranking.connected(Counts(np.zeros((4, 4)), ties))
