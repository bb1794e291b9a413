"""Identity fidelity against editability: machine scores per method, intervals clustered by person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis.ballots import Floats, Ints
from facepersona_core.analysis.intervals import Interval, t_quantile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MachineScore:
    """One method on one metric."""

    method: str
    metric: str
    pictures: int
    measured: int
    """Pictures with a value. The share without one (no face found) is a result of its own, never a 0 in the mean."""
    mean: float | None
    """Mean over measured pictures; None when none was measured."""
    interval: Interval | None
    """Of the mean, over people; None with fewer than two people measured."""


@dataclass(frozen=True)
class MachineContrast:
    """How much higher ``first`` scores than ``second`` on the (person, prompt, seed) both were measured on."""

    first: str
    second: str
    metric: str
    pictures: int
    interval: Interval | None


def clustered_mean(values: Floats, person: Ints, level: float = 0.95) -> Interval | None:
    """Mean of ``values`` [n] with t interval, clusters ``person`` [n]; None with fewer than two clusters."""
    codes = np.unique(person, return_inverse=True)[1]
    clusters = int(codes.max(initial=-1)) + 1
    if clusters < 2:
        return None
    mean = float(values.mean())
    sums = np.bincount(codes, weights=values - mean)
    error = float(np.sqrt(clusters / (clusters - 1) * (sums**2).sum())) / len(values)
    reach = t_quantile(clusters - 1, level) * error
    return Interval(mean, mean - reach, mean + reach, error)


def machine_scores(scores: pd.DataFrame, level: float = 0.95) -> list[MachineScore]:
    """One `MachineScore` per method and metric. ``scores``: method, person, prompt, seed, metric, value (nullable)."""
    result = []
    for (method, metric), rows in scores.groupby(["method", "metric"], sort=True):
        seen = rows[rows["value"].notna()]
        values = seen["value"].to_numpy(np.float64)
        mean = float(values.mean()) if len(values) else None
        interval = clustered_mean(values, _people(seen), level)
        result.append(MachineScore(str(method), str(metric), len(rows), len(seen), mean, interval))
    return result


def machine_contrasts(scores: pd.DataFrame, level: float = 0.95) -> list[MachineContrast]:
    """Every two methods per metric, paired by (person, prompt, seed), with what either lacks left out of both."""
    from itertools import combinations

    result = []
    for metric, rows in scores.groupby("metric", sort=True):
        wide = rows.pivot_table("value", ["person", "prompt", "seed"], "method", aggfunc="mean").reset_index()
        for first, second in combinations(sorted(set(rows["method"])), 2):
            if first not in wide or second not in wide:
                result.append(MachineContrast(first, second, str(metric), 0, None))
                continue
            both = wide[wide[first].notna() & wide[second].notna()]
            difference = (both[first] - both[second]).to_numpy(np.float64)
            interval = clustered_mean(difference, _people(both), level)
            result.append(MachineContrast(first, second, str(metric), len(both), interval))
    return result


def _people(rows: pd.DataFrame) -> Ints:
    import pandas as pd

    return np.asarray(pd.factorize(rows["person"])[0], dtype=np.int64)
