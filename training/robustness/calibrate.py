"""From curves to the limits of the app's usability check: `facepersona_core/usability.toml`.

A limit is what the app measures at the level where identity falls below a stated share. Identity is that of the worse
network: one makes the pictures, the other scores them, and a bad photo spoils either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from facepersona_core.usability import CHECKS, Limits
from training.robustness.conditions import BASE, CONDITIONS
from training.robustness.curves import Floats, Point
from training.robustness.gauge import Row

SHARES = {"fair": 0.80, "poor": 0.60}
"""Below this share of the way from stranger to person a photo is to be used with care, or is hard to use."""
HARMLESS, SPARED = 0.90, 2.0
"""Photos of levels that keep this share of the identity are harmless, and a limit may touch 2 % of them."""
SEES = 0.4
"""A check that recognises less than this share of the photos at the strongest level sees nothing."""
LEAST_ANGLE = 8.0
"""Smaller measured angles say nothing: a person's own nose makes 5 degrees of pitch, and landmarks that do not follow
the head stay near 0."""
KIND_AT = 0.75
"""Limit of a kind, on the way from what is measured without it to what is measured with it; closed eyes lie halfway to
sunglasses."""
NEVER, ALWAYS = "never", "always named"
FROM: dict[str, tuple[str, tuple[str, ...]]] = {
    reason: (key, tuple(f"{key} {level}" for level in CONDITIONS[key].levels if not kind or level == kind))
    for reason, key, kind in (
        ("small", "distance", ""),
        ("blurred", "blur", ""),
        ("dark", "dim", ""),
        ("bright", "bright", ""),
        ("coloured", "colour", ""),
        ("turned", "yaw", ""),
        ("lowered", "down", ""),
        ("raised", "up", ""),
        ("eyes_hidden", "glasses", "sunglasses"),
        ("mouth_hidden", "mask", ""),
    )
}
"""Reason -> the condition that it is about, and the names of the photos that it should see."""
DETECTOR = Limits(fair=0.65, poor=0.55)
"""Of "unsure": just above the 0.5 at which the detector calls something a face, in the detector's own measure."""


Curves = Mapping[str, Sequence[Point]]


@dataclass(frozen=True)
class Finding:
    """The limits of one reason and where they come from."""

    limits: Limits
    levels: dict[str, str]
    """The level at which identity falls below the share, in words, under "fair" and "poor"."""
    touched: float
    """Share of the harmless photos past the fair limit."""
    seen: float
    """Share of the photos at the strongest level past the fair limit."""


def calibrate(people: Sequence[Row], clean: Sequence[Row], curves: Curves) -> dict[str, Finding]:
    """Limits for every reason with a condition, from the measured ``people``, the ``clean`` photos of all, and the
    ``curves`` of the people (condition -> points)."""
    findings = {}
    for reason, (key, names) in FROM.items():
        wanted = () if CONDITIONS[key].is_curve else names
        harmless = [*clean, *_harmless(people, curves, but=wanted)]
        findings[reason] = _finding(reason, people, curves[key], harmless)
    return findings


def limits_of(findings: Mapping[str, Finding]) -> dict[str, Limits]:
    """The whole table that the check reads."""
    return {reason: findings[reason].limits if reason in findings else DETECTOR for reason in CHECKS}


def identity(points: Sequence[Point]) -> Floats:
    """[1 + levels] way of the worse network, the clean photo first; 0 where no face is found in any photo."""
    ways = []
    for point in points:
        known = [each.value for each in point.way.values() if each is not None]
        ways.append(min(known) if known else 0.0)
    return np.array(ways)


def below(key: str, points: Sequence[Point]) -> dict[str, str]:
    """The level of a condition from which identity is below each share, in words, under "fair" and "poor"."""
    return {name: _level(key, crossing(identity(points), share)) for name, share in SHARES.items()}


def _harmless(people: Sequence[Row], curves: Curves, but: Sequence[str]) -> list[Row]:
    """All photos of the levels that keep nearly all of the identity, without those to be named all the same."""
    names = [
        name
        for key, points in curves.items()
        for name, kept in zip(_names(key), identity(points), strict=True)
        if kept >= HARMLESS and name not in but
    ]
    return [row["photos"][name] for name in dict.fromkeys(names) for row in people]


