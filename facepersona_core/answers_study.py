"""What the study commands answer: a preview and a status, as JSON values for programs and as lines for people."""

from __future__ import annotations

from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING, Any

from facepersona_core.console import language, say, table
from facepersona_core.messages import text
from facepersona_core.study.words import advice, duration, interval, making_time

if TYPE_CHECKING:
    from facepersona_core.study.jobs import Failure
    from facepersona_core.study.plan import StudyPlan
    from facepersona_core.study.preview import Preview
    from facepersona_core.study.status import RunStatus

Facts = dict[str, Any]


def preview_facts(plan: StudyPlan, seen: Preview) -> Facts:
    """A preview; an infinite interval is null, as what was never measured."""
    facts = asdict(seen)
    for precision in (facts["precision"], *facts["doubled"].values()):
        if isinf(precision["half_width"]):
            precision["half_width"] = precision["half_width_share"] = None
    return {"name": plan.name, **facts, "best": seen.best}


def preview_lines(plan: StudyPlan, seen: Preview) -> list[str]:
    """A preview in words."""
    told = language()
    rows = [[method, duration(seconds, told)] for method, seconds in seen.seconds.items()]
    votes = {"votes": seen.votes, "each": seen.votes_each, "raters": plan.raters, "minutes": seen.minutes_each}
    return [
        say("plan_pictures", name=plan.name, pictures=seen.pictures, learnings=seen.learnings),
        say("plan_time", time=making_time(seen, told)),
        *table([say("head.method"), say("head.pace")], rows),
        say("plan_votes", **votes),
        interval(seen, told),
        advice(seen, told),
    ]


def status_facts(status: RunStatus) -> Facts:
    """How far a study is."""
    counts = asdict(status.pictures)
    return {
        "name": status.run.name,
        "phase": status.phase,
        "pictures": status.pictures.total,
        **counts,
        "methods": {method: asdict(tally) for method, tally in status.methods.items()},
        "workers": status.workers,
        "pictures_an_hour": status.pictures_an_hour,
        "seconds_left": status.seconds_left,
        "failures": [_failure_facts(failure) for failure in status.failures],
    }


def _failure_facts(failure: Failure) -> Facts:
    facts = {**asdict(failure), "code": failure.reason.code, "text": failure.reason.text(language())}
    del facts["reason"]
    return facts


def status_lines(status: RunStatus) -> list[str]:
    """How far a study is, in words."""
    told, pictures = language(), status.pictures
    phase = text(f"phases.{status.phase}", told)
    lines = [say("status", name=status.run.name, phase=phase, done=pictures.done, total=pictures.total)]
    if status.phase == "making":
        rate = status.pictures_an_hour
        shown = text("plan.unmeasured", told) if rate is None else f"{rate:.0f}"
        lines.append(say("status_pace", rate=shown, left=duration(status.seconds_left, told)))
    head = ("method", "done", "running", "waiting", "failed")
    rows = [[method, *(str(getattr(tally, state)) for state in head[1:])] for method, tally in status.methods.items()]
    lines += table([say(f"head.{name}") for name in head], rows)
    return [*lines, *(_failure_line(failure) for failure in status.failures)]


def _failure_line(failure: Failure) -> str:
    what = f"{failure.prompt}, {failure.seed}" if failure.kind == "picture" else say("learning")
    return f"{failure.method}, {failure.person}, {what}: {failure.reason.text(language())}"
