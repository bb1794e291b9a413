"""What there is to do for a study, and the contract of the store that hands it out to worker processes.

A study is made as jobs: one a picture, and one a person and method before that, where the method learns the person.
A worker holds a job by a *lease*: it says that it is alive while it works, and when it has said nothing for `LEASE`,
or its process is seen to be gone, the job is anybody's again. A job that failed or lost its worker `ATTEMPTS` times
stays failed until somebody asks for another try; the rest of the study goes on without it.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from facepersona_core import errors
from facepersona_core.errors import FacePersonaError
from facepersona_core.study.plan import StudyPlan

Kind = Literal["enrol", "picture"]
State = Literal["waiting", "running", "done", "failed"]
RunState = Literal["running", "paused", "open"]

ATTEMPTS = 3
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Task:
    """One piece of work of a study, before anybody has it in hand."""

    kind: Kind
    person: str
    method: str
    key: str
    """SHA-256 of everything that decides what comes out: the same key is never in two hands at once."""
    prompt: str = ""
    seed: int = 0
    needs: str = ""
    """Key of the task that must be done before; "" for none."""


@dataclass(frozen=True)
class Job:
    """A piece of work in a worker's hand."""

    id: int
    study: str
    kind: Kind
    person: str
    method: str
    prompt: str
    seed: int
    key: str
    """As `Task.key`: what is finished late still knows whether its row is its own."""
    worker: str
    attempt: int
    """1 at the first try."""


@dataclass(frozen=True)
class StudyRun:
    """A study whose pictures are being made, or were."""

    name: str
    plan: StudyPlan
    """As it was started; the study that is rated may leave scenes out."""
    bundle: str
    """SHA-256 of the model that makes all of its pictures."""
    state: RunState
    """"open": its pictures are there and it can be rated."""
    created_at: datetime


@dataclass(frozen=True)
class Reason:
    """Why a job failed: an error that can be told in both languages, also long after it was raised."""

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: BaseException) -> Reason:
        """The reason that ``error`` gives; what is none of ours becomes WorkFailed."""
        if isinstance(error, FacePersonaError):
            return cls(error.code, error.plain)
        detail = next(iter(str(error).splitlines()), "")
        return cls("WorkFailed", {"kind": type(error).__name__, "detail": detail[:200]})

    @property
    def error(self) -> FacePersonaError:
        """The error as it was raised."""
        raised: FacePersonaError = getattr(errors, self.code)(**self.fields)
        return raised

    def text(self, language: str) -> str:
        """The message in ``language`` ("en" or "ja")."""
        return self.error.text(language)


@dataclass(frozen=True)
class Failure:
    """A job that failed and stays so until somebody asks for another try."""

    kind: Kind
    person: str
    method: str
    prompt: str
    seed: int
    attempts: int
    reason: Reason


@dataclass(frozen=True)
class Tally:
    """How many jobs of one kind and method are in which state."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.running + self.done + self.failed

    @property
    def left(self) -> int:
        """Those that are still to be done or in hand."""
        return self.waiting + self.running


Tallies = Mapping[tuple[Kind, str], Tally]
"""By kind and method key."""
Pace = Mapping[tuple[Kind, str], float]
"""Measured seconds of one job, by kind and method key; what was never done is not in it."""


class JobStore(Protocol):
    """What a worker needs of the store. Every call is one transaction, safe between processes."""

    def left(self, study: str | None, bundle: str) -> int:
        """Jobs of ``study`` (None: of all that are not paused) for this model that wait or are in a hand."""
        ...

    def claim(self, worker: str, study: str | None, bundle: str) -> Job | None:
        """Take the next job, for `LEASE`; None when all that is left is in other hands or waits for them."""
        ...

    def heartbeat(self, job: Job) -> None:
        """Say that the worker of ``job`` is alive: its lease starts anew."""
        ...

    def finish(self, job: Job, picture_id: int | None = None, made: bool = True) -> None:
        """``job`` is done; ``made`` is False when there was nothing to do. The last one opens the study.

        Nothing happens when the study was discarded meanwhile."""
        ...

    def fail(self, job: Job, reason: Reason) -> None:
        """``job`` failed: it waits for the next try, or stays failed after `ATTEMPTS`."""
        ...

    def give_back(self, job: Job) -> None:
        """The worker must stop: ``job`` waits again, as if it had never been taken."""
        ...

    def release(self, gone: Callable[[str], bool]) -> int:
        """End the leases of workers whose name ``gone`` says are no more; how many jobs that frees."""
        ...


class WorkerPictures(Protocol):
    """The picture store of a worker: the picture saved while ``job`` is set ends that job in the same transaction."""

    job: Job | None


def worker_name() -> str:
    """A name for this process that tells others where to look whether it is alive."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(worker: str) -> bool:
    """True when the process of ``worker`` surely ended: it was on this machine and is not there any more."""
    host, process, _ = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
