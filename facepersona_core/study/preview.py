"""What a study costs and what it will tell, before anything is made and before anyone rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from facepersona_core.methods import method_card
from facepersona_core.study.jobs import Pace
from facepersona_core.study.plan import StudyPlan
from facepersona_core.study.precision import Precision, expected_width

SECONDS_A_PAIR = 5
"""How long a rater takes for a pair, by keyboard."""

More = Literal["raters", "prompts", "votes"]


@dataclass(frozen=True)
class Preview:
    """The cost and the expected precision of a plan."""

    pictures: int
    learnings: int
    """How often a method learns a person before its pictures."""
    seconds: Mapping[str, float | None]
    """Seconds a picture by method key, as workers measured them here; None: not measured yet."""
    hours: float | None
    """Hours to make everything; None when a part of it was never measured. Pictures made before cost nothing."""
    pairs: int
    votes: int
    """Comparisons by raters, repeats and gold aside."""
    votes_each: int
    """The same for one rater."""
    minutes_each: int
    """About how long a rater is busy."""
    precision: Precision
    """What to expect of the plan as it is."""
    doubled: Mapping[More, Precision]
    """What to expect with twice as many of one thing: raters or prompts, with as many votes in all, or votes alone."""

    @property
    def best(self) -> More:
        """Of what twice as many would help most; raters and prompts before votes, which cost work."""
        return min(self.doubled, key=lambda more: self.doubled[more].half_width)


def preview(plan: StudyPlan, pace: Pace, workers: int = 1) -> Preview:
    """The preview of ``plan`` where ``workers`` work side by side at ``pace``."""
    methods, scenes = len(plan.methods), len(plan.scenes)
    pairs = scenes * methods * (methods - 1) // 2
    votes = pairs * plan.overlap
    prompts = len(plan.prompts)
    each = -(-votes // plan.raters)
    learn = [method for method in plan.methods if method_card(method).fine_tunes]
    doubled: dict[More, Precision] = {
        "raters": expected_width(2 * plan.raters, prompts, votes, methods),
        "prompts": expected_width(plan.raters, 2 * prompts, votes, methods),
        "votes": expected_width(plan.raters, prompts, 2 * votes, methods),
    }
    return Preview(
        pictures=scenes * methods,
        learnings=len(plan.people) * len(learn),
        seconds={method: pace.get(("picture", method)) for method in plan.methods},
        hours=_hours(plan, learn, pace, workers),
        pairs=pairs,
        votes=votes,
        votes_each=each,
        minutes_each=max(1, round(each * SECONDS_A_PAIR / 60)),
        precision=expected_width(plan.raters, prompts, votes, methods),
        doubled=doubled,
    )


def _hours(plan: StudyPlan, learn: list[str], pace: Pace, workers: int) -> float | None:
    work = [(pace.get(("picture", method)), len(plan.scenes)) for method in plan.methods]
    work += [(pace.get(("enrol", method)), len(plan.people)) for method in learn]
    total = 0.0
    for seconds, count in work:
        if seconds is None:
            return None
        total += seconds * count
    return total / workers / 3600
