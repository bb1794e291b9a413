"""What the Create tab does when something is clicked: handlers between Gradio's components and the studio."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from facepersona_core.composition import consent_form
from facepersona_core.errors import FacePersonaError
from facepersona_core.limits import check_request
from facepersona_core.methods import METHODS, method_card
from ui import create_views as views
from ui.board import asked_html, board_html, problem_html, status_html, welcome_html
from ui.html import hint, note
from ui.i18n import text
from ui.messages import explain
from ui.runs import Run, Runs

if TYPE_CHECKING:
    from facepersona_core.types import Request
    from storage.records import PersonRecord
    from ui.context import AppContext

log = logging.getLogger("facepersona")


class Actions:
    """The handlers of one page. Every handler gets the page's language, and answers with texts in it."""

    def __init__(self, context: AppContext) -> None:
        self.context = context
        self.runs = Runs()

    # What the bundle says -------------------------------------------------------------------------------------

    @cached_property
    def _info(self) -> dict[str, Any]:
        return dict(self.context.studio.bundle.info)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._info["words"])

    @property
    def _names_ja(self) -> Mapping[str, str]:
        return self.context.names_ja

    def defaults(self) -> dict[str, float]:
        """Steps, guidance and number of drawings that the bundle recommends."""
        return dict(self._info["defaults"])

    def chips(self, language: str) -> str:
        """The clickable phrases that the model knows."""
        return views.chips_html(self._words, language)

    def check_words(self, language: str, prompt: str) -> str:
        """A note under the prompt about words that the model does not know."""
        return views.words_html(prompt, self._words, language)

    # People ---------------------------------------------------------------------------------------------------

    def open_page(self, language: str, chosen: str | None) -> tuple[Any, ...]:
        """What `show_people` says, and *Generate* on: before it, nobody is chosen."""
        return (*self.show_people(language, chosen), gr.update(interactive=True))

    def show_people(self, language: str, chosen: str | None) -> tuple[Any, Any, Any]:
        """The gallery with ``chosen`` (or the first person) marked, what was seen of them, the method cards."""
        people = self.context.people.list()
        names = [person.name for person in people]
        chosen = chosen if chosen in names else next(iter(names), None)
        gallery = gr.update(value=chosen, body=views.people_html(people, self._names_ja, language))
        return (gallery, *self.show_person(chosen, language))

    def show_person(self, name: str | None, language: str) -> tuple[Any, Any]:
        """What the app saw in the person's photos, and the method cards with what is learned already."""
        if not name:
            return hint(text("create.pick_person", language)), gr.update(body=views.methods_html((), "", language))
        try:
            person = self.context.people.get(name)
            saw = views.seen_html(self.context.studio.readings(person), language)
            learned = [key for key in METHODS if self._learned(person, key)]
        except Exception as error:
            return note(explain(error, language), "poor", "warning"), gr.update(
                body=views.methods_html((), name, language)
            )
        shown = views.shown_name(name, self._names_ja, language)
        return saw, gr.update(body=views.methods_html(learned, shown, language))

    def _learned(self, person: PersonRecord, method: str) -> bool:
        return method_card(method).fine_tunes and self.context.studio.is_enrolled(person, method)

    # Adding a person ------------------------------------------------------------------------------------------

    def open_gate(self, name: str, consent: bool, usable: int | None, language: str) -> tuple[Any, Any, Any]:
        """Photos can be chosen once there is a name and a consent; taking either back closes the gate.

        ``usable``: how many of the chosen photos can be used; None before any was chosen."""
        ready = _ready(name, consent)
        said = hint(_gate_words(ready, language)) if usable is None else gr.skip()
        return gr.update(interactive=ready), said, gr.update(interactive=ready and bool(usable))

    def read_photos(
        self, language: str, paths: list[str] | None, name: str, consent: bool
    ) -> tuple[Any, Any, Any, int | None]:
        """What the app sees in the chosen photos, whether they can be used, the Add button, and how many are usable."""
        ready = _ready(name, consent)
        if not paths:
            return "", hint(_gate_words(ready, language)), gr.update(interactive=False), None
        try:
            readings = self.context.studio.inspect(_contents(paths))
        except Exception as error:
            return "", note(explain(error, language), "poor", "warning"), gr.update(interactive=False), 0
        usable = sum(reading.face is not None for reading in readings)
        words = text(f"create.usable_{'some' if usable else 'none'}", language, usable=usable, total=len(readings))
        said = note(words, "good" if usable else "poor", "check" if usable else "warning")
        return views.readings_html(readings, language), said, gr.update(interactive=bool(usable) and ready), usable

    def add_person(self, paths: list[str] | None, name: str, consent: bool, language: str) -> Iterator[tuple[Any, ...]]:
        """Keep the person, choose them, and empty the form; the uploaded copies are deleted."""
        unchanged = [gr.skip()] * 12
        try:
            form = consent_form(name.strip(), language) if consent and name.strip() else None
            person, _ = self.context.studio.enrol(name.strip(), _contents(paths or []), form)
        except Exception as error:
            unchanged[7] = note(explain(error, language), "poor", "warning")
            yield tuple(unchanged)
            return
        for path in paths or []:
            Path(path).unlink(missing_ok=True)
        said = note(text("create.added", language, name=person.name), "good", "check")
        emptied = ["", False, gr.update(value=None, interactive=False), "", "", gr.update(interactive=False), None]
        gallery, saw, methods = self.show_people(language, person.name)
        yield (gallery, saw, methods, *emptied, gr.update(selected="choose"), said)

    # Making pictures ------------------------------------------------------------------------------------------

    def generate(
        self, name: str | None, methods: list[str], request: Request, language: str, session: str
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Start a run and show it until it ends; leaving the page stops it."""
        idle = (gr.update(interactive=True), gr.update(interactive=False))
        try:
            run = self._prepare(name, methods, request, language)
        except _AskedError as asked:
            yield asked_html(str(asked)), gr.skip(), *idle
            return
        except Exception as error:
            yield problem_html(error, language), gr.skip(), *idle
            return
        self.runs.put(session, run)
        run.start()
        try:
            yield from self._follow(run)
        finally:
            run.stop()
        yield gr.skip(), gr.skip(), *idle

    def _prepare(self, name: str | None, methods: list[str], request: Request, language: str) -> Run:
        if not name:
            raise _AskedError(text("create.need_person", language))
        if not methods:
            raise _AskedError(text("create.need_method", language))
        check_request(request)
        person = self.context.people.get(name)
        return Run(self.context.studio, person, [key for key in METHODS if key in methods], request, language)

    def _follow(self, run: Run) -> Iterator[tuple[Any, Any, Any, Any]]:
        buttons = (gr.update(interactive=False), gr.update(interactive=True))
        seen, finished = -1, False
        while not finished:
            version, finished = run.version, run.finished
            board = board_html(run, self._names_ja) if version != seen else gr.skip()
            yield self._status(run), board, *buttons
            seen = version
            if not finished:
                run.wait(seen, timeout=1.0)

    def _status(self, run: Run) -> str:
        return status_html(run, self._names_ja, self._problem(run))

    def _problem(self, run: Run) -> str:
        """Explained once a run and language, so that an unexpected error is logged under one reference."""
        if run.error is None:
            return ""
        if isinstance(run.error, FacePersonaError):
            return run.error.text(run.language)
        if not run.problem:
            run.problem = explain(run.error, run.language)
        return run.problem

    def stop(self, page: gr.Request) -> tuple[Any, Any, Any, Any]:
        """Stop the page's run at its next step."""
        self.runs.stop(page.session_hash or "")
        return gr.skip(), gr.skip(), gr.skip(), gr.update(interactive=False)

    def redraw_run(self, language: str, page: gr.Request) -> tuple[Any, Any]:
        """The status and the board in another language, also while the run goes on."""
        run = self.runs.get(page.session_hash or "")
        if run is None:
            return "", welcome_html(language)
        run.language = language
        return self._status(run), board_html(run, self._names_ja)

    def forget(self, page: gr.Request) -> None:
        """The page was closed."""
        self.runs.stop(page.session_hash or "")


class _AskedError(Exception):
    """Something is still to be chosen; the message is in the page's language."""


def _ready(name: str, consent: bool) -> bool:
    return bool(name.strip()) and consent


def _gate_words(ready: bool, language: str) -> str:
    return text("create.photos_ready" if ready else "create.consent_first", language)


def _contents(paths: Sequence[str]) -> list[tuple[str, bytes]]:
    return [(Path(path).name, Path(path).read_bytes()) for path in paths]
