"""Sums of influence over clusters of votes: one rater's votes, one prompt's votes, one rater's votes on one prompt.

Votes of one rater share a taste and votes on one prompt share its pictures, so neither are independent. The two-way
variance (Cameron, Gelbach and Miller 2011) adds what raters and what prompts have in common and takes away what was
counted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.ballots import Floats, Ints


@dataclass(frozen=True)
class Covariances:
    """Covariance of one estimate of length k under several ideas of which votes are independent, each [k, k]."""

    two_way: Floats
    by_rater: Floats
    by_prompt: Floats
    by_vote: Floats
    """As if each rater's answer on each prompt were independent of all others."""

    def variance(self, directions: Floats) -> Floats:
        """[c] variances along ``directions`` [c, k]: the largest of the four.

        The two-way difference can come out too small, even negative, with few clusters; the others are then the
        better answer (MacKinnon, Nielsen and Webb 2024)."""
        each = [np.einsum("ck,kl,cl->c", directions, matrix, directions) for matrix in self.matrices]
        largest: Floats = np.maximum.reduce(each)
        return largest

    @property
    def matrices(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four, two-way first."""
        return self.two_way, self.by_rater, self.by_prompt, self.by_vote


def two_way_ids(rater: Ints, prompt: Ints) -> Ints:
    """[n] codes from 0 of (rater, prompt), without gaps when a table of all would be large."""
    both: Ints = rater * (int(prompt.max(initial=0)) + 1) + prompt
    if both.max(initial=0) <= 4 * len(both) + 1_000:
        return both
    return np.unique(both, return_inverse=True)[1].astype(np.int64)


def two_way(influence: Sequence[tuple[Ints, Floats]], k: int, rater: Ints, prompt: Ints) -> Covariances:
    """Covariances of a sum of influences.

    ``influence``: pieces (column [n], value [n]); vote ``i`` adds ``value[i]`` to component ``column[i]`` of k.
    """
    by_rater = _outer(influence, k, rater, small_sample=True)
    by_prompt = _outer(influence, k, prompt, small_sample=True)
    both = _outer(influence, k, two_way_ids(rater, prompt), small_sample=False)
    return Covariances(by_rater + by_prompt - both, by_rater, by_prompt, both)


def transform(covariances: Covariances, bread: Floats) -> Covariances:
    """``bread @ matrix @ bread.T`` for each: the sandwich."""
    return Covariances(*(bread @ matrix @ bread.T for matrix in covariances.matrices))


def _outer(influence: Sequence[tuple[Ints, Floats]], k: int, cluster: Ints, *, small_sample: bool) -> Floats:
    """Sum over clusters of the outer product of their summed influence; times G / (G - 1) if asked."""
    size = int(cluster.max()) + 1
    sums = np.zeros(size * k)
    base = cluster * k
    for column, value in influence:
        sums += np.bincount(base + column, weights=value, minlength=size * k)
    table = sums.reshape(size, k)
    scale = size / (size - 1) if small_sample and size > 1 else 1.0
    product: Floats = table.T @ table
    return product * scale
