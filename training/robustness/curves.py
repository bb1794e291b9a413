"""From rows to curves: shares and identity at every level, with 95 % intervals clustered by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facepersona_core.analysis.acceptability import wilson
from training.robustness.conditions import BASE, CONDITIONS, Level
from training.robustness.gauge import NETWORKS, Row
from training.robustness.measure import GROUPS

DRAWS = 2000
"""Bootstrap samples of people."""
NORMAL = 1.959964
Floats = np.ndarray


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """One level of one condition, one photo a person."""

    level: Level
    photos: int
    detected: Estimate
    """Share of the photos in which the app finds exactly one face."""
    way: dict[str, Estimate | None]
    """Network -> identity of the photos with a face: 0 is a stranger, 1 the person's clean second photo. None: no face
    in any."""
    top1: dict[str, Estimate]
    """Network -> share of all photos whose nearest clean photo of all people is the person's own."""
    off: float | None
    """Mean distance of the landmarks from their true places, in eye distances."""


@dataclass(frozen=True)
class Several:
    """People enrolled with ``photos`` ordinary photos each."""

    photos: int
    way: dict[str, Estimate]
    gain: dict[str, Estimate]
    """Way over that of one photo."""
    top1: dict[str, Estimate]
    top1_gain: dict[str, Estimate]


def clean_own(people: Sequence[Row], network: str) -> Floats:
    """[P] cosine of everybody's second clean photo to the first: the same-person ceiling. NaN: no face."""
    return np.array([_value(row["photos"][BASE], network, "own") for row in people])


def clean_strangers(people: Sequence[Row], network: str) -> Floats:
    """[P] the same photos' mean cosine to strangers' clean photos: the stranger floor."""
    return np.array([_value(row["photos"][BASE], network, "strangers") for row in people])


def curve(people: Sequence[Row], key: str) -> list[Point]:
    """The levels of condition ``key``, the clean second photo first."""
    condition = CONDITIONS[key]
    return [
        point(people, BASE, condition.clean),
        *(point(people, f"{key} {level}", level) for level in condition.levels),
    ]


def point(people: Sequence[Row], name: str, level: Level) -> Point:
    """The photos called ``name``."""
    rows, ways, top1 = [row["photos"][name] for row in people], {}, {}
    for network in NETWORKS:
        own, strangers = (np.array([_value(row, network, part) for row in rows]) for part in ("own", "strangers"))
        ways[network] = way(own, strangers, clean_own(people, network))
        top1[network] = share([bool(row.get(network, {}).get("top1")) for row in rows])
    off = [row["off"] for row in rows if "off" in row]
    found = share([row["outcome"] == "face" for row in rows])
    return Point(level, len(rows), found, ways, top1, float(np.mean(off)) if off else None)


def way(own: Floats, strangers: Floats, ceiling: Floats) -> Estimate | None:
    """(own - strangers) / (ceiling - strangers) of the means over people [P], NaN where nothing was measured.

    The floor is that of these very photos: a photo that looks like everybody is no nearer to the person."""
    if not np.isfinite(own).any():
        return None
    return _bootstrap(lambda index: _way(own, strangers, ceiling, index), len(own))


def several(people: Sequence[Row]) -> list[Several]:
    """One, two and four ordinary photos a person; the gain over one photo is paired by person."""
    result = []
    for size in GROUPS:
        found = {network: _against_one(people, size, network) for network in NETWORKS}
        parts = ("way", "gain", "top1", "top1_gain")
        result.append(Several(size, **{part: {name: found[name][part] for name in NETWORKS} for part in parts}))
    return result


def _against_one(people: Sequence[Row], size: int, network: str) -> dict[str, Estimate]:
    one, many, ceiling = _groups(people, 1, network), _groups(people, size, network), clean_own(people, network)

    def ways(group: dict[str, Floats], index: Floats) -> Floats:
        return _way(group["own"], group["strangers"], ceiling, index)

    def named(group: dict[str, Floats], index: Floats) -> Floats:
        return _mean(group["top1"], index)

    return {
        "way": _bootstrap(lambda index: ways(many, index), len(people)),
        "gain": _bootstrap(lambda index: ways(many, index) - ways(one, index), len(people)),
        "top1": _bootstrap(lambda index: named(many, index), len(people)),
        "top1_gain": _bootstrap(lambda index: named(many, index) - named(one, index), len(people)),
    }


def share(yes: Sequence[bool]) -> Estimate:
    """Share of independent answers (one a person) with Wilson's interval."""
    value = float(np.mean(yes))
    return Estimate(value, *wilson(value, len(yes), NORMAL))


def photo_ways(rows: Sequence[Row], people: Sequence[Row], network: str) -> Floats:
    """Way of single photos, against the floor and ceiling of all clean second photos."""
    floor, ceiling = (np.nanmean(of(people, network)) for of in (clean_strangers, clean_own))
    return np.array([(_value(row, network, "own") - floor) / (ceiling - floor) for row in rows])


def _groups(people: Sequence[Row], size: int, network: str) -> dict[str, Floats]:
    """[P] means over a person's groups of ``size`` photos; a group without any face counts as not recognised."""
    groups = [row["several"][str(size)] for row in people]
    everything = np.arange(len(groups[0]))
    means = {
        part: np.array([_mean(np.array([_value(row, network, part) for row in rows]), everything) for rows in groups])
        for part in ("own", "strangers")
    }
    named = [np.mean([bool(row.get(network, {}).get("top1")) for row in rows]) for rows in groups]
    return {**means, "top1": np.array(named)}


def _value(row: Row, network: str, part: str) -> float:
    return float(row[network][part]) if network in row else float("nan")


def _way(own: Floats, strangers: Floats, ceiling: Floats, index: Floats) -> Floats:
    floor = _mean(strangers, index)
    return (_mean(own, index) - floor) / (_mean(ceiling, index) - floor)


def _mean(values: Floats, index: Floats) -> Floats:
    """Mean over the last axis of ``values[index]`` without the NaN; NaN where nothing else is left."""
    chosen = values[index]
    known = np.isfinite(chosen)
    total = np.where(known, chosen, 0.0).sum(-1)
    return np.divide(total, known.sum(-1), out=np.full(total.shape, np.nan), where=known.any(-1))


def _bootstrap(statistic: Callable[[Floats], Floats], people: int) -> Estimate:
    """``statistic`` of everybody, with the percentile interval over people drawn with replacement."""
    draws = np.random.default_rng(0).integers(0, people, (DRAWS, people))
    value = float(statistic(np.arange(people)[None])[0])
    low, high = np.nanpercentile(statistic(draws), [2.5, 97.5])
    return Estimate(value, float(low), float(high))
