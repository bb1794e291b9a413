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
        better answer (MacKinnon, Nielsen and Webb 2024). Rounding alone can bring all below 0, which is 0."""
        each = [np.einsum("ck,kl,cl->c", directions, matrix, directions) for matrix in self.matrices]
        largest: Floats = np.maximum.reduce([np.zeros(len(directions)), *each])
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


Pieces = Sequence[tuple[Ints, Floats]]
"""(column [n], value [n]): vote ``i`` adds ``value[i]`` to component ``column[i]`` of an estimate."""


def two_way(
    influence: Pieces, k: int, rater: Ints, prompt: Ints, unrated: Pieces = (), unrated_prompt: Ints | None = None
) -> Covariances:
    """Covariances of a sum of influences on an estimate of length k.

    ``unrated``: what pairs of pictures without any vote add, through machine scores. They share a prompt
    (``unrated_prompt``, codes that may go on after the votes') with other pairs and nothing with a rater.
    """
    by_rater = _product(_sums(influence, k, rater), small_sample=True)
    prompts = _sums(influence, k, prompt)
    both = _product(_sums(influence, k, two_way_ids(rater, prompt)), small_sample=False)
    if unrated_prompt is None or not len(unrated_prompt):
        by_prompt = _product(prompts, small_sample=True)
        return Covariances(by_rater + by_prompt - both, by_rater, by_prompt, both)
    shared = _sums(unrated, k, unrated_prompt)
    seen, size = len(prompts), max(len(prompts), len(shared))
    total = np.pad(prompts, ((0, size - seen), (0, 0))) + np.pad(shared, ((0, size - len(shared)), (0, 0)))
    by_prompt = _product(total, small_sample=False) * (seen / (seen - 1) if seen > 1 else 1.0)
    alone = _product(_sums(unrated, k, np.arange(len(unrated_prompt))), small_sample=False)
    return Covariances(by_rater + by_prompt - both, by_rater + alone, by_prompt, both + alone)


def transform(covariances: Covariances, bread: Floats) -> Covariances:
    """``bread @ matrix @ bread.T`` for each: the sandwich."""
    return Covariances(*(bread @ matrix @ bread.T for matrix in covariances.matrices))


def _sums(influence: Pieces, k: int, cluster: Ints) -> Floats:
    """[G, k] summed influence of each cluster."""
    size = int(cluster.max()) + 1
    sums = np.zeros(size * k)
    base = cluster * k
    for column, value in influence:
        sums += np.bincount(base + column, weights=value, minlength=size * k)
    return sums.reshape(size, k)


def _product(table: Floats, *, small_sample: bool) -> Floats:
    """[k, k] sum over clusters of the outer product of their row of ``table``; times G / (G - 1) if asked."""
    size = len(table)
    product: Floats = table.T @ table
    return product * (size / (size - 1) if small_sample and size > 1 else 1.0)
