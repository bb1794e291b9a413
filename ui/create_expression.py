"""The expression selector of the Create tab: a name, or the expression of a photo that is read and thrown away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.create_views import expression_name
from ui.html import note
from ui.i18n import text
from ui.messages import explain

if TYPE_CHECKING:
    from facepersona_core.bundle import Bundle
    from ui.context import AppContext


def build(context: AppContext) -> gr.Dropdown:
    """Lay out and wire the selector; returns the component whose value `request_fields` understands."""
    live, bundle = context.live, context.studio.bundle
    chosen = gr.Dropdown(choices=choices(bundle, live.first), value="", elem_id="fp-expression")
    live.bind(chosen, label="create.expression", info="create.expression_info")
    photo = gr.UploadButton(type="filepath", size="md", visible=bundle.reads_expressions, elem_id="fp-expression-photo")
    live.bind(photo, label="create.expression_photo")
    said = gr.HTML(elem_id="fp-expression-said")

    def show(language: str, value: str) -> tuple[Any, str]:
        return gr.update(choices=choices(bundle, language, value)), _said(value, language)

    def take(language: str, path: str) -> tuple[Any, Any, Any]:
        """The expression of the uploaded photo becomes a choice and is chosen; the photo is deleted at once."""
        try:
            value = json.dumps(context.studio.read_expression(Path(path).name, Path(path).read_bytes()))
        except Exception as error:
            return gr.skip(), note(explain(error, language), "poor", "warning"), None
        finally:
            Path(path).unlink(missing_ok=True)
        return gr.update(choices=choices(bundle, language, value), value=value), _said(value, language), None

    photo.upload(take, [live.language, photo], [chosen, said, photo], api_visibility="private")
    chosen.input(show, [live.language, chosen], [chosen, said], queue=False, api_visibility="private")
    live.on_change(show, [chosen], [chosen, said])
    return chosen


def choices(bundle: Bundle, language: str, chosen: str = "") -> list[tuple[str, str]]:
    """As the text says, as in a photo while ``chosen`` holds coefficients, then the names that the bundle offers."""
    photo = [(text("create.expression_of_photo", language), chosen)] if _is_read(chosen) else []
    names = [(expression_name(name, language), name) for name in bundle.expressions]
    return [(text("create.expression_text", language), ""), *photo, *names]


def request_fields(chosen: str) -> dict[str, Any]:
    """The selector's value as fields of a `Request`: a name, coefficients read from a photo, or neither."""
    return {"expression_vector": tuple(json.loads(chosen))} if _is_read(chosen) else {"expression": chosen or None}


def _is_read(chosen: str) -> bool:
    """Coefficients stand in the selector as a JSON list."""
    return chosen.startswith("[")


def _said(chosen: str, language: str) -> str:
    return note(text("create.expression_read", language), "good", "check") if _is_read(chosen) else ""
