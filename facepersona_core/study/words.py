"""A preview in words, for the command line and the screen alike."""

from __future__ import annotations

from math import isinf

from facepersona_core.messages import text
from facepersona_core.study.precision import Precision
from facepersona_core.study.preview import Preview


def points(precision: Precision) -> str:
    """Half of the expected interval in percentage points, such as ``12``; "-" where no interval can be given."""
    return "-" if isinf(precision.half_width) else f"{100 * precision.half_width_share:.0f}"


def duration(seconds: float | None, language: str) -> str:
    """About how long ``seconds`` are; "not measured yet" for None.

    >>> duration(5000.0, "en"), duration(None, "en")
    ('about 83 min', 'not measured yet')
    """
    if seconds is None:
        return text("plan.unmeasured", language)
    if seconds < 90:
        return text("plan.seconds", language, n=max(1, round(seconds)))
    if seconds < 5400:
        return text("plan.minutes", language, n=round(seconds / 60))
    return text("plan.hours", language, n=f"{seconds / 3600:.1f}")


def making_time(seen: Preview, language: str) -> str:
    """How long all the pictures take, at most."""
    return duration(None if seen.hours is None else 3600 * seen.hours, language)


def interval(seen: Preview, language: str) -> str:
    """The expected interval of two methods that are about equal."""
    if isinf(seen.precision.half_width):
        return text("plan.no_interval", language)
    return text("plan.interval", language, points=points(seen.precision))


def advice(seen: Preview, language: str) -> str:
    """Of what to have more first, and what that would give."""
    if isinf(seen.precision.half_width):
        return text("plan.more_at_all", language)
    doubled = {name: points(precision) for name, precision in seen.doubled.items()}
    return text(f"plan.more_{seen.best}", language, **doubled)
