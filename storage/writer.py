"""Group commit: many threads ask, one thread writes, one fsync serves them all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

T = TypeVar("T")


@dataclass
class _Job:
    fn: Callable[[Session], Any]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Run inside a savepoint; an error undoes this job alone."""
        try:
            with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
                self.result = self.fn(session)
        except BaseException as error:  # whatever it is, it belongs to the caller, not to the writer thread
            self.error = error

    def release(self) -> None:
        """Let the caller go on, with the result or the error."""
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """The only one who writes through ``connection``. Queued functions are committed together.

    ``lock`` is held around every transaction, so that no other process writes or checkpoints meanwhile."""

    def __init__(self, connection: Connection, lock: AbstractContextManager[None]) -> None:
        self._connection = connection
        self._lock = lock
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="storage-writer", daemon=True)
        self._thread.start()

    def run(self, fn: Callable[[Session], T]) -> T:
        """Queue ``fn``, wait for the commit that holds it, return its result or raise its error."""
        if not self._thread.is_alive():
            raise RuntimeError("The database is closed.")
        job = _Job(fn)
        self._queue.put(job)
        result: T = job.future.result()
        return result

    def stop(self) -> None:
        """Finish what is queued and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            jobs = [self._queue.get()]
            try:
                while True:  # everything that queued up during the last commit shares the next one
                    jobs.append(self._queue.get_nowait())
            except Empty:
                stopping = None in jobs
                self._commit([job for job in jobs if job is not None])

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            with self._lock, self._connection.begin():
                for job in jobs:
                    job.run(self._connection)
                    self._check_still_open(job)
        except BaseException as error:  # nothing of the batch is on the disk, so nobody may believe it is
            for job in jobs:
                job.error = job.error or error
        for job in jobs:
            job.release()

    def _check_still_open(self, job: _Job) -> None:
        """SQLite ends the whole transaction by itself on some errors (disk full, I/O): then earlier jobs are lost."""
        raw: Any = self._connection.connection.dbapi_connection
        if not raw.in_transaction:
            raise RuntimeError("SQLite rolled the transaction back.") from job.error
