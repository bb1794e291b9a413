"""One catalogue in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from ui.i18n import LANGUAGES, LiveTexts, catalogue, text


def leaves(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield path + key, str(value)


def fields(words: str) -> set[str]:
    return set(re.findall(r"{(\w+)", words))


def test_both_languages_say_the_same_things() -> None:
    english, japanese = (dict(leaves(catalogue(language))) for language in LANGUAGES)
    assert english.keys() == japanese.keys()
    for key, words in english.items():
        assert bool(words.strip()) == bool(japanese[key].strip()), key
        assert fields(words) == fields(japanese[key]), key


def test_japanese_is_japanese() -> None:
    same = {key for key, words in leaves(catalogue("ja")["create"]) if not re.search(r"[ぁ-んァ-ヶ一-龠]", words)}
    assert same <= {"prompt_placeholder", "prompt_first", "learning_time"}


def test_text_fills_fields_and_refuses_unknown_keys() -> None:
    assert text("create.row_seed", "ja", seed=3) == "シード 3"
    with pytest.raises(KeyError):
        text("create.nowhere")


def test_a_bound_component_gets_its_texts_now_and_on_a_switch() -> None:
    with gr.Blocks():
        live = LiveTexts()
        button = live.bind(gr.Button(), value="create.generate")
        box = live.bind_with(gr.HTML(body="", html_template="${body}"), lambda language: {"body": language})
    assert button.value == "Generate"
    assert box.props["body"] == "en"
    first, second = live.updates("ja")
    assert first["value"] == "画像を作成"
    assert second["body"] == "ja"
