"""The Rate tab: the way in for raters. The pairs themselves are on a page of their own, see `ui.rater_page`."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from facepersona_core.errors import FacePersonaError
from facepersona_core.study.preview import SECONDS_A_PAIR
from ui.i18n import text
from ui.rater_page import link

if TYPE_CHECKING:
    from storage.records import StudyRecord
    from ui.context import AppContext

NAME_LIMIT = 60
OPEN = "(url) => { if (url) window.location.assign(url); }"
ABSOLUTE = "(url) => (url ? new URL(url, window.location.href).href : '')"
_QUIET: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None}


def build(context: AppContext) -> Any:
    """Fill the tab: choose a study and a name, then go to the rating page, or make a link for somebody else.

    Returns the dropdown of studies."""
    import gradio as gr

    live = context.live
    first = next(iter(context.studies.list()), None)
    with gr.Row(elem_id="fp-rate"):
        with gr.Column(scale=3, elem_classes="fp-card"):
            live.bind_with(gr.HTML(), lambda language: {"value": _lead(language)})
            study = gr.Dropdown(
                study_choices(context, live.first), value=first.name if first else None, elem_id="fp-rate-study"
            )
            live.bind(study, label="rate.study")
            live.bind_with(study, lambda language: {"choices": study_choices(context, language)})
            facts = gr.Markdown(elem_classes="fp-hint")
            live.bind_with(facts, lambda language: {"value": _facts(context, first, language)})
            name = gr.Textbox(max_length=NAME_LIMIT, elem_id="fp-rate-name")
            live.bind(name, label="rate.name", info="rate.name_hint")
            with gr.Row():
                start = live.bind(gr.Button(variant="primary", elem_id="fp-rate-start"), value="rate.start")
                invite = live.bind(gr.Button(elem_id="fp-rate-invite"), value="rate.invite")
            message = gr.Markdown(elem_id="fp-rate-message", visible=False)
            invitation = gr.Textbox(
                buttons=["copy"], interactive=False, visible=False, show_label=False, elem_id="fp-rate-link"
            )
            target = gr.Textbox(visible="hidden")
        with gr.Column(scale=2, elem_classes="fp-card"):
            live.bind_with(gr.HTML(), lambda language: {"value": _keys(language)})

    def enter(chosen: str | None, who: str, language: str) -> tuple[str, Any]:
        return _join(context, chosen, who, language), _said("rate.opening", who, language)

    def give_link(chosen: str | None, who: str, language: str) -> tuple[Any, Any]:
        found = gr.Textbox(_join(context, chosen, who, language), visible=True)
        return found, _said("rate.invite_ready", who, language)

    asked = [study, name, live.language]
    gr.on([start.click, name.submit], enter, asked, [target, message], queue=False, **_QUIET).success(
        None, target, None, js=OPEN
    )
    invite.click(give_link, asked, [invitation, message], queue=False, **_QUIET).success(
        None, invitation, invitation, js=ABSOLUTE
    )
    study.change(
        lambda chosen, language: _facts(context, _found(context, chosen), language),
        [study, live.language],
        facts,
        queue=False,
        **_QUIET,
    )
    live.on_change(lambda language, chosen: _facts(context, _found(context, chosen), language), [study], facts)
    refresh_choices(context, study)
    return study


def refresh_choices(context: AppContext, study: Any) -> None:
    """Let the dropdown ``study`` offer what there is whenever it is opened."""
    study.focus(partial(_offered, context), [context.live.language, study], study, queue=False, **_QUIET)


def _offered(context: AppContext, language: str, chosen: str | None) -> Any:
    """What there is; a study that was discarded is chosen no longer."""
    import gradio as gr

    choices = study_choices(context, language)
    names = [name for _, name in choices]
    return gr.Dropdown(choices=choices, value=chosen if chosen in names else next(iter(names), None))


def _said(key: str, name: str, language: str) -> Any:
    import gradio as gr

    return gr.Markdown(text(key, language, name=escape(name.strip())), visible=True)


def study_choices(context: AppContext, language: str) -> list[tuple[str, str]]:
    """(title, name) of every study, for a dropdown."""
    return [(study.plan.title[language], study.name) for study in context.studies.list()]


def _found(context: AppContext, name: str | None) -> StudyRecord | None:
    """None where nothing is chosen, or what was chosen has been discarded since."""
    return next((study for study in context.studies.list() if study.name == name), None)


def _join(context: AppContext, study: str | None, name: str, language: str) -> str:
    """The rater's link, from the root of the site without the first slash, so that a path prefix before it holds."""
    import gradio as gr

    if not study:
        raise gr.Error(text("rate.no_study", language), print_exception=False)
    if not name.strip():
        raise gr.Error(text("rate.need_name", language), print_exception=False)
    try:
        rater = context.ratings.join(context.studies.get(study).id, name.strip()[:NAME_LIMIT], language)
    except FacePersonaError as error:
        raise gr.Error(error.text(language), print_exception=False) from error
    return link(rater.token).removeprefix("/")


def _facts(context: AppContext, study: StudyRecord | None, language: str) -> str:
    if study is None:
        return text("rate.no_study", language)
    plan = study.plan
    pairs = context.studies.pairs_for_people(study.id)
    each = pairs * plan.overlap / plan.raters
    minutes = max(1, round(each * SECONDS_A_PAIR / 60))
    counts = {"pairs": pairs, "methods": len(plan.methods), "people": len(plan.people), "prompts": len(plan.prompts)}
    return text("rate.facts", language, minutes=minutes, **counts)


def _lead(language: str) -> str:
    title, lead = (text(f"rate.{key}", language) for key in ("title", "lead"))
    return f'<h3 class="fp-title">{title}</h3><p class="fp-lead">{lead}</p>'


def _keys(language: str) -> str:
    """The keys of the rating page, as a rater sees them before the first pair."""
    rows = (("1 2 3", "keys_identity"), ("4 5 6", "keys_text"), ("7 8 · 9 0", "keys_ok"), ("↵ Z S F ?", "keys_other"))
    cells = "".join(
        "<tr><td>" + "".join("·" if key == "·" else f"<kbd>{key}</kbd>" for key in keys.split()) + "</td>"
        f"<td>{text(f'rate.{label}', language)}</td></tr>"
        for keys, label in rows
    )
    return f'<h3 class="fp-title">{text("rate.keys_title", language)}</h3><table class="fp-keys">{cells}</table>'
