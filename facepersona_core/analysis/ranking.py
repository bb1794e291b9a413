"""Who wins: Bradley-Terry strengths with a tie parameter (Newman's algorithm), and the win-rate matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats

PRIOR_VOTES = 1.0
"""Virtual decisive votes a method gets, half won and half lost, spread evenly over the others. They keep a method that
lost every vote (a baseline without identity, on the identity question) finite, and vanish as real votes come in."""

MAX_STEPS = 200
"""Newton steps; a few are enough unless the start is far away."""


@dataclass(frozen=True)
class Counts:
    """How often what happened between whom."""

    wins: Floats
    """[M, M]: ``wins[i, j]`` votes in which i was better than j."""
    ties: Floats
    """[M, M], symmetric: ties between i and j, each counted once in either half."""

    @property
    def votes(self) -> Floats:
        """[M, M], symmetric: votes between i and j."""
        return self.wins + self.wins.T + self.ties


@dataclass(frozen=True)
class Fit:
    """Newman's model: P(i beats j) = p_i / Z, P(tie) = 2 v sqrt(p_i p_j) / Z, Z = p_i + p_j + 2 v sqrt(p_i p_j)."""

    log_strength: Floats
    """[M]: log p, mean 0."""
    tie: float
    """v >= 0; two equal methods tie with probability v / (1 + v)."""

    def probabilities(self) -> tuple[Floats, Floats]:
        """P(i beats j) and P(tie), each [M, M]."""
        half = (self.log_strength[:, None] - self.log_strength[None, :]) / 2.0
        total = np.exp(half) + np.exp(-half) + 2.0 * self.tie
        return np.exp(half) / total, 2.0 * self.tie / total


def count(ballots: Ballots) -> Counts:
    """Wins and ties between every two methods, each vote as often as its weight says."""
    m, pair, weight = len(ballots.methods), ballots.left * len(ballots.methods) + ballots.right, ballots.weight
    left_wins, ties, right_wins = (
        np.bincount(pair[said], None if weight is None else weight[said], m * m).reshape(m, m).astype(np.float64)
        for said in (ballots.outcome == o for o in (1, 0, -1))
    )
    return Counts(left_wins + right_wins.T, ties + ties.T)


def win_rates(counts: Counts) -> Floats:
    """[M, M]: share of votes i won against j, a tie counting half to each; NaN where they never met."""
    with np.errstate(invalid="ignore"):
        return (counts.wins + counts.ties / 2.0) / counts.votes


def connected(counts: Counts) -> bool:
    """True when every method can be compared with every other along a chain of votes."""
    m = len(counts.wins)
    reach = np.linalg.matrix_power((counts.votes > 0) + np.eye(m), m) > 0
    return bool(reach.all())


def prior_counts(m: int, prior: float = PRIOR_VOTES) -> Floats:
    """[M, M]: virtual wins of i over j; every method has ``prior`` virtual votes in all."""
    return prior / (2.0 * (m - 1)) * (1.0 - np.eye(m))


def fit(counts: Counts, prior: float = PRIOR_VOTES) -> Fit:
    """Maximum of the likelihood of `Fit` with ``prior`` virtual votes a method (0: plain maximum likelihood).

    Needs at least two methods and `connected` counts. Newman, JMLR 24 (2023), through evalica.
    """
    all_votes = with_prior(counts, prior)
    return _finish(_newman(all_votes.wins, all_votes.ties), all_votes)


def log_likelihood(fitted: Fit, counts: Counts) -> float:
    """Of ``counts`` (real and virtual) under ``fitted``, without the part that depends on no parameter."""
    win, tie = fitted.probabilities()
    ties = np.triu(counts.ties, 1)
    drawn = (ties * np.log(tie)).sum() if fitted.tie > 0 else 0.0
    return float((counts.wins * np.log(win)).sum() + drawn)


def information(fitted: Fit, counts: Counts) -> Floats:
    """[M + 1, M + 1] information of (log strengths, log tie parameter): the negated Hessian of the log likelihood.

    Singular along "all strengths up", which no contrast sees, and in the tie row when nobody tied. ``counts``
    include the virtual votes if the fit had them.
    """
    m = len(fitted.log_strength)
    win, tie = fitted.probabilities()
    spread = counts.votes * (win * win.T + tie * (win + win.T) / 4.0)
    cross = counts.votes * tie * (win.T - win) / 2.0
    result = np.zeros((m + 1, m + 1))
    result[:m, :m] = np.diag(spread.sum(1)) - spread
    result[:m, m] = result[m, :m] = cross.sum(1)
    result[m, m] = np.triu(counts.votes * tie * (1.0 - tie), 1).sum()
    return result


def inverse_information(fitted: Fit, counts: Counts) -> Floats:
    """[M + 1, M + 1] inverse of `information` for contrasts: what is singular is filled in where no contrast looks."""
    filled = information(fitted, counts)
    m = len(filled) - 1
    filled[:m, :m] += np.trace(filled[:m, :m]) / m**2
    if filled[m, m] == 0.0:
        filled[m, m] = 1.0
    return np.linalg.inv(filled).astype(np.float64)


def with_prior(counts: Counts, prior: float = PRIOR_VOTES) -> Counts:
    """``counts`` and the virtual votes of ``prior``."""
    return Counts(counts.wins + prior_counts(len(counts.wins), prior), counts.ties)


def _newman(wins: Floats, ties: Floats) -> Fit:
    """evalica's answer from one weighted row per (i, j, outcome)."""
    import evalica

    i, j = np.triu_indices(len(wins), 1)
    result = evalica.newman(
        np.tile(i, 3).tolist(),
        np.tile(j, 3).tolist(),
        np.repeat([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw], len(i)).tolist(),
        weights=np.concatenate([wins[i, j], wins[j, i], ties[i, j]]).tolist(),
        tolerance=1e-8,
        limit=200,
    )
    log_strength = np.log(result.scores.sort_index().to_numpy())
    return Fit(log_strength - log_strength.mean(), float(result.v))


def _finish(start: Fit, counts: Counts) -> Fit:
    """Newton steps on the log likelihood, which is concave, until its gradient is gone.

    Newman's iteration swings for ever between two points with two methods and no ties, and evalica's stops before it
    has found the tie parameter when all strengths are equal at the start.
    """
    total = np.triu(counts.ties, 1).sum()
    current = Fit(start.log_strength, max(start.tie, 1e-3) if total else 0.0)
    for _ in range(MAX_STEPS):
        win, tie = current.probabilities()
        gradient = np.append(
            (counts.wins + counts.ties / 2.0 - counts.votes * (win + tie / 2.0)).sum(1),
            total - np.triu(counts.votes * tie, 1).sum(),
        )
        if np.abs(gradient).max() <= 1e-10 * (1.0 + counts.votes.sum()):
            break
        step = np.clip(inverse_information(current, counts) @ gradient, -1.0, 1.0)
        value = log_likelihood(current, counts)
        rounding = 1e-9 * (1.0 + abs(value))
        while log_likelihood(_moved(current, step), counts) < value - rounding:
            step = step / 2.0
        current = _moved(current, step)
    return current


def _moved(current: Fit, step: Floats) -> Fit:
    log_strength = current.log_strength + step[:-1]
    return Fit(log_strength - log_strength.mean(), current.tie * float(np.exp(step[-1])))
