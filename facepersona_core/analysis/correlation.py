"""Do people and machine see the same difference? Per question and metric, on the study's own pairs.

Each pair counts twice, with its pictures in either order and both figures turned, so that it does not matter which
method is called first; where the machine decided others of its kind, it stands for those too
(`ballots.sampling_weights`). Intervals come from drawing whole prompts again (bootstrap)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.agreement import REPLICATES, percentiles
from facepersona_core.analysis.ballots import Floats, Ints
from facepersona_core.analysis.deep_results import Correlation
from facepersona_core.analysis.intervals import Interval
from facepersona_core.analysis.pairing import join

if TYPE_CHECKING:
    import pandas as pd

MOST_PAIRS = 1500
"""More pairs than this are not needed; as many are drawn by chance. Kendall's tau looks at every two."""
LEAST_PAIRS = 10
"""Fewer pairs say nothing."""


def correlations(axis: str, votes: pd.DataFrame, scores: pd.DataFrame, seed: int) -> list[Correlation]:
    """One `Correlation` a metric. ``votes`` and ``scores`` as for `hybrid.hybrid_axis`; ``seed`` drives the draws."""
    pairs, cast = join(votes, scores)
    given = np.bincount(cast.pair, minlength=len(pairs))
    total = np.bincount(cast.pair, cast.lead, len(pairs))
    mass = np.bincount(cast.pair, cast.weight, len(pairs))
    result = []
    for column, metric in enumerate(pairs.metrics):
        (seen,) = np.nonzero((given > 0) & ~np.isnan(pairs.difference[:, column]))
        random = np.random.default_rng(seed)
        used = seen if len(seen) <= MOST_PAIRS else np.sort(random.choice(seen, MOST_PAIRS, replace=False))
        figures = total[used] / given[used], pairs.difference[used, column], mass[used] / given[used]
        result.append(_correlation(axis, metric, len(seen), *figures, pairs.prompt[used], random))
    return result


def _correlation(
    axis: str,
    metric: str,
    count: int,
    vote: Floats,
    score: Floats,
    mass: Floats,
    prompt: Ints,
    random: np.random.Generator,
) -> Correlation:
    prompts = len(np.unique(prompt))
    reason = "few_pairs" if len(vote) < LEAST_PAIRS else "few_prompts" if prompts < 2 else ""
    if reason:
        return Correlation(
            axis, metric, count, *(None,) * 3, dict.fromkeys(("same_sign", "kendall", "spearman"), reason)
        )
    code = np.unique(prompt, return_inverse=True)[1]
    drawn = random.multinomial(prompts, np.full(prompts, 1.0 / prompts), REPLICATES).astype(np.float64)
    weight = np.vstack([np.ones(prompts), drawn])
    found = {
        "same_sign": _interval(same_sign(vote, score, mass, code, weight), prompts),
        "kendall": _interval(kendall(vote, score, mass, code, weight), prompts),
        "spearman": _interval(spearman(vote, score, mass, code, weight), prompts),
    }
    reasons = {name: "no_differences" for name, interval in found.items() if interval is None}
    return Correlation(axis, metric, count, **found, reasons=reasons)


def same_sign(vote: Floats, score: Floats, mass: Floats, prompt: Ints, weight: Floats) -> Floats:
    """[replicates]: share of pairs with one sign, of those where neither is 0.

    ``mass`` [n]: how many pairs each stands for. ``weight`` [replicates, prompts]: how often each prompt was drawn."""
    decided, size = mass * ((vote != 0) & (score != 0)), weight.shape[1]
    same = np.bincount(prompt, decided * (vote * score > 0), size)
    with np.errstate(invalid="ignore"):
        share: Floats = (weight @ same) / (weight @ np.bincount(prompt, decided, size))
    return share


def kendall(vote: Floats, score: Floats, mass: Floats, prompt: Ints, weight: Floats) -> Floats:
    """[replicates]: tau-b (Kendall 1945) of the pairs in both orders. Arguments as for `same_sign`.

    It is a ratio of sums over every two pairs, so their sums over every two prompts are all a replicate needs."""
    member = np.tile(np.eye(weight.shape[1], dtype=np.float32)[prompt] * mass[:, None].astype(np.float32), (2, 1))
    one, other = (np.concatenate([x, -x]) for x in (vote, score))
    signs = [np.sign(x[:, None] - x[None, :]).astype(np.float32) for x in (one, other)]
    together, *alone = (
        ((weight @ (member.T @ product @ member)) * weight).sum(1)
        for product in (signs[0] * signs[1], signs[0] ** 2, signs[1] ** 2)
    )
    with np.errstate(invalid="ignore"):
        tau: Floats = together / np.sqrt(alone[0] * alone[1])
    return tau


def spearman(vote: Floats, score: Floats, mass: Floats, prompt: Ints, weight: Floats) -> Floats:
    """[replicates]: correlation of the mid-ranks of the pairs in both orders, ranked anew in each replicate.

    Arguments as for `same_sign`."""
    prompt, mass = np.tile(prompt, 2), np.tile(mass, 2)
    one, other = (_ranks(np.concatenate([x, -x]), mass, prompt, weight) for x in (vote, score))
    each = weight[:, prompt] * mass
    with np.errstate(invalid="ignore"):
        rho: Floats = (each * one * other).sum(1) / np.sqrt((each * one**2).sum(1) * (each * other**2).sum(1))
    return rho


def _ranks(values: Floats, mass: Floats, prompt: Ints, weight: Floats) -> Floats:
    """[replicates, n] mid-rank of each of ``values`` [n] among all, mean 0; ``mass`` and ``weight`` say what counts."""
    levels, level = np.unique(values, return_inverse=True)
    size, count = weight.shape[1], len(levels)
    held = weight @ np.bincount(prompt * count + level, mass, size * count).reshape(size, count)
    middle = held.cumsum(1) - held / 2.0 - held.sum(1, keepdims=True) / 2.0
    ranks: Floats = middle[:, level]
    return ranks


def _interval(values: Floats, prompts: int) -> Interval | None:
    """Percentile interval; None where nothing differs."""
    return None if np.isnan(values[0]) else percentiles(values, prompts, 0.95)
