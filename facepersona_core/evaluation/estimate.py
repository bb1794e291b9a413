"""How sure a figure is: leave out one person at a time (the jackknife, Student's t with people - 1 degrees of freedom).

People are the clusters: pictures of one person share a face that is easy or hard. A figure is a function of sums over
people, so that leaving somebody out is a subtraction; for a mean this is the usual clustered interval, and it serves
shares of variances, entropies and harmonic means as well (Efron and Stein 1981; Tukey's t)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.acceptability import wilson
from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.intervals import t_quantile

LEVEL = 0.95
Value = Callable[[Floats], float | None]
"""From sums over people [k] to the figure; None where it cannot be measured."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval over people."""

    value: float
    low: float | None = None
    high: float | None = None
    """None where chance cannot be judged: fewer than two people measured, or no difference between them at all."""

    def within(self, least: float, most: float) -> Estimate:
        """With the interval cut to what the figure can be."""
        if self.low is None or self.high is None:
            return self
        return Estimate(self.value, max(self.low, least), min(self.high, most))


def jackknife(value: Value, sums: Floats) -> Estimate | None:
    """The figure ``value`` of ``sums`` [people, k]; None where it cannot be measured."""
    found = _spread(value, sums)
    if found is None:
        return None
    figure, error, people = found
    if not error:
        return Estimate(figure)
    reach = t_quantile(people - 1, LEVEL) * error
    return Estimate(figure, figure - reach, figure + reach)


def share(value: Value, sums: Floats) -> Estimate | None:
    """Likewise for a share of pictures, ``sums`` [people, 2] being yes and all, with an interval safe at 0 and 1.

    Wilson's interval of the number of independent pictures that would have the jackknife's error (Korn and Graubard
    1998); where all pictures agree, each person stands for one."""
    found = _spread(value, sums)
    if found is None:
        return None
    figure, error, people = found
    if people < 2:
        return Estimate(figure)
    pictures = float(sums[:, 1].sum())
    independent = min(pictures, figure * (1 - figure) / error**2) if error else people
    return Estimate(figure, *wilson(figure, independent, t_quantile(people - 1, LEVEL)))


def ratio(value: Value, above: Floats, below: Floats) -> Estimate | None:
    """How many times ``value`` of ``above`` [people, k] is that of ``below``, of the same people in the same order.

    The interval is that of the logarithm."""

    def log_ratio(sums: Floats) -> float | None:
        parts = [value(part) for part in np.split(sums, 2)]
        return float(np.log(parts[0] / parts[1])) if parts[0] and parts[1] else None

    found = jackknife(log_ratio, np.hstack([above, below]))
    if found is None:
        return None
    low, high = (None if bound is None else float(np.exp(bound)) for bound in (found.low, found.high))
    return Estimate(float(np.exp(found.value)), low, high)


def difference(value: Value, ours: Floats, theirs: Floats) -> Estimate | None:
    """``value`` of ``ours`` [people, k] less that of ``theirs``, of the same people in the same order (paired)."""

    def gap(sums: Floats) -> float | None:
        first, second = (value(part) for part in np.split(sums, 2))
        return None if first is None or second is None else first - second

    return jackknife(gap, np.hstack([ours, theirs]))


def _spread(value: Value, sums: Floats) -> tuple[float, float, int] | None:
    """The figure, its standard error (0 where it cannot be judged) and the people with something measured."""
    counted = sums[sums.any(1)]
    total = counted.sum(0)
    figure = value(total)
    if figure is None:
        return None
    people = len(counted)
    without = [value(total - own) for own in counted]
    known = np.array([each for each in without if each is not None])
    if people < 2 or len(known) < people:
        return figure, 0.0, people
    error = float(np.sqrt((people - 1) / people * ((known - known.mean()) ** 2).sum()))
    return figure, error if error > 1e-12 else 0.0, people
