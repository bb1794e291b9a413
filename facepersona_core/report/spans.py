"""An estimate with its interval, as the gates and the costs of the report use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facepersona_core.analysis.intervals import Interval


@dataclass(frozen=True)
class Span:
    """``value`` with its 95 % interval; None: no interval can be given yet."""

    value: float
    low: float | None = None
    high: float | None = None


def span(value: float | None, interval: Interval | None = None) -> Span | None:
    """``value`` with the ends of its interval, if there is one; None when there is no value."""
    if value is None:
        return None
    return Span(value, interval.low, interval.high) if interval else Span(value)


def of(interval: Interval | None) -> Span | None:
    """An interval with its own value."""
    return Span(interval.value, interval.low, interval.high) if interval else None
