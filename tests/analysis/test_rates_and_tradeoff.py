"""Acceptability and machine scores: shares and means with clustered intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis.acceptability import rate, wilson
from facepersona_core.analysis.tradeoff import clustered_mean, machine_contrasts, machine_scores


def test_wilson_by_hand() -> None:
    """7 of 10 at z = 1.96 (Newcombe 1998 gives 0.397 to 0.892)."""
    assert wilson(0.7, 10, 1.959964) == pytest.approx((0.3968, 0.8922), abs=1e-4)
    assert wilson(0.0, 10, 1.959964) == pytest.approx((0.0, 0.2775), abs=1e-4)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_rate_covers_with_rater_and_prompt_effects(level: float) -> None:
    random = np.random.default_rng(0)
    base = float(np.log(level / (1 - level)))

    def chance(lean: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return 1 / (1 + np.exp(-(base + lean)))

    truth = chance(random.normal(0, np.sqrt(0.8**2 + 0.6**2), 400_000)).mean()
    hits, plain = [], []
    for _ in range(400):
        rater, prompt = np.repeat(np.arange(10), 30), np.tile(np.arange(30), 10)
        lean = random.normal(0, 0.8, 10)[rater] + random.normal(0, 0.6, 30)[prompt]
        yes = (random.random(300) < chance(lean)).astype(float)
        found = rate(yes, rater, prompt)
        low, high = wilson(yes.mean(), 300, 1.96)
        hits.append(found.low <= truth <= found.high)
        plain.append(low <= truth <= high)
    assert 0.92 <= np.mean(hits) <= 0.98
    assert np.mean(plain) < 0.85


def test_rate_when_all_agree_is_not_certain() -> None:
    rater, prompt = np.repeat(np.arange(4), 20), np.tile(np.arange(20), 4)
    found = rate(np.ones(80), rater, prompt)
    assert found.value == found.high == 1.0
    assert found.low < 0.5
    assert rate(np.zeros(80), rater, prompt).high == pytest.approx(1 - found.low)


def test_clustered_mean_equals_the_t_interval_of_cluster_means_when_balanced() -> None:
    from scipy import stats

    random = np.random.default_rng(1)
    person = np.repeat(np.arange(6), 10)
    values = random.normal(size=6)[person] + random.normal(size=60)
    means = values.reshape(6, 10).mean(1)
    low, high = stats.t.interval(0.95, 5, means.mean(), stats.sem(means))
    found = clustered_mean(values, person)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high))
    assert clustered_mean(values[:10], person[:10]) is None


def scores() -> pd.DataFrame:
    rows = []
    for person in ("Aoi", "Ben", "Chie"):
        for seed in range(4):
            for method, lift in (("a", 0.2), ("b", 0.0)):
                value = None if (method, seed) == ("b", 3) else lift + 0.1 * seed + 0.05 * len(person)
                rows.append((method, person, "S* at the beach", seed, "identity_similarity", value))
    return pd.DataFrame(rows, columns=["method", "person", "prompt", "seed", "metric", "value"])


def test_what_cannot_be_measured_is_counted_and_not_averaged() -> None:
    a, b = machine_scores(scores())
    assert (a.method, a.pictures, a.measured) == ("a", 12, 12)
    assert (b.method, b.pictures, b.measured) == ("b", 12, 9)
    assert b.mean == pytest.approx(0.1 + 0.05 * 10 / 3)
    assert a.interval is not None
    assert a.interval.low < a.mean < a.interval.high


def test_methods_are_paired_on_the_same_picture() -> None:
    """b lacks its best seed: unpaired means differ by 0.25, on the same seeds the difference is 0.2."""
    (found,) = machine_contrasts(scores())
    assert (found.first, found.second, found.pictures) == ("a", "b", 9)
    assert found.interval is not None
    assert found.interval.value == pytest.approx(0.2)


def test_never_measured_is_none() -> None:
    table = scores()
    table.loc[table["method"] == "b", "value"] = None
    _, b = machine_scores(table)
    assert (b.measured, b.mean, b.interval) == (0, None, None)
    (pair,) = machine_contrasts(table)
    assert (pair.pictures, pair.interval) == (0, None)
