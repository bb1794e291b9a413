"""From values to places on a drawing: a linear or logarithmic scale with round ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` on a stretch of 0 to 1."""

    low: float
    high: float
    ticks: tuple[float, ...]
    write: Callable[[float], str]
    """A tick in words."""
    log: bool = False

    def place(self, value: float) -> float:
        """0 at ``low``, 1 at ``high``; what lies outside stops at the ends."""
        if self.log:
            low, high, value = log10(self.low), log10(self.high), log10(max(value, self.low))
        else:
            low, high = self.low, self.high
        return min(max((value - low) / (high - low), 0.0), 1.0)


def linear(values: Iterable[float | None], write: Callable[[float], str], ticks: int = 5) -> Scale:
    """From the least to the greatest known value, ends on ticks of 1, 2 or 5 times a power of ten."""
    known = [value for value in values if value is not None and isfinite(value)]
    low, high = min(known), max(known)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / ticks
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= raw)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    marks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Scale(marks[0], marks[-1], marks, write)


def shares(write: Callable[[float], str]) -> Scale:
    """0 to 1."""
    return Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), write)


def logarithmic(values: Iterable[float | None], write: Callable[[float], str]) -> Scale:
    """Whole powers of ten around the known positive values."""
    known = [value for value in values if value is not None and isfinite(value) and value > 0] or [1.0]
    first, last = floor(log10(min(known)) + 1e-9), ceil(log10(max(known)) - 1e-9)
    last = max(last, first + 1)
    return Scale(10.0**first, 10.0**last, tuple(10.0**i for i in range(first, last + 1)), write, log=True)
