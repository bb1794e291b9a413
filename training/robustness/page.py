"""The page `docs/robustness.md` from the figures of `report.py`; its words are in `page.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facepersona_core.usability import CHECKS
from training.robustness.calibrate import HARMLESS, LEAST_ANGLE, SEES, SHARES, SPARED
from training.robustness.conditions import CONDITIONS
from training.robustness.gauge import NETWORKS
from training.robustness.report import LEVELS


def page(facts: Mapping[str, Any]) -> str:
    """The page, from what `figures` gave."""
    template = (Path(__file__).parent / "page.md").read_text("utf-8")
    clean = facts["clean"]
    return template.format(
        people=len(facts["people"]),
        gallery=facts["gallery"],
        strangers=facts["gallery"] - 1,
        fair=_percent(SHARES["fair"]),
        poor=_percent(SHARES["poor"]),
        harmless=_percent(HARMLESS),
        spared=f"{SPARED:g} %",
        angle=f"{LEAST_ANGLE:g}",
        sees=_percent(SEES),
        blind=", ".join(reason for reason, limit in facts["limits"].items() if limit["fair"] is None) or "nothing",
        clean_good=_percent(clean["good"]),
        clean_photos=clean["photos"],
        clean_dark=_percent(clean["good_darkest_quarter"]),
        clean_reasons=", ".join(f"{name} {count}" for name, count in clean["reasons"].items()) or "none",
        summary=_summary(facts["conditions"], facts["below"]),
        limits=_limits(facts["limits"], facts["findings"]),
        ordinary=_ordinary(facts["ordinary"]),
        several=_several(facts["several"]),
        tables="\n\n".join(_condition(key, facts) for key in CONDITIONS),
    )


def _summary(conditions: Mapping[str, Any], below: Mapping[str, Any]) -> str:
    """Every condition: where identity falls below the shares, and its worst level."""
    rows = []
    for key, points in conditions.items():
        last = points[-1] if CONDITIONS[key].is_curve else min(points, key=_worst)
        falls = [below[key][name] if CONDITIONS[key].is_curve else "" for name in SHARES]
        cells = [_span(last["detected"]), *(_span(last["way"][network]) for network in NETWORKS)]
        rows.append([CONDITIONS[key].title, *falls, _level_words(key, last["level"]), *cells])
    fair, poor = (_percent(share) for share in SHARES.values())
    head = ["what is wrong", f"below {fair} from", f"below {poor} from", "worst tested"]
    return _table([*head, "face found", "identity, recogniser", "identity, encoder"], rows)


def _worst(point: Mapping[str, Any]) -> float:
    return min(each["value"] for each in point["way"].values() if each is not None)


def _limits(limits: Mapping[str, Any], findings: Mapping[str, Any]) -> str:
    rows = []
    for reason, limit in limits.items():
        found = findings.get(reason)
        values = [_number(limit[name]) for name in SHARES]
        at = [found["levels"][name] for name in SHARES] if found else ["", ""]
        rates = [_percent(found["touched"]), _percent(found["seen"])] if found else ["", ""]
        rows.append([reason, f"{CHECKS[reason][0]} {CHECKS[reason][1]}", *values, *at, *rates])
    fair, poor = (_percent(share) for share in SHARES.values())
    head = ["reason", "measure", "fair", "poor", f"identity below {fair}", f"below {poor}"]
    return _table([*head, "harmless photos touched", "strongest level seen"], rows)


def _ordinary(levels: Mapping[str, Any]) -> str:
    rows = [
        [level, str(row["photos"]), *(_percent(row[key]) for n in NETWORKS for key in (n, f"{n}_top1"))]
        for level, row in levels.items()
    ]
    head = ["the check says", "photos", "identity, recogniser", "top-1", "identity, encoder", "top-1"]
    return _table(head, rows)


def _several(groups: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for each in groups:
        parts = ("way", "gain", "top1", "top1_gain")
        for network in NETWORKS:
            cells = [_span(each[part][network], signed=part.endswith("gain")) for part in parts]
            gains = cells if each["photos"] > 1 else [cells[0], "", cells[2], ""]
            rows.append([str(each["photos"]), network, *gains])
    return _table(["photos", "network", "identity", "gain over one", "top-1", "gain over one"], rows)


def _condition(key: str, facts: Mapping[str, Any]) -> str:
    condition, rows = CONDITIONS[key], []
    for point, check in zip(facts["conditions"][key], facts["said"][key], strict=True):
        spans = [_span(point["way"][network]) for network in NETWORKS]
        top1 = [_span(point["top1"][network]) for network in NETWORKS]
        verdict = " / ".join(str(check[level]) for level in LEVELS)
        named = "no check" if check["named"] is None else str(check["named"])
        off = "not measured" if point["off"] is None else f"{point['off']:.2f}"
        level = _level_words(key, point["level"])
        rows.append([level, _span(point["detected"]), off, *spans, *top1, verdict, named])
    head = ["level", "face found", "landmarks off", "identity, recogniser", "identity, encoder"]
    head += ["top-1, recogniser", "top-1, encoder", "good / fair / poor", "named"]
    return f"### {condition.title.capitalize()}\n{_table(head, rows)}"


def _level_words(key: str, level: Any) -> str:
    return level if isinstance(level, str) else f"{level:g} {CONDITIONS[key].unit}"


def _span(estimate: Mapping[str, float] | None, signed: bool = False) -> str:
    if estimate is None:
        return "not measured"
    sign = "+" if signed else ""
    value, low, high = (f"{estimate[part] * 100:{sign}.0f}" for part in ("value", "low", "high"))
    return f"{value} % ({low} to {high})"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value * 100:.0f} %"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
