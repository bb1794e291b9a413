"""A worker: takes one job after the other and does it, until nothing is left or somebody asks it to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from facepersona_core.errors import FacePersonaError
from facepersona_core.study.jobs import LEASE, Job, JobStore, Reason, WorkerPictures, is_gone, worker_name
from facepersona_core.types import Request

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from facepersona_core.studio import PersonLike, Studio

log = logging.getLogger("facepersona")
POLL_SECONDS = 1.0
"""How often a worker looks again while all that is left is in other hands."""


class _StopAskedError(Exception):
    """Learning a person takes minutes, too long to finish it first."""


class Worker:
    """One process's hands. ``pictures`` is the picture store of ``studio``, which saves a picture with its job."""

    def __init__(
        self,
        jobs: JobStore,
        person: Callable[[str], PersonLike],
        studio: Studio,
        pictures: WorkerPictures,
        study: str | None = None,
        parent: int = 0,
    ) -> None:
        """``study``: work on this one alone. ``parent``: stop when this is not our parent process any more."""
        self._jobs, self._person, self._studio, self._pictures, self._study = jobs, person, studio, pictures, study
        self._parent = parent
        self._name = worker_name()
        self._stop = threading.Event()

    def stop(self) -> None:
        """End after the picture in hand; a person half learned is given back."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """True when the worker is to end."""
        return self._stop.is_set() or (self._parent > 0 and os.getppid() != self._parent)

    def run(self, after: Callable[[], None] = lambda: None) -> None:
        """Work until nothing is left; ``after`` is called after every job and every look around.

        What keeps the models from loading is raised: it would fail every job. What happens in a job fails it."""
        bundle = self._studio.bundle.sha256
        warm = False
        while not self.stopping and self._jobs.left(self._study, bundle):
            if not warm:
                self._studio.warm_up()
                warm = True
            if job := self._jobs.claim(self._name, self._study, bundle):
                self._do(job)
            elif not self._jobs.release(is_gone):
                self._stop.wait(POLL_SECONDS)
            after()

    def _do(self, job: Job) -> None:
        with self._heartbeat(job):
            try:
                self._learn(job) if job.kind == "enrol" else self._make(job)
            except _StopAskedError:
                self._jobs.give_back(job)
            except Exception as error:
                known = isinstance(error, FacePersonaError)
                log.error("%s, %s, attempt %d: %s", job.person, job.method, job.attempt, error, exc_info=not known)
                self._jobs.fail(job, Reason.of(error))

    def _learn(self, job: Job) -> None:
        def progress(fraction: float, stage: str) -> None:
            if self.stopping:
                raise _StopAskedError

        person = self._person(job.person)
        known = self._studio.is_enrolled(person, job.method)
        self._studio.persona(person, job.method, progress)
        self._jobs.finish(job, made=not known)

    def _make(self, job: Job) -> None:
        defaults = self._studio.bundle.info["defaults"]
        request = Request(job.prompt, seed=job.seed, steps=defaults["steps"], guidance=defaults["guidance"])
        self._pictures.job = job
        try:
            (made,) = self._studio.generate(self._person(job.person), job.method, request)
        finally:
            self._pictures.job = None
        if made.reused:
            self._jobs.finish(job, made.record.id, made=False)

    @contextmanager
    def _heartbeat(self, job: Job) -> Iterator[None]:
        """Keep the lease of ``job`` alive from a thread of its own."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(LEASE.total_seconds() / 4):
                self._jobs.heartbeat(job)

        thread = threading.Thread(target=beat, name="facepersona-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def build_worker(workplace: Workplace, study: str | None, parent: int = 0) -> Worker:
    """A worker over the stores of ``workplace``; see `Worker`."""
    from facepersona_core.studio import Studio

    pictures = workplace.worker_pictures()
    studio = Studio(workplace.settings, workplace.people, pictures)
    return Worker(workplace.jobs, workplace.people.get, studio, pictures, study, parent)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at the first SIGTERM or Ctrl-C; a second one ends the process as usual."""
    signals = (signal.SIGTERM, signal.SIGINT)

    def first(number: int, frame: FrameType | None) -> None:
        for one in signals:
            signal.signal(one, signal.SIG_DFL)
        stop()

    before = {one: signal.signal(one, first) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
