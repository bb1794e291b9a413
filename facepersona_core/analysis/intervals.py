"""How sure: intervals of strengths and of contrasts, clustered by rater and prompt, with Holm's correction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.clusters import Covariances, transform, two_way
from facepersona_core.analysis.ranking import PRIOR_VOTES, Counts, Fit, inverse_information, with_prior


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, all in the same unit."""

    value: float
    low: float
    high: float
    standard_error: float

    @property
    def turned(self) -> Interval:
        """The same difference seen from the other side."""
        return Interval(-self.value, -self.high, -self.low, self.standard_error)


@dataclass(frozen=True)
class Contrast:
    """How much better ``first`` is than ``second``: difference of log strengths, above 0 in favour of first."""

    first: str
    second: str
    interval: Interval
    """Of this contrast alone; whether "first beats second" can be claimed is what ``p_holm`` says."""
    p: float
    """Two-sided p-value of this contrast alone."""
    p_holm: float
    """Corrected for all contrasts of the question (Holm 1979)."""


def degrees_of_freedom(ballots: Ballots) -> int:
    """min(raters, prompts) - 1 of the votes in ``ballots``."""
    return min(int(ballots.rater.max()), int(ballots.prompt.max()))


def covariances(fitted: Fit, counts: Counts, ballots: Ballots, prior: float = PRIOR_VOTES) -> Covariances:
    """Sandwich covariances [M, M] of ``fitted.log_strength``: inverse information, clustered scores in between."""
    m = len(fitted.log_strength)
    win, tie = fitted.probabilities()
    pair = ballots.left * m + ballots.right
    surprise = ballots.points - (win + tie / 2.0).ravel()[pair]
    tie_surprise = (ballots.outcome == 0) - tie.ravel()[pair]
    if ballots.weight is not None:
        surprise, tie_surprise = surprise * ballots.weight, tie_surprise * ballots.weight
    scores = [(ballots.left, surprise), (ballots.right, -surprise), (np.full_like(ballots.left, m), tie_surprise)]
    bread = inverse_information(fitted, with_prior(counts, prior))[:m]
    return transform(two_way(scores, m + 1, ballots.rater, ballots.prompt), bread)


def t_quantile(df: int, level: float) -> float:
    """Half-width in standard errors of a two-sided ``level`` interval, Student's t with ``df``."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1.0 + level) / 2.0))


def strengths(fitted: Fit, covariance: Covariances, df: int, level: float = 0.95) -> list[Interval]:
    """Interval of each log strength against the mean of all methods."""
    m = len(fitted.log_strength)
    return _intervals(np.eye(m) - 1.0 / m, fitted.log_strength, covariance, df, level)


def contrasts(
    methods: tuple[str, ...], fitted: Fit, covariance: Covariances, df: int, level: float = 0.95
) -> list[Contrast]:
    """Every two methods once, in the order of ``methods``."""
    pairs = list(combinations(range(len(methods)), 2))
    directions = np.zeros((len(pairs), len(methods)))
    for row, (first, second) in enumerate(pairs):
        directions[row, first], directions[row, second] = 1.0, -1.0
    found = _intervals(directions, fitted.log_strength, covariance, df, level)
    p = [_p_value(each, df) for each in found]
    rows = zip(pairs, found, p, holm(p), strict=True)
    return [Contrast(methods[first], methods[second], each, q, q_holm) for (first, second), each, q, q_holm in rows]


def _p_value(found: Interval, df: int) -> float:
    """Two-sided p-value of no difference; 1 where all clusters agree, as their spread then says nothing of chance."""
    from scipy.special import stdtr

    return 2.0 * float(stdtr(df, -abs(found.value) / found.standard_error)) if found.standard_error else 1.0


def holm(p: list[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the given order."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate([min(1.0, p[i] * (len(p) - step)) for step, i in enumerate(order)])
    adjusted = np.empty(len(p))
    adjusted[order] = stepped
    return [float(value) for value in adjusted]


def rank_ranges(methods: tuple[str, ...], found: list[Contrast], alpha: float = 0.05) -> dict[str, tuple[int, int]]:
    """Best and worst rank each method can have: 1 + how many beat it, M - how many it beats, at ``p_holm < alpha``."""
    ranges = {method: [1, len(methods)] for method in methods}
    for each in found:
        if each.p_holm < alpha:
            ahead = each.interval.value > 0
            winner, loser = (each.first, each.second) if ahead else (each.second, each.first)
            ranges[loser][0] += 1
            ranges[winner][1] -= 1
    return {method: (best, worst) for method, (best, worst) in ranges.items()}


def _intervals(directions: Floats, estimate: Floats, covariance: Covariances, df: int, level: float) -> list[Interval]:
    values, errors = directions @ estimate, np.sqrt(covariance.variance(directions))
    reach = t_quantile(df, level) * errors
    rows = np.column_stack([values, values - reach, values + reach, errors]).tolist()
    return [Interval(*row) for row in rows]
