"""When to stop asking: an asymptotic confidence sequence that may be looked at after every vote.

A plain 95 % interval that is looked at again and again excludes the truth sooner or later; a confidence sequence does
not, at the price of being wider. Margin and cap are fixed before the first vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.clusters import Covariances
from facepersona_core.analysis.intervals import t_quantile
from facepersona_core.analysis.ranking import Fit

State = Literal["winner", "equivalent", "cap", "continue"]


@dataclass(frozen=True)
class StopRule:
    """Fixed before rating starts; changing it afterwards voids the guarantee."""

    margin: float = 0.4
    """Difference of log strengths too small to matter; 0.4 is 60 : 40. Also where the sequence is made tightest."""
    cap: int | None = None
    """Votes on one question after which rating ends anyhow; None: never."""
    alpha: float = 0.05
    """Chance of ever naming a winner that is not better."""
    clusters: int = 5
    """Fewest raters and fewest prompts before the first look: below, errors are not known well enough."""


@dataclass(frozen=True)
class Verdict:
    """What the votes so far allow."""

    state: State
    """winner: the leader beats every other; equivalent: every other is within the margin of it; cap: votes used up."""
    leader: int
    """Code of the method in front, whatever the state."""
    half_width: float
    """Of the confidence sequence of leader against its closest rival; infinite before the first look."""


def half_width(standard_error: Floats, margin: float, alpha: float) -> Floats:
    """Half-width of the confidence sequence of an estimate with these standard errors at this moment.

    Robbins' normal mixture in intrinsic time I = 1 / error^2 (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024):
    sqrt((I + r) log((I + r) / (r alpha^2))) / I, tightest where a plain interval would be ``margin`` wide.
    """
    from scipy.special import lambertw, ndtri

    time = 1.0 / standard_error**2
    best = (ndtri(1.0 - alpha / 2.0) / margin) ** 2
    r = best / (-float(lambertw(-(alpha**2) / np.e, -1).real) - 1.0)
    result: Floats = np.sqrt((time + r) * np.log((time + r) / (r * alpha**2))) / time
    return result


def verdict(fitted: Fit, covariance: Covariances, df: int, votes: int, rule: StopRule) -> Verdict:
    """Look once. Over all looks together a false winner has probability at most ``rule.alpha`` (asymptotically).

    Naming m needs m to beat each of M - 1 others. A false m fails to beat the truly best one except with half the
    level, so a level of 2 alpha / M makes the sum over all m at most alpha.
    """
    from scipy.special import ndtri

    m = len(fitted.log_strength)
    leader = int(fitted.log_strength.argmax())
    level = 2.0 * rule.alpha / m
    over = votes >= rule.cap if rule.cap else False
    if df + 1 < rule.clusters:
        return Verdict("cap" if over else "continue", leader, float("inf"))
    directions = np.delete(np.eye(m)[leader] - np.eye(m), leader, axis=0)
    lead = directions @ fitted.log_strength
    wider = t_quantile(df, 1.0 - level) / float(ndtri(1.0 - level / 2.0))
    reach = half_width(np.sqrt(covariance.variance(directions)) * wider, rule.margin, level)
    state: State = "cap" if over else "continue"
    if np.all(lead > reach):
        state = "winner"
    elif np.all(lead + reach < rule.margin):
        state = "equivalent"
    return Verdict(state, leader, float(reach[lead.argmin()]))
