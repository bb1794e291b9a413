"""Good enough, not only better: shares with intervals clustered two ways, safe at 0 and 1."""

from __future__ import annotations

import numpy as np

from facepersona_core.analysis.ballots import Floats, Ints
from facepersona_core.analysis.clusters import two_way
from facepersona_core.analysis.intervals import Interval, t_quantile


def rate(yes: Floats, rater: Ints, prompt: Ints, level: float = 0.95, weight: Floats | None = None) -> Interval:
    """Share of ``yes`` ([n], 0 or 1, fractions allowed) with a Wilson interval of the effective number of answers.

    ``weight`` [n]: how many answers each stands for; None: each for itself.

    The effective number is what independent answers would need for the two-way clustered error (Korn and Graubard
    1998), with Student's t. When all answers agree no error can be seen: the smaller number of clusters stands in.
    Needs two raters and two prompts; codes need no gaps removed.
    """
    share, n = float(np.average(yes, weights=weight)), len(yes)
    part = 1.0 / n if weight is None else weight / weight.sum()
    rater, prompt = (np.unique(codes, return_inverse=True)[1].astype(np.int64) for codes in (rater, prompt))
    clusters = min(int(rater.max()), int(prompt.max())) + 1
    influence = [(np.zeros(n, dtype=np.int64), (yes - share) * part)]
    variance = float(two_way(influence, 1, rater, prompt).variance(np.ones((1, 1)))[0])
    effective = clusters if share in (0.0, 1.0) or variance == 0.0 else min(n, share * (1 - share) / variance)
    low, high = wilson(share, effective, t_quantile(clusters - 1, level))
    return Interval(share, low, high, float(np.sqrt(variance)))


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's score interval of a ``share`` of ``n`` independent answers, ``z`` standard errors wide."""
    scale = 1.0 + z**2 / n
    middle = (share + z**2 / (2 * n)) / scale
    reach = z / scale * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return max(0.0, middle - reach), min(1.0, middle + reach)
