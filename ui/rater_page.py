"""The page a rater works on: its own lean Gradio Blocks at ``/rate/``, apart from the app that knows the methods.

A page of the main app carries every tab's configuration, method names included, so raters never load it. Here the
browser gets the texts, three pictures under random names, and nothing else. Votes travel through `gr.HTML`'s server
functions: one plain POST to a worker thread, no queue and no re-rendering, so a pair costs one short round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from facepersona_core.errors import FacePersonaError, NotAssigned, VoteInvalid
from ui import practice
from ui.i18n import LANGUAGES, catalogue

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from storage.records import Assignment, Rater, Vote
    from ui.context import AppContext

PATH = "/rate"
SCRIPTS = ("1_view.js", "2_sheets.js", "3_zoom.js", "4_practice.js", "5_flow.js")
TAGS = ("distorted", "wrong_person", "text_ignored", "unnatural")
"""What a rater may give as deciding; the page shows them under ``rate.tags``."""
PAGE_CSS = "main.fillable.app { padding: 0 !important; } footer { display: none !important; }"
UPCOMING = 2
"""How many pairs after the open one the page loads beforehand."""

Payload = Mapping[str, Any]
ServerFunction = Callable[[dict[str, Any]], dict[str, Any]]


def link(token: str) -> str:
    """The rater's page, relative to the root of the site."""
    return f"{PATH}/?rater={token}"


def server_functions(context: AppContext) -> dict[str, ServerFunction]:
    """What the page may ask: ``open``, ``practised``, ``vote``, ``skip``, ``undo``; each answers with the whole state.

    Every payload carries the rater's token; the store refuses an assignment that is not this rater's or not open,
    because these functions accept raw posts from anybody.
    """
    ratings = context.ratings
    titles: dict[str, dict[str, str]] = {}

    def title(rater: Rater) -> dict[str, str]:
        if rater.token not in titles:  # read once; the id of a discarded study is given again, a token is not
            found = (study.plan.title for study in context.studies.list() if study.id == rater.study_id)
            titles[rater.token] = next(found)
        return titles[rater.token]

    def answering(name: str, act: Callable[[Rater, Payload], object]) -> ServerFunction:
        def run(payload: dict[str, Any]) -> dict[str, Any]:
            token = str(payload.get("token", ""))
            if (rater := ratings.rater(token)) is None:
                return {"problem": "unknown_rater"}
            problem: dict[str, Any] = {}
            try:
                act(rater, payload)
            except FacePersonaError as error:
                problem = {"problem": error.code, "text": error.text(str(payload.get("language", "en")))}
            if rater.practice is None:  # until now
                rater = ratings.rater(token) or rater
            return {**_state(context, rater, title(rater)), **problem}

        run.__name__ = name  # gr.HTML gives the page each function under its name
        return run

    acts: dict[str, Callable[[Rater, Payload], object]] = {
        "open": lambda rater, payload: None,
        "practised": lambda rater, payload: ratings.practised(rater.id, *_practice(payload)),
        "vote": lambda rater, payload: ratings.vote(rater.id, _assignment(payload), _vote(payload)),
        "skip": lambda rater, payload: ratings.skip(rater.id, _assignment(payload), str(payload.get("reason", ""))),
        "undo": lambda rater, payload: ratings.undo(rater.id),
    }
    return {name: answering(name, act) for name, act in acts.items()}


