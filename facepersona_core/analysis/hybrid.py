"""People and machine together on one question, beside people alone and machine alone; off where it cannot help.

The estimate is `prediction`'s. Its predictors are, for each metric, the difference of the two pictures' scores and, if
some picture could not be measured, which of the two could be: an unmeasured difference is no opinion (0), and that a
picture shows no face is one of its own. Any predictor is allowed: a bad one costs precision, never truth.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.deep_results import HybridAxis, HybridContrast
from facepersona_core.analysis.intervals import Interval, t_quantile
from facepersona_core.analysis.pairing import Pairs, PairVotes, join
from facepersona_core.analysis.prediction import Blend, blend, tune
from facepersona_core.analysis.question import too_few

if TYPE_CHECKING:
    import pandas as pd

LEAST_RATED = 50
"""Fewest rated pairs from which the machine's slope and errors are known well enough."""
LEAST_RHO = 0.1
"""A correlation below it narrows no interval by more than 0.5 %: not worth a second estimate."""


def hybrid_axis(votes: pd.DataFrame, scores: pd.DataFrame, level: float = 0.95) -> HybridAxis:
    """``votes``: completed, ranked rows of one question. ``scores``: method, person, prompt, seed, metric, value.

    Pairs made are every two methods of a person, prompt and seed with scores. With routing, ``sampled_with`` of the
    votes weighs each by the inverse of its probability. Raises StudyInvalid.
    """
    pairs, cast = join(votes, scores)
    rated = len(np.unique(cast.pair))
    chance = float(votes["sampled_with"].min()) if len(votes) else 1.0
    if reason := _no_interval(pairs, cast):
        told = {"contrasts": reason, "hybrid": reason, "rho": reason, "rho_low": reason}
        return HybridAxis(pairs.metrics, len(cast), rated, len(pairs), chance, None, None, 0.0, None, told)
    found = blend(pairs, cast, proxies(pairs))
    df = min(int(cast.rater.max()), int(pairs.prompt[cast.pair].max()))
    low = found.rho - t_quantile(df, 2.0 * level - 1.0) * found.rho_error
    reasons = {"hybrid": reason} if (reason := _no_help(rated, len(pairs), low)) else {}
    directions = _directions(len(pairs.methods))
    trust = 0.0 if reasons else tune(found, directions)
    contrasts = _contrasts(pairs, len(cast), found, directions, trust, t_quantile(df, level), not reasons)
    counts = (len(cast), rated, len(pairs), chance)
    if np.isnan(low):
        reasons |= dict.fromkeys(("rho", "rho_low"), "no_differences")
        return HybridAxis(pairs.metrics, *counts, None, None, trust, contrasts, reasons)
    return HybridAxis(pairs.metrics, *counts, found.rho, low, trust, contrasts, reasons)


def proxies(pairs: Pairs) -> Floats:
    """[u, k] predictors: differences of scores, and which picture could be measured where that differs anywhere."""
    telling = pairs.measured.any(0)
    return np.hstack([np.nan_to_num(pairs.difference), pairs.measured[:, telling]])


def _no_interval(pairs: Pairs, votes: PairVotes) -> str | None:
    """Why not even people alone give an interval on these pairs, or None."""
    if not len(votes):
        return "no_rated_pairs"
    if reason := too_few(int(votes.rater.max()) + 1, int(pairs.prompt[votes.pair].max()) + 1):
        return reason
    m = len(pairs.methods)
    met = np.eye(m, dtype=bool)
    met[pairs.first[votes.pair], pairs.second[votes.pair]] = True
    met |= met.T
    return None if np.linalg.matrix_power(met.astype(np.float64), m).all() else "not_connected"


def _no_help(rated: int, made: int, rho_low: float) -> str | None:
    """Why the machine is not followed, or None."""
    if rated == made:
        return "all_rated"
    if rated < LEAST_RATED:
        return "few_rated_pairs"
    return None if rho_low > LEAST_RHO else "weak_machine"


def _directions(m: int) -> Floats:
    """[M (M - 1) / 2, M]: every two methods once."""
    first, second = np.triu_indices(m, 1)
    every: Floats = np.eye(m)[first] - np.eye(m)[second]
    return every


def _contrasts(
    pairs: Pairs, votes: int, found: Blend, directions: Floats, trust: float, reach: float, helps: bool
) -> tuple[HybridContrast, ...]:
    still, moved = (np.hstack([directions, step * directions]) for step in (0.0, trust))
    human = _intervals(directions @ found.human, found.covariance.variance(still), reach)
    machine = _intervals(directions @ found.machine, found.machine_covariance.variance(directions), reach)
    both = _intervals(directions @ (found.human + trust * found.correction), found.covariance.variance(moved), reach)
    names = combinations(pairs.methods, 2)
    return tuple(
        HybridContrast(*name, h, m, b if helps else None, _effective(votes, h, b) if helps else None)
        for name, h, m, b in zip(names, human, machine, both, strict=True)
    )


def _effective(votes: int, human: Interval, both: Interval) -> float | None:
    """Votes that people alone would need for the error of ``both``; None where votes show no spread at all."""
    return votes * (human.standard_error / both.standard_error) ** 2 if both.standard_error else None


def _intervals(values: Floats, variance: Floats, reach: float) -> list[Interval]:
    errors = np.sqrt(variance)
    rows = np.column_stack([values, values - reach * errors, values + reach * errors, errors]).tolist()
    return [Interval(*row) for row in rows]
