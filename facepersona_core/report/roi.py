"""What an accepted picture costs, and when the system pays for itself: arithmetic on assumptions that are shown.

The interval of the acceptance rate is carried through every figure: cost falls as acceptance rises, so the upper end
of one is the lower end of the other. Amounts are in ``Assumptions.currency``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from math import inf, isfinite
from typing import Any

from facepersona_core.errors import RequestInvalid
from facepersona_core.report.spans import Span

HOUR = 3600.0
STAGES = {"poc": 0.05, "team": 0.25, "company": 1.0}
"""Stage of the roll-out to its share of the planned pictures a month."""


@dataclass(frozen=True)
class Assumptions:
    """What no study can measure. Each default is a placeholder, shown as one, to be replaced by the reader's figure."""

    price_per_hour: float = 1.0
    """Of the machine that makes the pictures."""
    review_per_hour: float = 40.0
    """Of the person who looks through the pictures and keeps the good ones."""
    review_seconds: float = 10.0
    """That person's time for each picture made, kept or not."""
    today_cost: float = 20.0
    """What one usable picture costs today, by a photographer, an agency or retouching."""
    pictures_per_month: float = 200.0
    """Usable pictures needed a month, once the whole company uses it."""
    setup_cost: float = 20_000.0
    """Once: integration, licences, training of staff, legal review."""
    currency: str = "USD"
    given: frozenset[str] = field(default=frozenset())
    """Names that somebody set; the others are defaults."""


NUMBERS = tuple(entry.name for entry in fields(Assumptions) if entry.name not in ("currency", "given"))
"""Names of the assumptions that are numbers, in the order they are shown."""


def assumptions(values: Mapping[str, Any]) -> Assumptions:
    """The defaults with ``values`` in their place. Raises RequestInvalid for an unknown name or an impossible value."""
    for name, value in values.items():
        if name == "currency":
            if not (isinstance(value, str) and 0 < len(value.strip()) <= 8):
                raise RequestInvalid(name=name, seen=repr(value), expected="EUR, JPY, USD, ...")
        elif name not in NUMBERS:
            raise RequestInvalid(name="roi", seen=name, expected=", ".join((*NUMBERS, "currency")))
        elif isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise RequestInvalid(name=name, seen=repr(value), expected=">= 0")
    return Assumptions(**values, given=frozenset(values))


@dataclass(frozen=True)
class Cost:
    """What one method's pictures cost."""

    made: float
    """One picture made and looked at, kept or not: machine and review."""
    machine: Span
    """Machine alone, for an accepted picture."""
    accepted: Span
    """Machine and review, for an accepted picture; ``high`` is infinite while the acceptance rate may be 0."""


@dataclass(frozen=True)
class Payback:
    """Against today's cost."""

    saving: Span
    """For each accepted picture; negative when today's way is cheaper."""
    break_even: Span
    """Accepted pictures until the set-up cost is earned back; infinite when nothing is saved."""
    months: Span
    """The same at the planned pictures a month; infinite also when none are planned."""
    first_year: Span
    """Saved in twelve months, set-up cost taken off."""


@dataclass(frozen=True)
class Stage:
    """One step of the roll-out."""

    key: str
    pictures: float
    """Accepted pictures a month."""
    cost: Span
    """Running cost a month."""
    today: float
    """What the same pictures cost today."""


def cost(seconds: float, acceptance: Span, given: Assumptions) -> Cost:
    """Cost of a method whose pictures take ``seconds`` (mean) and are accepted at the rate ``acceptance`` (0 to 1).

    Cost per accepted picture = 1 / acceptance x (seconds x machine price + review seconds x reviewer's price)."""
    machine = seconds * given.price_per_hour / HOUR
    made = machine + given.review_seconds * given.review_per_hour / HOUR
    return Cost(made, _each(machine, acceptance), _each(made, acceptance))


def payback(accepted: Span, given: Assumptions) -> Payback:
    """When an accepted picture at the cost ``accepted`` earns back the set-up cost."""
    saving = _against(given.today_cost, accepted)
    break_even = _decreasing(saving, lambda each: given.setup_cost / each if each > 0 else inf)
    months = _increasing(break_even, lambda n: n / given.pictures_per_month if given.pictures_per_month else inf)
    year = 12 * given.pictures_per_month
    return Payback(saving, break_even, months, _increasing(saving, lambda each: year * each - given.setup_cost))


def turning_acceptance(made: float, given: Assumptions) -> float | None:
    """Acceptance rate at which an accepted picture costs what it costs today; None: even at 1 it costs more."""
    return made / given.today_cost if 0 < made <= given.today_cost else None


def turning_price(seconds: float, acceptance: float, given: Assumptions) -> float | None:
    """Machine price per hour at which an accepted picture costs what it costs today; None: there is none above 0."""
    review = given.review_seconds * given.review_per_hour / HOUR
    left = given.today_cost * acceptance - review
    return left * HOUR / seconds if left > 0 and seconds > 0 else None


def stages(accepted: Span, given: Assumptions) -> list[Stage]:
    """Running costs of each stage of the roll-out."""
    volumes = ((key, share * given.pictures_per_month) for key, share in STAGES.items())
    return [
        Stage(key, n, Span(n * accepted.value, _times(n, accepted.low), _times(n, accepted.high)), n * given.today_cost)
        for key, n in volumes
    ]


def _each(made: float, acceptance: Span) -> Span:
    return _decreasing(acceptance, lambda share: made / share if share > 0 else inf)


def _against(today: float, accepted: Span) -> Span:
    return _decreasing(accepted, lambda each: today - each)


def _decreasing(of: Span, function: Callable[[float], float]) -> Span:
    low, high = (None if end is None else function(end) for end in (of.high, of.low))
    return Span(function(of.value), low, high)


def _increasing(of: Span, function: Callable[[float], float]) -> Span:
    low, high = (None if end is None else function(end) for end in (of.low, of.high))
    return Span(function(of.value), low, high)


def _times(n: float, end: float | None) -> float | None:
    return None if end is None else n * end if n else 0.0
