"""Keeps worker processes running while there is work for them, on a thread of its own: nobody waits for them."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from facepersona_core.study.jobs import JobStore, Reason, is_gone

log = logging.getLogger("facepersona")
LOOK_SECONDS = 1.0
"""How often it is looked whether there is work, and whether the workers live."""
PAUSE_SECONDS = 2.0
"""Before a worker that crashed is started again; doubled with each crash in a row."""
CRASHES = 5
"""After so many ends in a row that should not have been, without any work done between, none is started again."""


class Workers:
    """``count`` processes of ``command`` while ``jobs`` has work for the model with the hash ``bundle()``.

    A process that crashes is started again after a pause that grows; `problem` tells how it ended."""

    def __init__(
        self,
        jobs: JobStore,
        bundle: Callable[[], str],
        folder: Path,
        count: int = 1,
        study: str | None = None,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """What the processes say on stderr goes to ``folder``/worker-PID-N.log, PID being ours: the app and a command
        may look after workers at once. ``environment`` is added to our own, and ``--tied`` with PID to ``command``."""
        self._jobs, self._bundle, self._folder, self._study = jobs, bundle, folder, study
        self._command = [*(command or worker_command(study)), "--tied", str(os.getpid())]
        found = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}  # also where we are not installed
        self._environment = {**os.environ, **found, **SINGLE_THREADED, **(environment or {})}
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * count
        self._crashes = self._left_at_crash = 0
        self._not_before = 0.0
        self._over, self._look = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="facepersona-workers", daemon=True)
        self.problem: Reason | None = None
        """How a worker ended that should not have; None once one works again."""

    @property
    def alive(self) -> int:
        """How many processes run."""
        return sum(process is not None and process.poll() is None for process in self._processes)

    @property
    def gave_up(self) -> bool:
        """True when crashes were too many; `wake` tries again."""
        return self._crashes >= CRASHES

    @property
    def over(self) -> bool:
        """True when there is nothing to do and no process left."""
        return self.alive == 0 and (self.gave_up or not self._left())

    def start(self) -> None:
        """Begin to look after the work."""
        self._thread.start()

    def wake(self) -> None:
        """There is new work, or somebody asked to try again: look at once and forget earlier crashes."""
        self._crashes, self._not_before, self.problem = 0, 0.0, None
        self._look.set()

    def stop(self, patience: float | None = None) -> None:
        """Let the processes finish the picture in hand; wait for that, ``patience`` seconds at most.

        Those that take longer end by themselves: they are tied to this process or have been told."""
        self._over.set()
        self._look.set()
        self._thread.join()
        running = [process for process in self._processes if process and process.poll() is None]
        for process in running:
            process.terminate()
        deadline = None if patience is None else time.monotonic() + patience
        for process in running:
            try:
                process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.info("a worker (process %d) still finishes the picture in hand", process.pid)
        for slot in range(len(self._processes)):
            self._log(slot).unlink(missing_ok=True)

    def _left(self) -> int:
        return self._jobs.left(self._study, self._bundle())

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                self._step()
            except Exception:  # a full disk or a damaged bundle must not end the watch: it may be put right
                log.exception("cannot look after the study workers")
            self._look.wait(LOOK_SECONDS)
            self._look.clear()

    def _step(self) -> None:
        """Note who ended, and start who is missing."""
        for slot, process in enumerate(self._processes):
            if process is not None and process.poll() is not None:
                self._processes[slot] = None
                if process.returncode:
                    self._crashed(slot, process.returncode)
        left = self._left()
        if left < self._left_at_crash:  # work got done since
            self._crashes, self.problem = 0, None
        if self.gave_up or time.monotonic() < self._not_before or not left:
            return
        for slot, process in enumerate(self._processes):
            if process is None:
                self._spawn(slot)

    def _crashed(self, slot: int, status: int) -> None:
        self._crashes += 1
        self._not_before = time.monotonic() + PAUSE_SECONDS * 2 ** (self._crashes - 1)
        self._jobs.release(is_gone)
        self._left_at_crash = self._left()
        self.problem = self._last_words(slot, status)
        kept = self._log(slot).with_suffix(".crash.log")  # the next worker begins the log anew
        os.replace(self._log(slot), kept)
        log.error("%s (see %s)", self.problem.text("en"), kept)

    def _spawn(self, slot: int) -> None:
        with self._log(slot).open("wb") as words:
            self._processes[slot] = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for us; we pass it on once
            )

    def _log(self, slot: int) -> Path:
        return self._folder / f"worker-{os.getpid()}-{slot + 1}.log"

    def _last_words(self, slot: int, status: int) -> Reason:
        """The typed error that the process told as JSON, or its last line."""
        lines = self._log(slot).read_text("utf-8", "replace").strip().splitlines()
        line = lines[-1] if lines else "-"
        try:
            told = json.loads(line)
            return Reason(told["code"], told["fields"])
        except (ValueError, KeyError, TypeError):
            return Reason("WorkerCrashed", {"status": status, "line": line[:300]})


SINGLE_THREADED = {"OMP_NUM_THREADS": "1"}
"""Environment of a worker: several side by side do more than several threads of one."""


def worker_command(study: str | None = None) -> list[str]:
    """The command line of one worker process."""
    named = [] if study is None else ["--study", study]
    return [sys.executable, "-m", "facepersona_core.cli", "study", "work", "--json", *named]
