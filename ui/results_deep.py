"""Results in depth: people, machine and both, and what the result hangs on; computed when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ui import results_data, results_deep_figures, results_deep_views
from ui.messages import explain
from ui.results_deep_views import DeepView

if TYPE_CHECKING:
    from ui.context import AppContext
    from ui.results_data import Votes

PARTS = 10
"""How many parts show the analysis."""
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class Parts:
    """The section on one page."""

    button: Any
    progress: Any
    """Says that the analysis is under way, or what went wrong."""
    shown: list[Any]
    """What `draw` fills."""


def build(context: AppContext) -> Parts:
    """The section. Call inside the column that shows once there are votes."""
    import gradio as gr

    live = context.live
    with gr.Column(elem_classes="fp-card", elem_id="fp-deep"):
        with gr.Row(elem_id="fp-deep-head"):
            live.bind_with(gr.HTML(), lambda language: {"value": results_deep_views.head(language)})
            button = live.bind(gr.Button(scale=0, min_width=220, elem_id="fp-deep-run"), value="results.deep.run")
        progress = gr.HTML(elem_id="fp-deep-progress")
        note = gr.HTML(elem_id="fp-deep-note")
    with gr.Column(visible=False, elem_id="fp-deep-body") as body:
        shown = [note, body]
        for key in ("hybrid", "sensitivity"):
            shown.append(gr.HTML(elem_id=f"fp-{key}-words"))
            with gr.Row(elem_classes="fp-plots"):
                for axis in results_deep_views.AXES:
                    looks = {"elem_classes": "fp-card fp-plot", "elem_id": f"fp-{key}-{axis}"}
                    shown.append(gr.Plot(show_label=False, container=False, **looks))
            shown.append(gr.HTML(elem_id=f"fp-{key}-tables"))
    return Parts(button, progress, shown)


def wire(context: AppContext, parts: Parts, study: Any) -> Any:
    """Let the button analyse the chosen ``study``; returns the event after which `draw` has something new to show."""
    live, said = context.live, [parts.progress, parts.button]
    study.change(_said_again, [live.language, parts.progress], parts.progress, queue=False, **_QUIET)
    live.on_change(_said_again, [parts.progress], parts.progress)
    begun = parts.button.click(_begin, live.language, said, queue=False, **_QUIET)
    # queued, and one at a time: the page's other events do not wait for it
    return begun.then(partial(_run, context), [live.language, study], said, concurrency_limit=1, **_QUIET)


def state(votes: Votes, language: str) -> str:
    """Changes when `draw` has something else to show."""
    found = results_data.newest_deep(votes.study)
    of = f"{found.fingerprint}/{found.fingerprint == votes.fingerprint}" if found else "none"
    return f"{votes.study.name}/{of}/{language}"


def draw(votes: Votes, language: str) -> list[Any]:
    """An update of every part, from what was analysed before; nothing is computed here."""
    import gradio as gr

    found = results_data.newest_deep(votes.study)
    if found is None:
        idle = results_deep_views.state_note("idle", 0, language)
        return [idle, gr.Column(visible=False), *[gr.skip()] * (PARTS - 2)]
    view = DeepView(votes.study, found.analysis, language)
    when = "done" if found.fingerprint == votes.fingerprint else "stale"
    return [
        results_deep_views.state_note(when, found.analysis.comparisons, language),
        gr.Column(visible=True),
        results_deep_views.hybrid_words(view),
        *(gr.Plot(results_deep_figures.hybrid(view, axis)) for axis in results_deep_views.AXES),
        results_deep_views.hybrid_tables(view),
        results_deep_views.sensitivity_words(view),
        *(gr.Plot(results_deep_figures.sensitivity(view, axis)) for axis in results_deep_views.AXES),
        results_deep_views.sensitivity_tables(view),
    ]


def _begin(language: str) -> tuple[str, Any]:
    import gradio as gr

    return results_deep_views.working(language), gr.Button(interactive=False)


def _run(context: AppContext, language: str, chosen: str | None) -> tuple[str, Any]:
    import gradio as gr

    try:
        results_data.deep(context, results_data.votes_of(context, chosen or ""))
    except Exception as error:
        return results_deep_views.problem(explain(error, language)), gr.Button(interactive=True)
    return "", gr.Button(interactive=True)


def _said_again(language: str, shown: str) -> str:
    """That it works, in the language of the page; what went wrong with another study or language goes."""
    return results_deep_views.working(language) if results_deep_views.WORKING in (shown or "") else ""
