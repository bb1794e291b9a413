"""A studio whose pictures are noise, so that workers can be killed by the dozen; stores and jobs are the real ones.

As a program it is a worker process (``toy_studio.py FOLDER [--tied PID]``) or, with ``--app``, one that keeps a worker
process as the app does. What it begins and what it has made goes to ``FOLDER/made.log``, a line each.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tiny_store import PLAN, Store, noise, open_store, photo

from facepersona_core.errors import NoFaceFound
from facepersona_core.stores import Made
from facepersona_core.study.design import StudyPlan
from facepersona_core.study.jobs import StudyRun, Task
from facepersona_core.study.start import plan_tasks
from facepersona_core.study.worker import Worker, stopped_by_signals
from facepersona_core.study.workers import Workers
from facepersona_core.types import Picture, Request, json_digest
from storage import JobPictures, Jobs, PersonRecord

BUNDLE = "b" * 64
SMALL = replace(PLAN, methods=("class_word", "dreambooth"), seeds=(7,))
"""Eight pictures of two people, whom one of the methods has to learn."""
MODEL = {"bundle": BUNDLE, "steps": 2, "guidance": 3.0}
FAILS, KILLS = "a photo of S* that fails", "a photo of S* that kills"
"""Prompts of a picture that cannot be made, and of one whose class word ends the process that tries."""


def enrol(store: Store, plan: StudyPlan) -> None:
    """The people of ``plan``, who do not exist."""
    for index, name in enumerate(plan.people):
        store.people.add(name, [photo(index)], None, synthetic=True)


def tasks(store: Store, plan: StudyPlan) -> list[Task]:
    """The work of ``plan``."""
    return plan_tasks(plan, {name: store.people.get(name).photo_keys for name in plan.people}, MODEL)


def begin(store: Store, plan: StudyPlan) -> StudyRun:
    """Enrol the people of ``plan`` and start it."""
    enrol(store, plan)
    return Jobs(store.db).start(plan, tasks(store, plan), BUNDLE)


@contextmanager
def started(folder: Path) -> Iterator[Store]:
    """A store in ``folder`` where `SMALL` has been started."""
    opened = open_store(folder)
    begin(opened, SMALL)
    yield opened
    opened.db.close()


class ToyStudio:
    """Has of `Studio` what a worker uses."""

    def __init__(self, folder: Path, pictures: JobPictures, seconds: float = 0.0) -> None:
        self.bundle = SimpleNamespace(sha256=BUNDLE, info={"defaults": {"steps": 2, "guidance": 3.0}})
        self.learned: set[tuple[str, str]] = set()
        self._pictures, self._seconds, self._log = pictures, seconds, folder / "made.log"

    def warm_up(self) -> None:
        """There is nothing to load."""

    def is_enrolled(self, person: PersonRecord, method: str) -> bool:
        """True when `persona` was there before."""
        return (person.name, method) in self.learned

    def persona(self, person: PersonRecord, method: str, progress: Any) -> None:
        """Learn, in a few steps."""
        self._say("begin", person.name, method)
        for step in range(4):
            time.sleep(self._seconds / 4)
            progress(step / 4, "enrol")
        self.learned.add((person.name, method))
        self._say("made", person.name, method)

    def generate(self, person: PersonRecord, method: str, request: Request) -> Iterator[Made]:
        """One picture of noise, unless its recipe is known."""
        cell = (person.name, method, request.prompt, request.seed)
        recipe = {"method": method, "person": person.name, "request": request.to_json()}
        if found := self._pictures.find(json_digest(recipe)):
            yield Made(found, (), self._pictures.image_path(found), reused=True)
            return
        self._say("begin", *cell)
        time.sleep(self._seconds)
        if request.prompt == FAILS:
            raise NoFaceFound(name=person.name, sizes="64")
        if request.prompt == KILLS and method == "class_word":
            os.kill(os.getpid(), signal.SIGKILL)
        record = self._pictures.save(Picture(noise(hash(cell) % 2**32), recipe), person.id, [], self._seconds)
        self._say("made", *cell)
        yield Made(record, (), self._pictures.image_path(record), reused=False)

    def _say(self, *words: object) -> None:
        with self._log.open("a") as log:
            log.write(" / ".join(map(str, words)) + "\n")


def toy_worker(store: Store, seconds: float = 0.0, study: str | None = None, parent: int = 0) -> Worker:
    """A worker over ``store`` that takes ``seconds`` a picture."""
    pictures = JobPictures(store.db, store.files)
    studio = cast(Any, ToyStudio(store.folder, pictures, seconds))
    return Worker(Jobs(store.db), store.people.get, studio, pictures, study, parent)


def said(folder: Path, word: str) -> Counter[str]:
    """How often each thing was begun or made."""
    log = folder / "made.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.partition(" / ")[2] for line in lines if line.startswith(f"{word} / "))


def command(folder: Path, seconds: float, *more: str) -> list[str]:
    """The command line of this file as a program."""
    return [sys.executable, __file__, str(folder), "--seconds", str(seconds), *more]


def environment() -> dict[str, str]:
    """What lets another process import what this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"}


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--tied", type=int, default=0)
    parser.add_argument("--app", action="store_true")
    asked = parser.parse_args()
    store = open_store(asked.folder)
    if asked.app:
        Workers(Jobs(store.db), lambda: BUNDLE, asked.folder, command=command(asked.folder, asked.seconds)).start()
        threading.Event().wait()
    worker = toy_worker(store, asked.seconds, parent=asked.tied)
    with stopped_by_signals(worker.stop):
        worker.run()
    store.db.close()


if __name__ == "__main__":
    main()
