"""The expression selector: what it offers, and what its value asks for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.types import Request
from ui import create_expression
from ui.i18n import LiveTexts, text


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return open_bundle(tiny_bundle)


def without_encoder(bundle: Bundle, folder: Path) -> Bundle:
    for part in bundle.path.iterdir():
        if part.name != "expression_encoder":
            (folder / part.name).symlink_to(part)
    return Bundle(folder)


def upload_of(bundle: Bundle) -> Any:
    """The upload of a page that is built over ``bundle``."""
    with gr.Blocks() as page:
        live = LiveTexts(language=gr.Radio(["en", "ja"], value="en"), blocks=page)
        context: Any = SimpleNamespace(live=live, studio=SimpleNamespace(bundle=bundle))
        create_expression.build(context)
    (upload,) = (block for block in page.blocks.values() if isinstance(block, gr.UploadButton))
    return upload


def test_the_upload_shows_only_where_a_photo_can_be_read(bundle: Bundle, tmp_path: Path) -> None:
    assert upload_of(bundle).visible
    assert not upload_of(without_encoder(bundle, tmp_path)).visible


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_expression_of_a_photo_is_a_choice_while_it_is_chosen(bundle: Bundle, language: str) -> None:
    names = ["", *bundle.expressions]
    assert [value for _, value in create_expression.choices(bundle, language, "smile")] == names
    offered = create_expression.choices(bundle, language, "[0.5, 0.0]")
    assert [value for _, value in offered] == ["", "[0.5, 0.0]", *bundle.expressions]
    assert offered[1][0] == text("create.expression_of_photo", language)


def test_a_name_and_a_photo_are_never_asked_for_together() -> None:
    def asked(chosen: str) -> tuple[object, object]:
        request = Request("a photo of S*", **create_expression.request_fields(chosen))
        return request.expression, request.expression_vector

    assert asked("") == (None, None)
    assert asked("smile") == ("smile", None)
    assert asked("[0.5, 0.0]") == (None, (0.5, 0.0))
