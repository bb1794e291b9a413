"""Do raters agree: Krippendorff's alpha and Gwet's AC1, pooled and within pairs of systems, resampled by prompt.

Pooled alpha flatters when some systems differ a lot: part of the agreement is only that. Within two systems it shows
whether raters see the same thing in the same pictures. Both coefficients are ratios of sums over items, so the
bootstrap over prompts only reweights sums per prompt. ``evalica.alpha`` is the reference of the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from facepersona_core.analysis.ballots import Ballots, Floats, Ints
from facepersona_core.analysis.intervals import Interval, t_quantile

CATEGORIES = 3
"""First better, tie, second better, the two systems of an item in a fixed order."""
REPLICATES = 1000


class Items(NamedTuple):
    """What was rated: one pair of pictures an item."""

    counts: Floats
    """[items, 3]: how many raters gave each answer."""
    prompt: Ints
    """[items]."""
    systems: Ints
    """[items]: code of the two systems."""
    weight: Floats
    """[items]: how many items each stands for (`ballots.sampling_weights`)."""


@dataclass(frozen=True)
class Agreement:
    """One coefficient, 1 for perfect agreement and 0 for chance, with its interval."""

    pooled: Interval
    within: Interval
    """Mean over pairs of systems, weighted by ratings that have a partner."""


def items(ballots: Ballots, picture: Ints) -> Items:
    """Answers per (``picture`` code [n], two systems); sides undone, so that left and right do not matter."""
    m = len(ballots.methods)
    first, second = np.minimum(ballots.left, ballots.right), np.maximum(ballots.left, ballots.right)
    answer = np.where(ballots.left == first, 1 - ballots.outcome, 1 + ballots.outcome)
    systems = first * m + second
    _, start, item = np.unique(picture * m * m + systems, return_index=True, return_inverse=True)
    counts = np.bincount(item * CATEGORIES + answer, minlength=len(start) * CATEGORIES)
    weight = np.ones(len(start)) if ballots.weight is None else ballots.weight[start]
    return Items(counts.reshape(-1, CATEGORIES).astype(np.float64), ballots.prompt[start], systems[start], weight)


def alpha_terms(counts: Floats) -> Floats:
    """[items, 9 + 1]: each item's coincidences (Krippendorff 2018), then its pairable ratings."""
    ratings = counts.sum(1)
    paired = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(CATEGORIES)
    weight = np.where(ratings > 1, 1.0 / np.maximum(ratings - 1, 1), 0.0)
    coincidences = (paired * weight[:, None, None]).reshape(len(counts), -1)
    return np.column_stack([coincidences, np.where(ratings > 1, ratings, 0.0)])


def alpha(terms: Floats) -> Floats:
    """Krippendorff's nominal alpha of summed `alpha_terms` [..., 10]; NaN when only one answer was ever given."""
    table = terms[..., :-1].reshape(*terms.shape[:-1], CATEGORIES, CATEGORIES)
    marginal, total = table.sum(-1), terms[..., -1]
    observed = (total - np.trace(table, axis1=-2, axis2=-1)) / total
    expected = (total**2 - (marginal**2).sum(-1)) / (total * (total - 1))
    result: Floats = 1.0 - observed / expected
    return result


def ac1_terms(counts: Floats) -> Floats:
    """[items, 3 + 4]: answer shares, 1, agreeing pairs of raters (share), 1 if paired, pairable ratings (Gwet 2008)."""
    ratings = counts.sum(1)
    paired = ratings > 1
    agreeing = (counts * (counts - 1)).sum(1) / np.where(paired, ratings * (ratings - 1), 1)
    rest = [np.ones(len(counts)), np.where(paired, agreeing, 0.0), paired, np.where(paired, ratings, 0.0)]
    return np.column_stack([counts / ratings[:, None], *rest])


def ac1(terms: Floats) -> Floats:
    """Gwet's AC1 of summed `ac1_terms` [..., 7]."""
    share = terms[..., :CATEGORIES] / terms[..., CATEGORIES, None]
    chance = (share * (1.0 - share)).sum(-1) / (CATEGORIES - 1)
    result: Floats = (terms[..., CATEGORIES + 1] / terms[..., CATEGORIES + 2] - chance) / (1.0 - chance)
    return result


def agreement(
    rated: Items, terms: Callable[[Floats], Floats], ratio: Callable[[Floats], Floats], seed: int, level: float = 0.95
) -> Agreement | None:
    """Coefficient ``ratio`` over summed ``terms`` with prompt-cluster bootstrap; None if it cannot be measured.

    Needs two prompts, and in at least one pair of systems two raters on one item and two different answers.
    """
    values = terms(rated.counts) * rated.weight[:, None]
    names, prompt = np.unique(rated.prompt, return_inverse=True)
    groups, group = np.unique(rated.systems, return_inverse=True)
    sums = np.zeros((len(names), len(groups), values.shape[1]))
    np.add.at(sums, (prompt, group), values)
    if len(names) < 2 or values[:, -1].sum() == 0:
        return None
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(names), np.full(len(names), 1.0 / len(names)), REPLICATES).astype(np.float64)
    drawn = np.tensordot(np.vstack([np.ones(len(names)), weights]), sums, axes=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled, within = ratio(drawn.sum(1)), _mean_within(ratio(drawn), drawn[:, :, -1])
    if np.isnan(pooled[0]) or np.isnan(within[0]):
        return None
    return Agreement(percentiles(pooled, len(names), level), percentiles(within, len(names), level))


def _mean_within(each: Floats, ratings: Floats) -> Floats:
    """Weighted mean over pairs of systems [replicates, groups], leaving out those without a coefficient."""
    weight = np.where(np.isnan(each), 0.0, ratings)
    result: Floats = (np.nan_to_num(each) * weight).sum(1) / weight.sum(1)
    return result


def percentiles(values: Floats, clusters: int, level: float) -> Interval:
    """Percentile interval of replicates ``values[1:]`` about ``values[0]``, tails widened for few clusters: the
    plain one is as narrow as sqrt((G - 1) / G) normal errors (Hesterberg 2015)."""
    from scipy.special import ndtr

    tail = float(ndtr(-np.sqrt(clusters / (clusters - 1)) * t_quantile(clusters - 1, level)))
    low, high = np.nanquantile(values[1:], [tail, 1.0 - tail])
    return Interval(float(values[0]), float(low), float(high), float(np.nanstd(values[1:])))
