"""Votes and machine scores of the same two pictures: the table that hybrid estimates and correlations read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.ballots import Floats, Ints, sampling_weights

if TYPE_CHECKING:
    import pandas as pd

SCENE = ["person", "prompt", "seed"]
"""Pictures are compared within one of these: the same person, prompt and seed by two methods."""


@dataclass(frozen=True)
class Pairs:
    """Every two scored pictures of one scene, rated or not: ``u`` of them, as codes."""

    methods: tuple[str, ...]
    """Names of the codes in ``first`` and ``second``, sorted."""
    metrics: tuple[str, ...]
    first: Ints
    """[u]."""
    second: Ints
    """[u], larger than ``first``."""
    prompt: Ints
    """[u]: the prompts with votes have the codes from 0, then come those without."""
    difference: Floats
    """[u, metrics]: score of first minus score of second; NaN where either could not be measured."""
    measured: Floats
    """[u, metrics]: 1 where only first could be measured, -1 where only second could, else 0."""

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.first)


@dataclass(frozen=True)
class PairVotes:
    """``n`` votes on such pairs, turned so that ``first`` stands on the left."""

    pair: Ints
    """[n] position in `Pairs`."""
    lead: Floats
    """[n]: 0.5 when first was preferred, 0 for a tie, -0.5 when second was."""
    rater: Ints
    """[n], 0 to R - 1."""
    weight: Floats
    """[n], mean 1: see `ballots.sampling_weights`."""

    def __len__(self) -> int:
        """Number of votes."""
        return len(self.pair)


def join(votes: pd.DataFrame, scores: pd.DataFrame) -> tuple[Pairs, PairVotes]:
    """Pairs from ``scores`` (method, person, prompt, seed, metric, value) and the ``votes`` on them.

    ``votes`` are completed, ranked rows of one question. Votes on pictures without a score row are left out. Where a
    picture has several scores by one metric, their mean counts.
    """
    import pandas as pd

    scene, names = pd.factorize(pd.MultiIndex.from_frame(scores[SCENE]), sort=True)
    method, methods = pd.factorize(scores["method"], sort=True)
    metric, metrics = pd.factorize(scores["metric"], sort=True)
    value = _mean_scores(scores["value"], (scene, method, metric), (len(names), len(methods), len(metrics)))
    made = np.zeros(value.shape[:2], dtype=bool)
    made[scene, method] = True
    one, other = np.triu_indices(len(methods), 1)
    where, both = np.nonzero(made[:, one] & made[:, other])
    first, second = one[both], other[both]
    place = np.full((len(names), len(methods), len(methods)), -1, dtype=np.int64)
    place[where, first, second] = np.arange(len(where))

    at = names.get_indexer(pd.MultiIndex.from_frame(votes[SCENE]))
    left, right = (pd.Index(methods).get_indexer(votes[side]) for side in ("left", "right"))
    known = np.minimum(np.minimum(at, left), right) >= 0
    pair = np.where(known, place[at, np.minimum(left, right), np.maximum(left, right)], -1)
    kept = pair >= 0
    lead = np.where(left < right, 0.5, -0.5) * votes["outcome"].map({"left": 1.0, "tie": 0.0, "right": -1.0})
    rater = pd.factorize(votes["rater"][kept], sort=True)[0].astype(np.int64)
    weight = sampling_weights(votes[kept])
    weight = np.ones(len(rater)) if weight is None else weight
    cast = PairVotes(pair[kept], lead.to_numpy(np.float64)[kept], rater, weight)

    prompt = rated_first(pd.factorize(names.get_level_values(SCENE.index("prompt")))[0][where], cast.pair)
    unseen = np.isnan(value).astype(np.float64)
    difference, measured = value[where, first] - value[where, second], unseen[where, second] - unseen[where, first]
    named = tuple(map(str, methods)), tuple(map(str, metrics))
    return Pairs(*named, first, second, prompt, difference, measured), cast


def _mean_scores(values: pd.Series, codes: tuple[Ints, Ints, Ints], shape: tuple[int, int, int]) -> Floats:
    """[scene, method, metric] mean score, NaN where nothing was measured."""
    score = values.to_numpy(np.float64)
    flat, size, seen = np.ravel_multi_index(codes, shape), int(np.prod(shape)), ~np.isnan(score)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(flat[seen], score[seen], size) / np.bincount(flat[seen], minlength=size)
    return mean.reshape(shape)


def rated_first(prompt: Ints, pair: Ints) -> Ints:
    """``prompt`` [u] with codes renamed so that those of the rated pairs come first."""
    rated = np.zeros(int(prompt.max(initial=-1)) + 1, dtype=bool)
    rated[prompt[pair]] = True
    name = np.empty(len(rated), dtype=np.int64)
    name[np.argsort(~rated, kind="stable")] = np.arange(len(rated))
    return name[prompt]
