"""The Create tab: choose or add a person, describe a scene, choose methods, watch the pictures arrive.

This file lays the tab out and wires it; what the handlers do is in `ui.create_actions`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import gradio as gr

from facepersona_core.limits import RANGES
from facepersona_core.methods import METHODS
from facepersona_core.types import Request
from ui import create_expression
from ui.board import welcome_html
from ui.create_actions import Actions
from ui.html import hint, step
from ui.i18n import text

if TYPE_CHECKING:
    from ui.context import AppContext

_STRENGTHS = {"hint": 0.4, "light": 0.75, "full": 1.0, "strong": 1.25}
_FIRST_METHODS = ("face2diffusion", "class_word")
_QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

# The chosen person is the component's value; the pressed state of the buttons follows it.
_PEOPLE_SCRIPT = """
const paint = () => element.querySelectorAll(".fp-person").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.name === props.value)));
element.addEventListener("click", (event) => {
    const button = event.target.closest(".fp-person");
    if (!button || button.dataset.name === props.value) return;
    props.value = button.dataset.name;
    paint();
    trigger("change");
});
watch(["value", "body"], () => {
    paint();
    element.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest" });
});
paint();
"""
# The ticked method keys are the component's value, in the order of the cards.
_METHODS_SCRIPT = """
const boxes = () => [...element.querySelectorAll("input[data-method]")];
const paint = () => boxes().forEach((box) => { box.checked = props.value.includes(box.dataset.method); });
element.addEventListener("change", () => {
    props.value = boxes().filter((box) => box.checked).map((box) => box.dataset.method);
});
watch(["value", "body"], paint);
paint();
"""


def build(context: AppContext) -> None:
    """Fill the tab. Call inside its ``gr.Tab``."""
    actions = Actions(context)
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="fp-create"):
        with gr.Column(scale=5, min_width=360, elem_id="fp-controls"):
            _person_card(context, parts)
            _scene_card(context, parts, actions)
            _methods_card(context, parts)
            _settings_card(context, parts, actions)
            with gr.Row(elem_id="fp-actions"):
                parts["generate"] = gr.Button(variant="primary", elem_id="fp-generate", interactive=False)
                parts["stop"] = gr.Button(elem_id="fp-stop", interactive=False)
            context.live.bind(parts["generate"], value="create.generate")
            context.live.bind(parts["stop"], value="create.stop")
        with gr.Column(scale=8, min_width=420, elem_id="fp-results"):
            parts["status"] = gr.HTML(elem_id="fp-status")
            parts["board"] = gr.HTML(value=welcome_html(context.live.first), elem_id="fp-board")
    _wire_person(context, parts, actions)
    _wire_scene(context, parts, actions)
    _wire_run(context, parts, actions)


def _heading(context: AppContext, number: int, key: str) -> None:
    context.live.bind_with(gr.HTML(), lambda language: {"value": step(number, text(key, language))})


def _person_card(context: AppContext, parts: dict[str, Any]) -> None:
    live = context.live
    with gr.Column(elem_classes="fp-card", elem_id="fp-person-card"):
        _heading(context, 1, "create.person")
        with gr.Tabs(elem_id="fp-person-tabs") as tabs:
            parts["person_tabs"] = tabs
            with gr.Tab(id="choose") as choose:
                parts["people"] = gr.HTML(
                    value=None,
                    body="",
                    html_template='<div class="fp-people" role="group">${body}</div>',
                    js_on_load=_PEOPLE_SCRIPT,
                    elem_id="fp-people",
                )
                parts["added"] = gr.HTML(elem_id="fp-added")
                parts["saw"] = gr.HTML(elem_id="fp-saw")
            with gr.Tab(id="add") as add:
                _add_panel(context, parts)
        live.bind(choose, label="create.tab_people")
        live.bind(add, label="create.tab_add")


def _add_panel(context: AppContext, parts: dict[str, Any]) -> None:
    live = context.live
    parts["name"] = gr.Textbox(value="", max_length=60, elem_id="fp-name")
    live.bind(parts["name"], label="create.name", placeholder="create.name_placeholder")
    parts["consent"] = live.bind(gr.Checkbox(elem_id="fp-consent"), label="consent.text")
    parts["photos"] = gr.UploadButton(
        file_count="multiple", type="filepath", interactive=False, size="md", elem_id="fp-photos"
    )
    live.bind(parts["photos"], label="create.photos")
    parts["usable"] = gr.State(None)
    parts["hint"] = gr.HTML(elem_id="fp-upload-hint")
    parts["readings"] = gr.HTML(elem_id="fp-readings")
    parts["save"] = gr.Button(variant="primary", size="md", interactive=False, elem_id="fp-save")
    live.bind(parts["save"], value="create.save")


def _scene_card(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live = context.live
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 2, "create.scene")
        parts["prompt"] = gr.Textbox(
            value=text("create.prompt_first"), lines=2, max_lines=4, max_length=500, elem_id="fp-prompt"
        )
        live.bind(parts["prompt"], label="create.prompt", placeholder="create.prompt_placeholder")
        parts["words"] = gr.HTML(elem_id="fp-words")
        live.bind_with(gr.HTML(elem_id="fp-chips"), lambda language: {"value": actions.chips(language)})
        parts["expression"] = create_expression.build(context)


def _methods_card(context: AppContext, parts: dict[str, Any]) -> None:
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 3, "create.methods")
        context.live.bind_with(gr.HTML(), lambda language: {"value": hint(text("create.methods_label", language))})
        parts["methods"] = gr.HTML(
            value=[key for key in METHODS if key in _FIRST_METHODS],
            body="",
            html_template='<div class="fp-methods" role="group">${body}</div>',
            js_on_load=_METHODS_SCRIPT,
            elem_id="fp-methods",
        )


def _settings_card(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live, defaults = context.live, actions.defaults()
    with gr.Column(elem_classes="fp-card"):
        _heading(context, 4, "create.settings")
        parts["count"] = gr.Slider(1, 8, value=2, step=1, elem_id="fp-count", buttons=[])
        live.bind(parts["count"], label="create.count")
        with gr.Row(elem_id="fp-seed-row"):
            parts["seed"] = gr.Number(value=7, precision=0, minimum=0, maximum=2**32 - 1, elem_id="fp-seed")
            live.bind(parts["seed"], label="create.seed")
            parts["new_seed"] = gr.Button(size="md", elem_id="fp-new-seed")
            live.bind(parts["new_seed"], value="create.new_seed")
        live.bind_with(gr.HTML(), lambda language: {"value": hint(text("create.seed_info", language))})
        with gr.Accordion(open=False, elem_id="fp-advanced") as advanced:
            parts["strength"] = gr.Radio(value=_STRENGTHS["full"], elem_id="fp-strength")
            live.bind(parts["strength"], label="create.strength")
            live.bind_with(parts["strength"], lambda language: {"choices": _strength_choices(language)})
            parts["candidates"] = gr.Slider(
                *RANGES["candidates"], value=defaults["candidates"], step=1, elem_id="fp-candidates", buttons=[]
            )
            live.bind(parts["candidates"], label="create.candidates", info="create.candidates_info")
            parts["steps"] = gr.Slider(4, 60, value=defaults["steps"], step=1, elem_id="fp-steps", buttons=[])
            live.bind(parts["steps"], label="create.steps", info="create.steps_info")
            parts["guidance"] = gr.Slider(
                1, 10, value=defaults["guidance"], step=0.5, elem_id="fp-guidance", buttons=[]
            )
            live.bind(parts["guidance"], label="create.guidance", info="create.guidance_info")
        live.bind(advanced, label="create.advanced")


def _strength_choices(language: str) -> list[tuple[str, float]]:
    return [(text(f"create.strength_{key}", language), value) for key, value in _STRENGTHS.items()]


def _wire_person(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live, people = context.live, parts["people"]
    shown = [people, parts["saw"], parts["methods"]]
    live.on_load(actions.open_page, [people], [*shown, parts["generate"]])
    live.on_change(actions.show_people, [people], shown)
    people.change(actions.show_person, [people, live.language], [parts["saw"], parts["methods"]], **_QUIET)
    form = [parts["name"], parts["consent"]]
    for event in (parts["name"].change, parts["consent"].change):
        event(
            actions.open_gate,
            [*form, parts["usable"], live.language],
            [parts["photos"], parts["hint"], parts["save"]],
            **_QUIET,
        )
    read = [parts[key] for key in ("readings", "hint", "save", "usable")]
    photos = [parts["photos"], *form]
    parts["photos"].upload(actions.read_photos, [live.language, *photos], read, api_visibility="private")
    live.on_load(actions.read_photos, photos, read)
    live.on_change(actions.read_photos, photos, read)
    parts["save"].click(
        actions.add_person,
        [*photos, live.language],
        [*shown, *form, parts["photos"], *read, parts["person_tabs"], parts["added"]],
        api_visibility="private",
    )


def _wire_scene(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live = context.live
    parts["prompt"].change(
        actions.check_words, [live.language, parts["prompt"]], parts["words"], trigger_mode="always_last", **_QUIET
    )
    live.on_load(actions.check_words, [parts["prompt"]], parts["words"])
    live.on_change(actions.check_words, [parts["prompt"]], parts["words"])
    parts["new_seed"].click(lambda: random.randrange(10_000), None, parts["seed"], **_QUIET)


def _wire_run(context: AppContext, parts: dict[str, Any], actions: Actions) -> None:
    live = context.live
    settings = ("count", "seed", "steps", "guidance", "strength", "candidates")
    asked = ("people", "methods", "prompt", "expression", *settings)
    outputs = [parts[key] for key in ("status", "board", "generate", "stop")]

    def generate(
        person: str | None,
        methods: list[str],
        prompt: str,
        expression: str,
        count: float,
        seed: float | None,
        steps: float,
        guidance: float,
        strength: float,
        candidates: float,
        language: str,
        page: gr.Request,
    ) -> Any:
        request = Request(
            prompt=prompt.strip(),
            seed=int(seed or 0),
            count=int(count),
            steps=int(steps),
            guidance=float(guidance),
            strength=float(strength),
            candidates=int(candidates),
            **create_expression.request_fields(expression),
        )
        yield from actions.generate(person, methods, request, language, page.session_hash or "")

    parts["generate"].click(
        generate,
        [*(parts[key] for key in asked), live.language],
        outputs,
        show_progress="hidden",
        concurrency_limit=8,
        api_visibility="private",
    ).then(actions.show_person, [parts["people"], live.language], [parts["saw"], parts["methods"]], **_QUIET)
    parts["generate"].click(lambda: "", None, parts["added"], **_QUIET)
    parts["stop"].click(actions.stop, None, outputs, **_QUIET)
    live.on_change(actions.redraw_run, [], [parts["status"], parts["board"]])
    live.blocks.unload(actions.forget)
