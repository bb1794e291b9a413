"""How precise a study will be, before anyone rates: raters and prompts buy precision, votes alone do not."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, pi, sqrt
from typing import Literal

from facepersona_core.errors import StudyInvalid

LOGISTIC = 16.0 * sqrt(3.0) / (15.0 * pi)
"""Scale of the probit that is closest to the logistic curve; how much a random spread of log odds flattens it."""


@dataclass(frozen=True)
class Spread:
    """Assumed variance components, as standard deviations of log strength per method."""

    rater: float = 0.35
    """How much one rater's taste for a method differs from the crowd's."""
    prompt: float = 0.3
    """How much better or worse a method is on one prompt than on all."""
    tie: float = 0.25
    """Tie parameter v of `analysis.ranking.Fit`: equal methods tie with probability v / (1 + v)."""


@dataclass(frozen=True)
class Precision:
    """What to expect of the contrast of two methods that are about equal."""

    half_width: float
    """Half of the 95 % interval of the difference of log strengths; infinite with one rater or one prompt."""
    half_width_share: float
    """The same as a share of decisive votes around 0.5; 0.5 says that nothing is known."""
    from_raters: float
    """Part of the variance, 0 to 1, that only more raters reduce."""
    from_prompts: float
    """Part that only more prompts reduce."""
    from_votes: float
    """Part that more votes reduce."""

    @property
    def bottleneck(self) -> Literal["raters", "prompts", "votes"]:
        """What to have more of first."""
        if self.from_votes >= max(self.from_raters, self.from_prompts):
            return "votes"
        return "raters" if self.from_raters >= self.from_prompts else "prompts"


def expected_width(
    raters: int, prompts: int, votes: int, methods: int, spread: Spread | None = None, level: float = 0.95
) -> Precision:
    """Expected interval of a contrast from ``votes`` on one question, spread evenly. Raises StudyInvalid.

    Variance = c^2 (2 rater^2 / R + 2 prompt^2 / P) + (M - 1) / (n (1 - tie) / 4): the first two from crossed random
    effects, flattened by c = 1 / sqrt(1 + k^2 (2 rater^2 + 2 prompt^2)) as the marginal model sees them; the last the
    inverse information of an even round robin. Times Student's t with min(R, P) - 1, as the analysis will use it.
    """
    spread = spread or Spread()
    for label, value, least in (
        ("raters", raters, 1),
        ("prompts", prompts, 1),
        ("votes", votes, 1),
        ("methods", methods, 2),
    ):
        if value < least:
            raise StudyInvalid(seen=f"{label} = {value}", expected=f"{label} >= {least}")
    effects = 2.0 * (spread.rater**2 + spread.prompt**2)
    flat = 1.0 / (1.0 + LOGISTIC**2 * effects)
    parts = (
        flat * 2.0 * spread.rater**2 / raters,
        flat * 2.0 * spread.prompt**2 / prompts,
        (methods - 1) * 4.0 * (1.0 + spread.tie) / votes,
    )
    total = sum(parts)
    half = _t_quantile(min(raters, prompts) - 1, level) * sqrt(total)
    return Precision(half, 1.0 / (1.0 + exp(-half)) - 0.5, *(part / total for part in parts))


def _t_quantile(df: int, level: float) -> float:
    """Two-sided Student's t quantile; infinite without degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1.0 + level) / 2.0)) if df > 0 else inf
