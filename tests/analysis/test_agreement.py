"""Agreement against evalica, by hand, and the bootstrap against fresh samples."""

from __future__ import annotations

import evalica
import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis import agreement
from facepersona_core.analysis.agreement import Items
from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.simulation import Crowd, simulate


def alpha_of(counts: Floats) -> float:
    return float(agreement.alpha(agreement.alpha_terms(counts).sum(0)))


def ac1_of(counts: Floats) -> float:
    return float(agreement.ac1(agreement.ac1_terms(counts).sum(0)))


@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_evalicas(seed: int) -> None:
    random = np.random.default_rng(seed)
    table = random.integers(0, 3, (5, 40)).astype(float)
    table[random.random(table.shape) < 0.4] = np.nan
    counts = np.array([[(column == k).sum() for k in range(3)] for column in table.T], dtype=float)
    reference = evalica.alpha(pd.DataFrame(table), distance="nominal", solver="naive").alpha
    assert alpha_of(counts[counts.sum(1) > 0]) == pytest.approx(reference)


def test_ac1_by_hand() -> None:
    """Two raters: (A, A), (A, A), (A, B), (C, C). pa = 3/4; shares 5/8, 1/8, 2/8; pe = 17/64; AC1 = 31/47."""
    counts = np.array([[2, 0, 0], [2, 0, 0], [1, 1, 0], [0, 0, 2]], dtype=float)
    assert ac1_of(counts) == pytest.approx(31 / 47)


def test_ac1_ignores_lonely_ratings_for_agreement_only() -> None:
    """A fifth item with one B: pa stays 3/4, shares become 2.5/5, 1.5/5, 1/5; pe = 0.31; AC1 = 44/69."""
    counts = np.array([[2, 0, 0], [2, 0, 0], [1, 1, 0], [0, 0, 2], [0, 1, 0]], dtype=float)
    assert ac1_of(counts) == pytest.approx(44 / 69)


def test_perfect_and_chance() -> None:
    random = np.random.default_rng(0)
    same = np.eye(3)[random.integers(0, 3, 400)] * 3
    assert alpha_of(same) == pytest.approx(1.0)
    assert ac1_of(same) == pytest.approx(1.0)
    guesses = np.eye(3)[random.integers(0, 3, (4000, 3))].sum(1)
    assert alpha_of(guesses) == pytest.approx(0.0, abs=0.03)
    assert ac1_of(guesses) == pytest.approx(0.0, abs=0.03)


def test_sides_do_not_matter() -> None:
    ballots = simulate(np.random.default_rng(1), np.zeros(3), Crowd(6, 10), 600)
    mirrored = Ballots(
        ballots.methods, ballots.right, ballots.left, -ballots.outcome, ballots.rater, ballots.prompt,
        ballots.raters, ballots.prompts,
    )  # fmt: skip
    here, there = (agreement.items(each, each.prompt) for each in (ballots, mirrored))
    np.testing.assert_array_equal(here.counts, there.counts)
    assert here.counts.sum() == 600


def test_pooling_systems_flatters() -> None:
    """Raters agree on which method is better and on nothing else: within two systems there is no agreement."""
    crowd = Crowd(8, 60, rater_spread=0.0, prompt_spread=0.0, side=0.0)
    ballots = simulate(np.random.default_rng(2), np.array([0.0, 2.0, 0.5]), crowd, 3000)
    found = agreement.agreement(
        agreement.items(ballots, ballots.prompt), agreement.alpha_terms, agreement.alpha, seed=0
    )
    assert found is not None
    assert found.pooled.value > 0.05
    assert found.within.low < 0.0 < found.within.high


def clustered_items(random: np.random.Generator, prompts: int) -> Items:
    """Items of one pair of systems whose answers depend on the prompt: agreement comes in clusters."""
    lean = random.dirichlet([0.6, 0.3, 0.6], prompts)
    prompt = np.repeat(np.arange(prompts), 4)
    counts = np.array([random.multinomial(3, lean[p]) for p in prompt], dtype=float)
    return Items(counts, prompt, np.zeros(len(prompt), dtype=np.int64), np.ones(len(prompt)))


@pytest.mark.parametrize(
    ("terms", "ratio"), [(agreement.alpha_terms, agreement.alpha), (agreement.ac1_terms, agreement.ac1)]
)
def test_bootstrap_covers(terms, ratio) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(3)
    truth = float(ratio(terms(clustered_items(random, 20_000).counts).sum(0)))
    hits = []
    for seed in range(150):
        found = agreement.agreement(clustered_items(random, 25), terms, ratio, seed)
        assert found is not None
        hits.append(found.pooled.low <= truth <= found.pooled.high)
    assert 0.89 <= np.mean(hits) <= 0.99


@pytest.mark.parametrize(
    ("terms", "ratio"), [(agreement.alpha_terms, agreement.alpha), (agreement.ac1_terms, agreement.ac1)]
)
def test_an_item_that_stands_for_three_is_an_item_seen_three_times(terms, ratio) -> None:  # type: ignore[no-untyped-def]
    once = clustered_items(np.random.default_rng(5), 12)
    weight = np.where(np.arange(len(once.prompt)) % 3, 1.0, 3.0)
    again = Items(*(part.repeat(weight.astype(int), axis=0) for part in once))
    weighted, repeated = (agreement.agreement(each, terms, ratio, 0) for each in (once._replace(weight=weight), again))
    assert weighted is not None and repeated is not None
    assert weighted.pooled.value == pytest.approx(repeated.pooled.value)
    assert weighted != agreement.agreement(once, terms, ratio, 0)


def test_is_reproducible_and_none_when_it_cannot_be_known() -> None:
    rated = clustered_items(np.random.default_rng(4), 10)
    call = (agreement.ac1_terms, agreement.ac1)
    assert agreement.agreement(rated, *call, 1) == agreement.agreement(rated, *call, 1)
    alone = Items(np.eye(3)[[0, 1, 2, 0]], np.arange(4), np.zeros(4, dtype=np.int64), np.ones(4))
    assert agreement.agreement(alone, *call, 1) is None
    one_prompt = rated._replace(prompt=rated.prompt * 0)
    assert agreement.agreement(one_prompt, *call, 1) is None
    unanimous = Items(np.tile([3.0, 0.0, 0.0], (10, 1)), np.arange(10), np.zeros(10, dtype=np.int64), np.ones(10))
    assert agreement.agreement(unanimous, agreement.alpha_terms, agreement.alpha, 1) is None
