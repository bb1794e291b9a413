"""The placeholder and its rules."""

from __future__ import annotations

import doctest

import pytest

from facepersona_core import prompt as module
from facepersona_core import world
from facepersona_core.errors import PromptInvalid
from facepersona_core.prompt import check_prompt, unknown_words, with_words


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(world).failed == 0


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("", "empty"),
        (" \t ", "empty"),
        ("a photo of a person", "missing"),
        ("a photo of s* at the beach", "missing"),
        ("S* and S*", "several"),
        ("a photo of S*\nat the beach", "multiline"),
        ("a photo of S*\u2028at the beach", "multiline"),
    ],
)
def test_refusals(prompt: str, problem: str) -> None:
    with pytest.raises(PromptInvalid) as caught:
        check_prompt(prompt)
    assert caught.value.fields["problem"] == problem
    assert all(caught.value.text(language) for language in ("en", "ja"))


def test_a_good_prompt_keeps_its_words() -> None:
    assert check_prompt("  a  photo of S*'s smile ") == "a  photo of S*'s smile"


def test_with_words_checks_too() -> None:
    assert with_words("S* laughing", "a person") == "a person laughing"
    with pytest.raises(PromptInvalid):
        with_words("laughing", "a person")


def test_unknown_words_are_told_once_in_order() -> None:
    known = {"a", "photo", "of", "t", "shirt", "in"}
    assert unknown_words("A photo of S* in a T-shirt, Zebra zebra 山", known) == ["zebra", "山"]
    assert unknown_words("a photo of S*'s shirt", known) == []