def _finding(reason: str, people: Sequence[Row], points: Sequence[Point], harmless: Sequence[Row]) -> Finding:
    """Limits at the crossings, but no stricter than the harmless photos allow, and none where the check is blind."""
    key, names = FROM[reason]
    values = [_measured(reason, [row["photos"][name] for row in people]) for name in (BASE, *names)]
    spared = _measured(reason, harmless)
    strictest = float(np.percentile(spared, 100 - SPARED, method="higher"))
    if CHECKS[reason][0].endswith("_degrees"):
        strictest = max(strictest, LEAST_ANGLE)
    typical = np.array([np.median(each) for each in values if len(each)])
    levels = below(key, points) if CONDITIONS[key].is_curve else {"fair": ALWAYS, "poor": NEVER}
    found: dict[str, float] = {}
    for name, share in SHARES.items():
        at = _at(crossing(identity(points), share), typical, CONDITIONS[key].is_curve, name)
        if at is not None:
            found[name] = max(at, strictest, found.get("fair", at))
    seen = float((values[-1] > found["fair"]).mean()) if len(values[-1]) else 0.0
    touched = float((spared > found["fair"]).mean())
    sign = -1.0 if CHECKS[reason][1] == "below" else 1.0
    limits = Limits(**{name: round(sign * value, 2) for name, value in found.items()}) if seen >= SEES else Limits()
    return Finding(limits, levels, touched, seen)


def _at(place: float | None, typical: Floats, is_curve: bool, name: str) -> float | None:
    """What is measured at ``place`` on the way from the clean photo to the strongest level.

    Where identity never falls so low "fair" is the strongest level tested. Of a kind, which is there or not, "fair" is
    most of the way from without to with it, and "poor" is nowhere."""
    if not is_curve:
        return float(np.interp(KIND_AT, (0, 1), typical)) if name == "fair" else None
    if place is None:
        return float(typical[-1]) if name == "fair" else None
    return float(np.interp(place, np.arange(len(typical)), typical))


def crossing(kept: Floats, share: float) -> float | None:
    """Where a curve ``kept`` [levels], 1 at place 0, falls below ``share``, between places; None: nowhere.

    The curve is first made to fall (isotonic regression), as chance may let it rise."""
    falling = isotonic_regression(kept, increasing=False).x
    below = np.flatnonzero(falling < share)
    if not len(below):
        return None
    after = int(below[0])
    if after == 0:
        return 0.0
    before = falling[after - 1]
    return float(after - 1 + (before - share) / (before - falling[after]))


def _names(key: str) -> list[str]:
    return [BASE, *(f"{key} {level}" for level in CONDITIONS[key].levels)]


def _measured(reason: str, rows: Sequence[Row]) -> Floats:
    """What the check measured on the rows with a face, turned so that more is worse."""
    measure, side = CHECKS[reason]
    seen = np.array([row["measures"][measure] for row in rows if "measures" in row])
    return -seen if side == "below" else np.abs(seen) if side == "beyond" else seen


def _level(key: str, place: float | None) -> str:
    """A place between the levels of a condition in words."""
    condition = CONDITIONS[key]
    if place is None or not condition.is_curve:
        return NEVER
    scale = [float(level) for level in (condition.clean, *condition.levels)]
    return f"{np.interp(place, np.arange(len(scale)), scale):.2g} {condition.unit}"


def table(findings: Mapping[str, Finding]) -> str:
    """The limits as ``usability.toml``."""
    lines = [
        "# Limits of the usability check: past fair a photo is usable with care, past poor hard to use.",
        "# Written by python -m training.robustness --publish; docs/robustness.md shows the curves behind them.",
    ]
    for reason, found in limits_of(findings).items():
        lines += ["", f"[{reason}]  # {_why(reason, findings)}"]
        lines += [f"{name} = {value:.2f}" for name in SHARES if (value := getattr(found, name)) is not None]
    return "\n".join(lines) + "\n"


def _why(reason: str, findings: Mapping[str, Finding]) -> str:
    measure, side = CHECKS[reason]
    if reason not in findings:
        return f"{measure} {side}: the detector's own confidence, just above what it calls a face"
    finding, key = findings[reason], FROM[reason][0]
    if finding.limits.fair is None:
        return f"{measure} {side}: does not tell {key} from harmless photos, so there is no limit"
    if finding.levels["fair"] == ALWAYS:
        return f"{measure} {side}; {FROM[reason][1][-1]}, whatever the identity"
    words = ", ".join(f"{share:.0%}: {finding.levels[name]}" for name, share in SHARES.items())
    return f"{measure} {side}; identity under {key} falls below {words}"