def _assignment(payload: Payload) -> int:
    try:
        return int(payload["assignment"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotAssigned(assignment=payload.get("assignment")) from error


def _practice(payload: Payload) -> tuple[int, int]:
    """(right, asked) of a raw payload; (0, 0) when the rater left the practice out. Raises VoteInvalid."""
    right, asked = payload.get("right"), payload.get("asked")
    if type(right) is not int or asked not in (0, practice.ANSWERS) or not 0 <= right <= asked:
        raise VoteInvalid(name="practice", seen=f"{right}/{asked}", expected=f"0-{practice.ANSWERS}")
    return right, asked


def _vote(payload: Payload) -> Vote:
    """The vote of a raw payload. Raises VoteInvalid."""
    from storage.records import Vote

    seconds, tags = payload.get("seconds"), payload.get("tags", [])
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise VoteInvalid(name="seconds", seen=seconds, expected=">= 0")
    if not isinstance(tags, list) or any(tag not in TAGS for tag in tags):
        raise VoteInvalid(name="tags", seen=tags, expected=", ".join(TAGS))
    return Vote(
        identity=payload.get("identity"),  # type: ignore[arg-type]  # Vote checks the words itself
        text=payload.get("text"),  # type: ignore[arg-type]
        left_acceptable=payload.get("left_ok"),  # type: ignore[arg-type]
        right_acceptable=payload.get("right_ok"),  # type: ignore[arg-type]
        seconds=float(seconds),
        tags=tuple(tags),
    )


def _state(context: AppContext, rater: Rater, title: dict[str, str]) -> dict[str, Any]:
    """All that the page knows: progress and the open pair, its pictures under names made for this rater alone."""
    done, total = context.ratings.progress(rater.id)
    return {
        "rater": rater.name,
        "practised": rater.practice is not None or done > 0,
        "closed": context.ratings.window(rater.study_id).closed(datetime.now(UTC)),
        "language": rater.language,
        "study": title,
        "done": done,
        "total": total,
        "can_undo": done > 0,
        "assignment": _shown(context.ratings.next(rater.id)),
        "upcoming": context.ratings.upcoming(rater.id, UPCOMING),
    }


def _shown(assignment: Assignment | None) -> dict[str, Any] | None:
    if assignment is None:
        return None
    pictures = {
        "reference": assignment.reference_key,
        "left": assignment.left_key,
        "right": assignment.right_key,
    }
    return {"id": assignment.id, "prompt": assignment.prompt, "pictures": pictures}


def build_page(context: AppContext) -> gr.Blocks:
    """The rater's page: one `gr.HTML` whose script draws the pair and talks to `server_functions`."""
    import gradio as gr

    with gr.Blocks(title="FacePersona", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            html_template='<div class="rate" data-rate></div>',
            css_template=_asset("rate.css"),
            js_on_load="\n".join(_asset(name) for name in SCRIPTS),
            server_functions=list(server_functions(context).values()),
            apply_default_css=False,
            practice=practice.pairs_for_page(),
            texts={language: catalogue(language)["rate"] for language in LANGUAGES},
        )
    return page


def mount(app: FastAPI, context: AppContext, **look: Any) -> None:
    """Add the rater's page and its pictures to ``app``; call it before the main app is mounted at the root.

    ``look`` goes to `gradio.mount_gradio_app` (theme, favicon_path ...).
    """
    import gradio as gr
    from fastapi.responses import RedirectResponse, Response

    def with_slash(request: Request) -> Response:
        return RedirectResponse(f"{PATH}/" + (f"?{request.url.query}" if request.url.query else ""))

    def picture(request: Request) -> Response:
        try:
            path = context.ratings.rater_file(request.path_params["token"], request.path_params["name"])
        except NotAssigned:
            return Response(status_code=404)
        # The name is random and its bytes never change: the browser may keep what was loaded beforehand.
        headers = {"cache-control": "private, max-age=86400, immutable"}
        return Response(path.read_bytes(), media_type="image/png", headers=headers)

    def practice_picture(request: Request) -> Response:
        found = practice.picture(request.path_params["name"])
        return Response(found, media_type="image/webp") if found else Response(status_code=404)

    app.add_route(PATH + "/practice/{name}", practice_picture, include_in_schema=False)
    app.add_route(PATH, with_slash, include_in_schema=False)
    app.add_route(PATH + "/picture/{token}/{name}", picture, include_in_schema=False)
    gr.mount_gradio_app(
        app, build_page(context), path=PATH, css=PAGE_CSS, footer_links=[], run_history=False, ssr_mode=False, **look
    )


def _asset(name: str) -> str:
    return files("ui").joinpath(f"assets/rate/{name}").read_text("utf-8")
