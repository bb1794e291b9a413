"""The Studies tab: plan who and what is compared, see what it costs and will tell, and let it be made.

This file lays the tab out and wires it; what the handlers do is in `ui.studies_actions`.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import gradio as gr

from facepersona_core.study.suites import suites
from ui import studies_views as views
from ui.html import hint, step
from ui.i18n import text
from ui.rate import study_choices
from ui.studies_actions import BUTTONS, Actions

if TYPE_CHECKING:
    from ui.context import AppContext

REFRESH_SECONDS = 2.0
FIELDS = (
    "name",
    "title_en",
    "title_ja",
    "people",
    "prompts",
    "methods",
    "seeds",
    "raters",
    "overlap",
    "gold_every",
    "repeat_every",
)
"""In the order of `ui.studies_form.Form`."""
_QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

# The chosen names or keys are the component's value; buttons show it as pressed, boxes as ticked.
_PEOPLE_SCRIPT = """
const buttons = () => [...element.querySelectorAll(".fp-person")];
const paint = () => buttons().forEach((button) =>
    button.setAttribute("aria-pressed", String((props.value ?? []).includes(button.dataset.name))));
element.addEventListener("click", (event) => {
    const button = event.target.closest(".fp-person");
    if (!button) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    props.value = buttons().filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.name);
    trigger("change");
});
watch(["value", "body"], paint);
paint();
"""
_METHODS_SCRIPT = """
const boxes = () => [...element.querySelectorAll("input[data-method]")];
const paint = () => boxes().forEach((box) => { box.checked = (props.value ?? []).includes(box.dataset.method); });
element.addEventListener("change", (event) => {
    event.stopPropagation();
    props.value = boxes().filter((box) => box.checked).map((box) => box.dataset.method);
    trigger("change");
});
watch(["value", "body"], paint);
paint();
"""


def build(context: AppContext) -> dict[str, Any]:
    """Fill the tab; returns its parts by name, for `link_to_rating`. Call inside its ``gr.Tab``."""
    actions = Actions(context)
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="fp-studies"):
        with gr.Column(scale=5, min_width=360, elem_classes="fp-study-form"):
            _people_card(context, parts)
            _prompts_card(context, parts)
            _methods_card(context, parts)
            _raters_card(context, parts)
            with gr.Row(elem_id="fp-study-actions"):
                parts["start"] = gr.Button(variant="primary", interactive=False, elem_id="fp-study-start")
            context.live.bind(parts["start"], value="studies.start")
        with gr.Column(scale=8, min_width=420, elem_classes="fp-study-side"):
            parts["message"] = gr.HTML(elem_id="fp-study-message")
            _runs_card(context, parts)
            parts["preview"] = gr.HTML(elem_id="fp-study-preview")
    for key, value in zip(FIELDS, astuple(actions.first_form()), strict=True):
        parts[key].value = value
    _wire_form(context, parts, actions)
    _wire_runs(context, parts, actions)
    _wire_discard(context, parts, actions)
    return parts


def link_to_rating(context: AppContext, parts: dict[str, Any], tabs: Any, studies: Any) -> None:
    """Let the button of a study that can be rated open the Rate tab with that study in the dropdown ``studies``."""

    def go(language: str, chosen: str | None) -> tuple[Any, Any]:
        return gr.update(selected="rate"), gr.update(choices=study_choices(context, language), value=chosen)

    parts["rate"].click(go, [context.live.language, parts["chosen"]], [tabs, studies], **_QUIET)


def _heading(context: AppContext, number: int, key: str) -> None:
    context.live.bind_with(gr.HTML(), lambda language: {"value": step(number, text(key, language))})


def _hint(context: AppContext, key: str) -> None:
    context.live.bind_with(gr.HTML(), lambda language: {"value": hint(text(key, language))})


def _chooser(kind: str, script: str, name: str) -> Any:
    template = f'<div class="fp-{kind}" role="group">${{body}}</div>'
    return gr.HTML(value=[], body="", html_template=template, js_on_load=script, elem_id=name)


def _people_card(context: AppContext, parts: dict[str, Any]) -> None:
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 1, "studies.people")
        _hint(context, "studies.people_hint")
        parts["people"] = _chooser("people", _PEOPLE_SCRIPT, "fp-study-people")


def _prompts_card(context: AppContext, parts: dict[str, Any]) -> None:
    live = context.live
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 2, "studies.prompts")
        parts["suite"] = gr.Dropdown(choices=[], value=None, elem_id="fp-study-suite")
        live.bind(parts["suite"], label="studies.suite", info="studies.suite_hint")
        live.bind_with(
            parts["suite"],
            lambda language: {"choices": [(suite.titles[language], key) for key, suite in suites().items()]},
        )
        parts["prompts"] = gr.Textbox(lines=6, max_lines=14, max_length=20_000, elem_id="fp-study-prompts")
        live.bind(parts["prompts"], label="studies.lines", info="studies.lines_hint")


def _methods_card(context: AppContext, parts: dict[str, Any]) -> None:
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 3, "studies.methods")
        parts["methods"] = _chooser("methods", _METHODS_SCRIPT, "fp-study-methods")


def _raters_card(context: AppContext, parts: dict[str, Any]) -> None:
    live = context.live
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 4, "studies.raters_title")
        _numbers(context, parts, ("raters", "overlap"), least=1)
        for key in ("title_en", "title_ja"):
            parts[key] = live.bind(gr.Textbox(max_length=100, elem_id=f"fp-study-{key}"), label=f"studies.{key}")
        with gr.Accordion(open=False, elem_id="fp-study-more") as more:
            parts["name"] = gr.Textbox(max_length=60, elem_id="fp-study-name")
            live.bind(parts["name"], label="studies.name", info="studies.name_hint")
            parts["seeds"] = gr.Textbox(max_length=200, elem_id="fp-study-seeds")
            live.bind(parts["seeds"], label="studies.seeds", info="studies.seeds_hint")
            _numbers(context, parts, ("gold_every", "repeat_every"), least=0)
            parts["upload"] = gr.UploadButton(file_types=[".toml"], type="filepath", size="md", elem_id="fp-study-file")
            live.bind(parts["upload"], label="studies.upload")
            parts["loaded"] = gr.HTML()
        live.bind(more, label="studies.more")


def _numbers(context: AppContext, parts: dict[str, Any], keys: tuple[str, str], least: int) -> None:
    """Two whole numbers side by side."""
    with gr.Row(elem_classes="fp-study-numbers"):
        for key in keys:
            parts[key] = gr.Number(precision=0, minimum=least, min_width=140, elem_id=f"fp-study-{key}")
            context.live.bind(parts[key], label=f"studies.{key}", info=f"studies.{key}_hint")


def _runs_card(context: AppContext, parts: dict[str, Any]) -> None:
    live = context.live
    with gr.Column(elem_classes="fp-card", elem_id="fp-study-runs"):
        parts["runs"] = live.bind(gr.Dropdown(choices=[], visible=False, elem_id="fp-study-run"), label="studies.run")
        parts["panel"] = gr.HTML(views.loading(live.first), elem_id="fp-study-panel")
        with gr.Row(elem_classes="fp-study-buttons"):
            for key in BUTTONS:
                look = {"variant": "primary"} if key in ("rate", "resume") else {}
                parts[key] = gr.Button(visible=False, size="md", elem_id=f"fp-study-{key}", **look)
                live.bind(parts[key], value=f"studies.button.{key}")
        with gr.Column(visible=False, elem_id="fp-study-sure") as parts["sure"]:
            parts["question"] = gr.HTML()
            with gr.Row(elem_classes="fp-study-buttons"):
                for key, look in (("discard_yes", "stop"), ("discard_no", "secondary")):
                    parts[key] = gr.Button(size="md", variant=look, elem_id=f"fp-study-{key}")
                    live.bind(parts[key], value=f"studies.button.{key}")
        # The dropdown itself is no input of what runs by the clock: it refuses a study that is gone from its choices.
        parts["seen"], parts["chosen"], parts["asked"] = gr.State(""), gr.State(None), gr.State("")


def _wire_form(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live, fields = context.live, [parts[key] for key in FIELDS]
    shown = [parts["preview"], parts["start"]]
    live.on_load(actions.fill, [], [*fields, *shown])
    live.on_change(actions.preview, fields, shown)
    live.on_change(actions.translate, [parts["people"], parts["methods"]], [parts["people"], parts["methods"]])
    changes = [field.change for field in fields]
    gr.on(changes, actions.preview, [live.language, *fields], shown, trigger_mode="always_last", **_QUIET)
    parts["suite"].input(actions.take_suite, parts["suite"], parts["prompts"], **_QUIET)
    parts["upload"].upload(
        actions.take_file,
        [parts["upload"], live.language],
        [*fields, parts["loaded"]],
        show_progress="hidden",
        api_visibility="private",
    )


def _wire_runs(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live, fields = context.live, [parts[key] for key in FIELDS]
    watched, drawn = _drawn(parts)
    live.on_load(actions.draw, watched, drawn)
    live.on_change(actions.draw, watched, drawn)
    live.on_change(lambda language: "", [], parts["message"])
    gr.Timer(REFRESH_SECONDS).tick(actions.draw, [live.language, *watched], drawn, **_QUIET)
    parts["runs"].input(actions.draw, [live.language, parts["runs"], parts["seen"]], drawn, **_QUIET)
    started = [parts["message"], parts["seen"], parts["chosen"], parts["runs"]]
    parts["start"].click(actions.start, [live.language, *fields], started, **_QUIET).then(
        actions.draw, [live.language, *watched], drawn, **_QUIET
    )
    for key in ("pause", "resume", "retry", "open"):
        parts[key].click(actions.act(key), [live.language, parts["chosen"]], parts["message"], **_QUIET).then(
            actions.draw, [live.language, *watched], drawn, **_QUIET
        )


def _wire_discard(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    """Ask before a study is discarded; what is asked about stays the same whatever is chosen meanwhile."""
    live = context.live
    watched, drawn = _drawn(parts)
    question = [parts["sure"], parts["question"], parts["asked"]]
    asked = [parts["message"], *question]
    parts["discard"].click(actions.ask_discard, [live.language, parts["chosen"]], asked, **_QUIET)
    parts["discard_yes"].click(actions.discard, [live.language, parts["asked"]], asked, **_QUIET).then(
        actions.draw, [live.language, *watched], drawn, **_QUIET
    )
    gr.on([parts["discard_no"].click, parts["runs"].input], actions.keep, live.language, question, **_QUIET)
    live.on_change(actions.keep, [], question)


def _drawn(parts: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs of `Actions.draw`, but for the language."""
    watched = [parts["chosen"], parts["seen"]]
    return watched, [*(parts[key] for key in ("seen", "chosen", "runs", "panel", *BUTTONS))]
