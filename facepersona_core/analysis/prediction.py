"""Prediction-powered contrasts: few votes and many machine scores together, without believing the machine.

Scale. Votes give points (1, 1/2, 0); the contrast of two methods is the difference of their coefficients in a least
squares fit of the lead (points - 1/2) on which method stood first (Scheffe 1952). It is linear in the votes, a mean in
all but name, which is what the correction below needs, and uses the votes on all pairs of methods, as the ranking does;
with two methods it is the mean lead itself.

Estimate (PPI++: Angelopoulos, Duchi and Zrnic, arXiv:2311.01453). With f the machine's prediction of the lead,

    hybrid = votes + lambda (f over all pairs made - f over the pairs rated),

whatever f is, the bracket is 0 on average, so a bad machine costs nothing but precision, and lambda sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.ballots import Floats, Ints
from facepersona_core.analysis.clusters import Covariances, Pieces, transform, two_way
from facepersona_core.analysis.pairing import Pairs, PairVotes

FOLDS = 5
"""Groups of prompts; the machine that predicts a pair was tuned on the votes of the other groups alone."""
NEVER_WIDER = 1.02
"""No contrast's interval may become wider than this times that of the votes alone."""
STEPS = np.linspace(0.0, 1.0, 51)
"""Values of lambda that are tried."""


@dataclass(frozen=True)
class Blend:
    """People, machine and both: coefficients [M] of the methods, their errors, and how they belong together."""

    human: Floats
    machine: Floats
    """What the machine says, put on the scale of leads by the slope found in the votes."""
    correction: Floats
    """f over all pairs made - f over the pairs rated."""
    covariance: Covariances
    """[2M, 2M] of (human, correction)."""
    machine_covariance: Covariances
    """[M, M]."""
    rho: float
    """Correlation of lead and f over votes, what methods have in common aside; NaN where either is constant."""
    rho_error: float


def blend(pairs: Pairs, votes: PairVotes, proxies: Floats) -> Blend:
    """``proxies`` [u, k] are any figures of a pair that change their sign when its pictures change places.

    Needs votes on a connected set of methods, by two raters and on two prompts."""
    m = len(pairs.methods)
    proxies = proxies / np.maximum(np.sqrt((proxies**2).mean(0)), 1e-12)
    slopes, fold = _slopes(pairs, votes, proxies), pairs.prompt % FOLDS
    f = np.einsum("uk,uk->u", proxies, slopes[:-1][fold])
    first, second = pairs.first[votes.pair], pairs.second[votes.pair]
    of_rated = _inverse(_laplacian(first, second, votes.weight, m))
    of_made = _inverse(_laplacian(pairs.first, pairs.second, np.ones(len(pairs)), m))

    human = of_rated @ _pull(first, second, votes.weight * votes.lead, m)
    rated = of_rated @ _pull(first, second, votes.weight * f[votes.pair], m)
    made = of_made @ _pull(pairs.first, pairs.second, f, m)
    lead_left = votes.lead - (human[first] - human[second])
    f_left = f[votes.pair] - (rated[first] - rated[second])
    scores = [*_both(first, second, votes.weight * lead_left, 0), *_both(first, second, votes.weight * f_left, m)]
    nothing = np.zeros((m, m))
    bread = np.block([[of_rated, nothing, nothing], [nothing, -of_rated, of_made]])
    covariance = _covariance(pairs, votes, scores, f - (made[pairs.first] - made[pairs.second]), 2 * m, bread)

    machine, machine_covariance = _machine(pairs, votes, proxies, slopes[-1], of_made)
    rho, rho_error = _correlation(pairs, votes, lead_left, f_left)
    return Blend(human, machine, made - rated, covariance, machine_covariance, rho, rho_error)


def tune(found: Blend, contrasts: Floats) -> float:
    """The lambda of `STEPS` with the narrowest intervals of ``contrasts`` [c, M] on average, none `NEVER_WIDER`.

    One for all contrasts: they then add up as those of one ranking, and chance has less to choose from."""
    width = np.array([np.sqrt(found.covariance.variance(np.hstack([contrasts, step * contrasts]))) for step in STEPS])
    ratio = width / np.maximum(width[0], 1e-12)
    allowed = (ratio <= NEVER_WIDER).all(1)
    return float(STEPS[np.where(allowed, ratio.mean(1), np.inf).argmin()])


