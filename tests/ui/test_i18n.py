"""One catalogue in two languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from ui.i18n import LANGUAGES, LiveTexts, catalogue, text

UI = Path(__file__).parents[2] / "ui"
TABLES = ("rate.", "results.deep.")
"""What the rating page and the deep analysis put before the keys that they name."""
ELSEWHERE = (
    *(f"create.{group}_" for group in ("about", "axis", "commercial", "expression", "name")),
    *(f"rate.{group}." for group in ("practice", "skip", "stop")),
    *(f"results.{group}." for group in ("deep.plot", "stop")),
    *(f"studies.{group}." for group in ("bar", "need")),
)
"""Beginnings of keys that go on with a word from another file: a card, a plan, a state."""


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


def named(path: Path) -> re.Pattern[str]:
    """Matches the keys that a file names: its strings, each computed part being another of them or a digit."""
    code = path.read_text("utf-8")
    strings = set(re.findall(r"""(?=["'`]([\w.]*(?:\$?\{[^{}]*\}[\w.]*)*)["'`])""", code))
    plain = sorted(one for one in strings if "{" not in one)
    computed = f"(?:{'|'.join(map(re.escape, plain))}|\\d)"
    parts = [re.split(r"\$?\{[^{}]*\}", one) for one in strings - set(plain)]
    return re.compile("|".join([*map(re.escape, plain), *(computed.join(map(re.escape, p)) for p in parts if any(p))]))


def test_every_text_of_the_screens_is_used() -> None:
    files = [named(path) for kind in ("*.py", "*.js") for path in UI.rglob(kind)]
    keys = [key for key, _ in leaves(tomllib.loads((UI / "strings" / "en.toml").read_text("utf-8")))]
    asked = {key: {key.removeprefix(table) for table in ("", *TABLES)} for key in keys if not key.startswith(ELSEWHERE)}
    assert [
        key for key, names in asked.items() if not any(file.fullmatch(name) for file in files for name in names)
    ] == []


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
