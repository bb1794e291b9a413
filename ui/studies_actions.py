"""What the Studies tab does when something is changed or pressed: handlers between the form and the jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from facepersona_core.prompt import unknown_words
from facepersona_core.study.plan import StudyPlan, parse_plan
from facepersona_core.study.preview import preview
from facepersona_core.study.start import check_plan, start_study
from facepersona_core.study.status import RunStatus, status_of
from facepersona_core.study.suites import suites
from ui import studies_views as views
from ui.create_views import methods_html, people_html
from ui.html import note
from ui.i18n import text
from ui.messages import explain
from ui.studies_form import Form, form_of, write_prompts

if TYPE_CHECKING:
    from ui.context import AppContext

FIRST_PEOPLE = 4
BUTTONS = ("pause", "resume", "retry", "open", "rate", "discard")
_SHOWN = {
    "making": {"pause", "discard"},
    "waiting": {"pause", "discard"},
    "paused": {"resume", "discard"},
    "stuck": {"retry", "open", "discard"},
    "open": {"rate", "discard"},
}
"""Which buttons a study in a phase has; "resume" also when the worker crashed too often, "retry" when something
failed for good."""


class Actions:
    """The handlers of one page. Every handler gets the page's language, and answers with texts in it."""

    def __init__(self, context: AppContext) -> None:
        self.context = context

    # The form ---------------------------------------------------------------------------------------------------

    def first_form(self) -> Form:
        """A plan that could be started as it is: the first people, the standard prompts, two quick methods."""
        people = [person.name for person in self.context.people.list()][:FIRST_PEOPLE]
        taken = {run.name for run in self.context.jobs.runs()} | {study.name for study in self.context.studies.list()}
        number = next(number for number in range(1, len(taken) + 2) if f"study-{number}" not in taken)
        titles = (text("studies.first_title", language, n=number) for language in ("en", "ja"))
        prompts = write_prompts(suites()["standard"].prompts)
        return Form(f"study-{number}", *titles, people, prompts, ["face2diffusion", "class_word"], "1", 6, 3, 10, 12)

    def fill(self, language: str) -> tuple[Any, ...]:
        """Every field of the form when the page is opened, then the preview and the Start button."""
        form = self.first_form()
        return (*self._fields(form, language), *self.preview(language, *astuple(form)))

    def translate(self, language: str, people: list[str], methods: list[str]) -> tuple[Any, Any]:
        """The people and the methods to choose from, in another language."""
        return self._people(people, language), gr.update(value=methods, body=methods_html((), "", language))

    def take_suite(self, key: str | None) -> Any:
        """The prompts of a suite; none was chosen: what stands there stays."""
        return write_prompts(suites()[key].prompts) if key else gr.skip()

    def take_file(self, path: str | None, language: str) -> tuple[Any, ...]:
        """The form from a plan file, and what became of it."""
        if not path:
            return (*[gr.skip()] * 11, "")
        try:
            plan = parse_plan(Path(path).read_bytes(), Path(path).name)
        except Exception as error:
            return (*[gr.skip()] * 11, note(explain(error, language), "poor", "warning"))
        said = note(text("studies.loaded", language, name=plan.name), "good", "check")
        return (*self._fields(form_of(plan), language), said)

    def _fields(self, form: Form, language: str) -> tuple[Any, ...]:
        values = list(astuple(form))
        values[3] = self._people(list(form.people), language)
        values[5] = gr.update(value=list(form.methods), body=methods_html((), "", language))
        return tuple(values)

    def _people(self, chosen: Sequence[str], language: str) -> Any:
        people = self.context.people.list()
        names = [person.name for person in people]
        body = people_html(people, self.context.names_ja, language)
        return gr.update(value=[name for name in chosen if name in names], body=body)

    # The preview ------------------------------------------------------------------------------------------------

    def preview(self, language: str, *fields: Any) -> tuple[str, Any]:
        """What the plan costs and will tell, and whether it can be started."""
        form = Form(*fields)
        closed = gr.update(interactive=False)
        if missing := form.missing():
            return views.still_missing(missing, language), closed
        try:
            plan = form.plan()
            check_plan(self.context.people, self.context.studio.bundle, plan)
            seen = preview(plan, self.context.jobs.pace(self._bundle), max(1, self.context.settings.workers))
        except Exception as error:
            return views.problem(explain(error, language)), closed
        return views.preview(plan, seen, self._unknown(plan), language), gr.update(interactive=True)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self.context.studio.bundle.info["words"])

    def _unknown(self, plan: StudyPlan) -> list[str]:
        words = (word for item in plan.prompts for word in unknown_words(item.text, self._words))
        return list(dict.fromkeys(words))

    @property
    def _bundle(self) -> str:
        return self.context.studio.bundle.sha256

    # Studies in the making --------------------------------------------------------------------------------------

    def start(self, language: str, *fields: Any) -> tuple[str, Any, Any, Any]:
        """Start the study of the form; what became of it, what was seen (nothing yet), the chosen study, the choice."""
        try:
            context = self.context
            run = start_study(context.people, context.jobs, context.studio.bundle, Form(*fields).plan())
            context.jobs.resume(run.name)
        except Exception as error:
            return views.problem(explain(error, language)), gr.skip(), gr.skip(), gr.skip()
        self._wake()
        said = note(text("studies.started", language, title=run.plan.title[language]), "good", "check")
        return said, "", run.name, self._choices(run.name, language)

    def act(self, what: str) -> Callable[[str, str | None], str]:
        """The handler of a button: pause, resume, retry or open what is chosen; it says what went wrong."""
        jobs = self.context.jobs
        does: dict[str, Callable[[str], Any]] = {
            "pause": jobs.pause,
            "resume": jobs.resume,
            "retry": jobs.retry,
            "open": jobs.open_with_gaps,
        }

        def handler(language: str, chosen: str | None) -> str:
            try:
                does[what](chosen or "")
            except Exception as error:
                return views.problem(explain(error, language))
            if what in ("resume", "retry"):
                self._wake()
            return ""

        return handler

    def ask_discard(self, language: str, chosen: str | None) -> tuple[Any, ...]:
        """The message, the question with its two buttons, and the study asked about; none when it cannot be."""
        try:
            self.context.jobs.require_discardable(chosen or "")
            question = views.discard_question(self._title(chosen or "", language), language)
        except Exception as error:
            return (views.problem(explain(error, language)), *self.keep(language))
        return "", gr.update(visible=True), question, chosen

    def keep(self, language: str) -> tuple[Any, ...]:
        """The question is gone, and with it the study asked about."""
        return gr.update(visible=False), "", ""

    def discard(self, language: str, asked: str) -> tuple[Any, ...]:
        """Discard the study that was ``asked`` about; what became of it, and no question any more."""
        try:
            title = self._title(asked, language)
            self.context.jobs.discard(asked)
        except Exception as error:
            return (views.problem(explain(error, language)), *self.keep(language))
        return (note(text("studies.discarded", language, title=title), "good", "check"), *self.keep(language))

    def _title(self, name: str, language: str) -> str:
        return self.context.jobs.run(name).plan.title[language]

    def draw(self, language: str, chosen: str | None, seen: str) -> tuple[Any, ...]:
        """What was seen, the chosen study, the choice, the panel and the buttons; nothing when all is as it was
        ``seen``."""
        try:
            runs = self.context.jobs.runs()
            names = [run.name for run in runs]
            chosen = chosen if chosen in names else names[-1] if names else None
            if chosen is None:
                return self._changed(seen, language, views.no_runs(language), None, language, set())
            status = status_of(self.context.jobs, chosen)
            panel, buttons = self._panel(status, language), self._buttons(status)
        except Exception as error:
            return self._changed(seen, str(error), views.problem(explain(error, language)), chosen, language, set())
        return self._changed(seen, "\n".join([chosen, panel, *names]), panel, chosen, language, buttons)

    def _changed(
        self, seen: str, now: str, panel: str, chosen: str | None, language: str, buttons: set[str]
    ) -> tuple[Any, ...]:
        if now == seen:
            return tuple([gr.skip()] * (4 + len(BUTTONS)))
        shown = [gr.update(visible=button in buttons) for button in BUTTONS]
        return (now, chosen, self._choices(chosen, language), panel, *shown)

    def _choices(self, chosen: str | None, language: str) -> Any:
        choices = [(run.plan.title[language], run.name) for run in reversed(self.context.jobs.runs())]
        return gr.update(choices=choices, value=chosen, visible=bool(choices))

    def _panel(self, status: RunStatus, language: str) -> str:
        workers = self.context.workers
        return views.run_panel(
            status,
            self.context.names_ja,
            language,
            crash=workers.problem if workers else None,
            has_worker=workers is not None,
            same_model=status.run.bundle == self._bundle,
        )

    def _buttons(self, status: RunStatus) -> set[str]:
        shown = set(_SHOWN[status.phase])
        if self.context.workers and self.context.workers.gave_up and status.phase in ("waiting", "making"):
            shown.add("resume")
        if status.failures and status.phase != "open":
            shown.add("retry")
        return shown

    def _wake(self) -> None:
        if self.context.workers:
            self.context.workers.wake()