def _slopes(pairs: Pairs, votes: PairVotes, proxies: Floats) -> Floats:
    """[FOLDS + 1, k] least-squares slopes of the lead on the proxies beside the methods: without the prompts of each
    fold, then with all."""
    m, rows = len(pairs.methods), np.arange(len(votes))
    design = np.zeros((len(votes), m + proxies.shape[1]))
    design[rows, pairs.first[votes.pair]], design[rows, pairs.second[votes.pair]] = 1.0, -1.0
    design[:, m:] = proxies[votes.pair]
    fold = pairs.prompt[votes.pair] % FOLDS
    weighted = design * votes.weight[:, None]
    squares = [weighted[fold == part].T @ design[fold == part] for part in range(FOLDS)]
    pulls = [weighted[fold == part].T @ votes.lead[fold == part] for part in range(FOLDS)]
    square, pull = sum(squares), sum(pulls)
    found = [np.linalg.pinv(square - s) @ (pull - p) for s, p in zip(squares, pulls, strict=True)]
    return np.array([*found, np.linalg.pinv(square) @ pull])[:, m:]


def _machine(
    pairs: Pairs, votes: PairVotes, proxies: Floats, slope: Floats, of_made: Floats
) -> tuple[Floats, Covariances]:
    """Coefficients of ``proxies @ slope`` over all pairs, with the errors of pairs and of the slope."""
    m, k = len(pairs.methods), len(slope)
    first, second, seen = pairs.first[votes.pair], pairs.second[votes.pair], proxies[votes.pair]
    each = of_made @ np.column_stack([_pull(pairs.first, pairs.second, column, m) for column in proxies.T])
    design = np.zeros((len(votes), m + k))
    design[np.arange(len(votes)), first], design[np.arange(len(votes)), second] = 1.0, -1.0
    design[:, m:] = seen
    inverse = np.linalg.pinv((design * votes.weight[:, None]).T @ design)
    fitted = inverse @ (design.T @ (votes.weight * votes.lead))
    left = votes.weight * (votes.lead - design @ fitted)
    scores = [*_both(first, second, left, 0)]
    scores += [(np.full(len(votes), m + j), left * seen[:, j]) for j in range(k)]
    coefficients = each @ slope
    f_left = proxies @ slope - (coefficients[pairs.first] - coefficients[pairs.second])
    bread = np.hstack([each @ inverse[m:], of_made])
    return coefficients, _covariance(pairs, votes, scores, f_left, m + k, bread)


def _covariance(
    pairs: Pairs, votes: PairVotes, scores: list[tuple[Ints, Floats]], f_left: Floats, k: int, bread: Floats
) -> Covariances:
    """Sandwich covariance of ``bread`` times (scores of the votes [k], scores ``f_left`` [u] of the pairs [M]).

    What a rated pair adds is shared among its votes, so that what machine and people have in common is seen."""
    m, count = len(pairs.methods), np.bincount(votes.pair, minlength=len(pairs))
    first, second, prompt = pairs.first[votes.pair], pairs.second[votes.pair], pairs.prompt[votes.pair]
    shared = _both(first, second, f_left[votes.pair] / count[votes.pair], k)
    rest = count == 0
    unrated: Pieces = _both(pairs.first[rest], pairs.second[rest], f_left[rest], k)
    return transform(two_way([*scores, *shared], k + m, votes.rater, prompt, unrated, pairs.prompt[rest]), bread)


def _correlation(pairs: Pairs, votes: PairVotes, one: Floats, other: Floats) -> tuple[float, float]:
    """Weighted correlation of two residuals [n] and its two-way clustered error (delta method)."""
    part = votes.weight / votes.weight.sum()
    spread = np.sqrt(part @ one**2), np.sqrt(part @ other**2)
    if min(spread) < 1e-9:
        return float("nan"), float("nan")
    one, other = one / spread[0], other / spread[1]
    rho = float(part @ (one * other))
    influence = part * (one * other - rho * (one**2 + other**2) / 2.0)
    piece = [(np.zeros(len(votes), dtype=np.int64), influence)]
    variance = two_way(piece, 1, votes.rater, pairs.prompt[votes.pair]).variance(np.ones((1, 1)))
    return rho, float(np.sqrt(variance[0]))


def _both(first: Ints, second: Ints, value: Floats, base: int) -> list[tuple[Ints, Floats]]:
    """``value`` for first and against second, in the components from ``base``."""
    return [(first + base, value), (second + base, -value)]


def _pull(first: Ints, second: Ints, value: Floats, m: int) -> Floats:
    """[M] sum of ``value`` over the pairs a method is first in, minus that over those it is second in."""
    gained, lost = (np.bincount(side, value, m).astype(np.float64) for side in (first, second))
    return gained - lost


def _laplacian(first: Ints, second: Ints, weight: Floats, m: int) -> Floats:
    """[M, M] square of the design of the leads."""
    met = np.bincount(first * m + second, weight, m * m).reshape(m, m)
    met = met + met.T
    square: Floats = np.diag(met.sum(1)) - met
    return square


def _inverse(laplacian: Floats) -> Floats:
    """Inverse for contrasts; "all methods up", which no contrast sees, is filled in."""
    inverse: Floats = np.linalg.inv(laplacian + np.trace(laplacian) / len(laplacian) ** 2)
    return inverse
