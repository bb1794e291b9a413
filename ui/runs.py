"""One click on Generate: the work on a thread of its own, the picture board it fills, and the way to stop it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from facepersona_core.methods import method_card

if TYPE_CHECKING:
    from facepersona_core.stores import Made, PersonLike
    from facepersona_core.studio import Studio
    from facepersona_core.types import Request

State = Literal["loading", "learning", "making", "done", "stopped", "failed"]


class StoppedError(Exception):
    """The person pressed Stop."""


@dataclass
class Run:
    """What is made, how far it is, and what came out. Read by the page while the thread writes."""

    studio: Studio
    person: PersonLike
    methods: Sequence[str]
    """Method keys in the order of the columns."""
    request: Request
    language: str
    state: State = "loading"
    method: str = ""
    """The method at work."""
    fraction: float = 0.0
    """Of the whole run when making, of this method's learning when learning."""
    made: dict[tuple[str, int], Made] = field(default_factory=dict)
    """By method and seed."""
    error: BaseException | None = None
    problem: str = ""
    """How an unexpected ``error`` was explained."""
    version: int = 0
    """Grows with every picture or change of state."""

    def __post_init__(self) -> None:
        self.started = time.monotonic()
        self.stage_started, self.stage_from = self.started, 0.0
        self.ended: float | None = None
        self._stop = threading.Event()
        self._changed = threading.Condition()

    @property
    def seeds(self) -> range:
        """The rows of the board."""
        return range(self.request.seed, self.request.seed + self.request.count)

    @property
    def total(self) -> int:
        """Pictures asked for."""
        return len(self.methods) * self.request.count

    @property
    def finished(self) -> bool:
        """True when nothing will change any more."""
        return self.ended is not None

    @property
    def stopping(self) -> bool:
        """True between the press of Stop and the end."""
        return self._stop.is_set() and not self.finished

    @property
    def seconds(self) -> float:
        """Wall-clock time so far, or in all."""
        return (self.ended or time.monotonic()) - self.started

    def start(self) -> None:
        """Begin on a thread that does not keep the process alive."""
        threading.Thread(target=self._work, name="facepersona-run", daemon=True).start()

    def stop(self) -> None:
        """End at the next step; pictures that are made stay."""
        self._stop.set()
        self._announce()

    def wait(self, seen: int, timeout: float) -> int:
        """Block until ``version`` differs from ``seen``, or ``timeout`` seconds; returns the version."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != seen, timeout)
            return self.version

    def _work(self) -> None:
        try:
            for index, method in enumerate(_quick_first(self.methods)):
                self._one_method(index, method)
            self.state = "done"
        except StoppedError:
            self.state = "stopped"
        except Exception as error:  # shown and logged by the page, which knows the language
            self.error = error
            self.state = "failed"
        self.ended = time.monotonic()
        self._announce()

    def _one_method(self, index: int, method: str) -> None:
        self.method = method

        def progress(fraction: float, stage: str) -> None:
            if self._stop.is_set():
                raise StoppedError
            learning = stage == "enrol" and method_card(method).fine_tunes
            share = fraction if stage == "generate" else 0.0  # reading a face takes no time worth showing
            self.fraction = fraction if learning else (index + share) / len(self.methods)
            self._enter("learning" if learning else "making")

        progress(0.0, "generate")
        for made in self.studio.generate(self.person, method, replace(self.request), progress):
            self.made[method, made.record.seed] = made
            self._announce()
            progress(len(self._column(method)) / self.request.count, "generate")

    def _column(self, method: str) -> list[int]:
        return [seed for key, seed in self.made if key == method]

    def _enter(self, state: State) -> None:
        if self.state != state:
            self.state = state
            self.stage_started, self.stage_from = time.monotonic(), self.fraction
            self._announce()

    def _announce(self) -> None:
        with self._changed:
            self.version += 1
            self._changed.notify_all()


def _quick_first(methods: Sequence[str]) -> list[str]:
    """Methods that train come last, so that pictures appear soon."""
    return sorted(methods, key=lambda method: method_card(method).fine_tunes)


class Runs:
    """The latest run of each open page, by Gradio's session hash; forgets the oldest beyond ``limit``."""

    def __init__(self, limit: int = 200) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._limit = limit

    def put(self, session: str, run: Run) -> None:
        """Remember ``run`` and stop the page's earlier one."""
        self.stop(session)
        self._runs[session] = run
        while len(self._runs) > self._limit:
            self._runs.popitem(last=False)[1].stop()

    def get(self, session: str) -> Run | None:
        """The page's latest run."""
        return self._runs.get(session)

    def stop(self, session: str) -> None:
        """Stop the page's run, if it has one at work."""
        run = self._runs.get(session)
        if run and not run.finished:
            run.stop()
