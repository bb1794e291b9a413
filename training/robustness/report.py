"""All figures of a run as one JSON-able dictionary: curves, several photos, limits, and what the check then says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from facepersona_core.usability import CHECKS, Limits, judge
from training.robustness.calibrate import FROM, Finding, below
from training.robustness.conditions import BASE, CONDITIONS
from training.robustness.curves import Point, Several, photo_ways
from training.robustness.gauge import NETWORKS, Row

LEVELS = ("good", "fair", "poor")
REASON_OF = {condition: reason for reason, (condition, _) in FROM.items()}


def figures(
    people: Sequence[Row],
    clean: Sequence[Row],
    curves: Mapping[str, Sequence[Point]],
    groups: Sequence[Several],
    findings: Mapping[str, Finding],
    limits: Mapping[str, Limits],
) -> dict[str, Any]:
    """Everything the page says, JSON-able."""
    return {
        "people": [row["identity"] for row in people],
        "gallery": len(clean),
        "conditions": {key: [asdict(point) for point in points] for key, points in curves.items()},
        "below": {key: below(key, points) for key, points in curves.items()},
        "said": {key: said(people, key, limits) for key in CONDITIONS},
        "several": [asdict(each) for each in groups],
        "limits": {reason: asdict(limit) for reason, limit in limits.items()},
        "findings": {reason: asdict(finding) for reason, finding in findings.items()},
        "clean": clean_levels(clean, limits),
        "ordinary": ordinary_levels(people, limits),
    }


def said(people: Sequence[Row], key: str, limits: Mapping[str, Limits]) -> list[dict[str, Any]]:
    """What the check says at every level of a condition: photos a verdict, and how often it names the condition."""
    names = [BASE, *(f"{key} {level}" for level in CONDITIONS[key].levels)]
    reason = REASON_OF.get(key)
    result = []
    for name in names:
        verdicts = [_verdict(row["photos"][name], limits) for row in people]
        found = [verdict for verdict in verdicts if verdict]
        counts: dict[str, Any] = {level: sum(verdict[0] == level for verdict in found) for level in LEVELS}
        named = sum(reason in verdict[1] for verdict in found) if reason else None
        result.append({**counts, "skipped": len(verdicts) - len(found), "named": named})
    return result


def clean_levels(clean: Sequence[Row], limits: Mapping[str, Limits]) -> dict[str, Any]:
    """What the check says of everybody's clean photo, and of the quarter with the darkest skin."""
    verdicts = [judge(row["measures"], limits) for row in clean]
    dark = np.argsort([-row["melanin"] for row in clean])[: len(clean) // 4]
    reasons = [reason for _, found in verdicts for reason in found]
    return {
        "photos": len(clean),
        "good": float(np.mean([level == "good" for level, _ in verdicts])),
        "good_darkest_quarter": float(np.mean([verdicts[i][0] == "good" for i in dark])),
        "reasons": {reason: reasons.count(reason) for reason in CHECKS if reason in reasons},
    }


def ordinary_levels(people: Sequence[Row], limits: Mapping[str, Limits]) -> dict[str, Any]:
    """Identity of ordinary photos, which set no limit, by what the check says of them."""
    rows = [row for person in people for row in person["ordinary"] if row["outcome"] == "face"]
    levels = np.array([judge(row["measures"], limits)[0] for row in rows])
    ways = {network: photo_ways(rows, people, network) for network in NETWORKS}
    top1 = {network: np.array([row[network]["top1"] for row in rows]) for network in NETWORKS}
    return {
        level: {
            "photos": int((levels == level).sum()),
            **{network: _mean(ways[network][levels == level]) for network in NETWORKS},
            **{f"{network}_top1": _mean(top1[network][levels == level]) for network in NETWORKS},
        }
        for level in LEVELS
    }


def _verdict(row: Row, limits: Mapping[str, Limits]) -> tuple[str, tuple[str, ...]] | None:
    return judge(row["measures"], limits) if "measures" in row else None


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
