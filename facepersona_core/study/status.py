"""How far a study is: what is made, what failed and why, how fast it goes, and when it will be ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from facepersona_core.study.jobs import Failure, Pace, StudyRun, Tallies, Tally

Phase = Literal["making", "waiting", "paused", "stuck", "open"]
"""Somebody works on it; nobody does yet; nobody shall; all that is left failed; it can be rated."""


class StatusStore(Protocol):
    """What a status is read from; `storage.Jobs` is one."""

    def run(self, name: str) -> StudyRun: ...
    def tallies(self, name: str) -> Tallies: ...
    def workers(self, name: str) -> int: ...
    def failures(self, name: str) -> Sequence[Failure]: ...
    def pace(self, bundle: str) -> Pace: ...


@dataclass(frozen=True)
class RunStatus:
    """How far one study is."""

    run: StudyRun
    tallies: Tallies
    workers: int
    """Processes that have something of it in hand."""
    failures: Sequence[Failure]
    pace: Pace

    @property
    def methods(self) -> dict[str, Tally]:
        """How many pictures are in which state, by method in the order of the plan."""
        return {method: self.tallies.get(("picture", method), Tally()) for method in self.run.plan.methods}

    @property
    def pictures(self) -> Tally:
        """The same over all methods."""
        parts = list(self.methods.values())
        states = ("waiting", "running", "done", "failed")
        return Tally(**{state: sum(getattr(part, state) for part in parts) for state in states})

    @property
    def phase(self) -> Phase:
        """What goes on, in a word."""
        if self.run.state == "open":
            return "open"
        if not any(tally.left for tally in self.tallies.values()):
            return "stuck"
        if self.run.state == "paused":
            return "paused"
        return "making" if self.workers else "waiting"

    @property
    def seconds_left(self) -> float | None:
        """Time to the last picture at the measured pace; None while nobody works or a part was never measured."""
        if self.phase != "making":
            return None
        total = 0.0
        for which, tally in self.tallies.items():
            if tally.left and which not in self.pace:
                return None
            total += tally.left * self.pace.get(which, 0.0)
        return total / self.workers

    @property
    def pictures_an_hour(self) -> float | None:
        """How many of the pictures that are left come in an hour, learning included; None like the time left."""
        seconds, left = self.seconds_left, self.pictures.left
        return None if not seconds or not left else left / seconds * 3600


def status_of(jobs: StatusStore, name: str) -> RunStatus:
    """How far the started study ``name`` is. Raises UnknownStudy."""
    run = jobs.run(name)
    return RunStatus(run, jobs.tallies(name), jobs.workers(name), jobs.failures(name), jobs.pace(run.bundle))
