"""The forty prompts say what they want in words of the world, and a file of one's own is checked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from facepersona_core.bundle import open_bundle
from facepersona_core.errors import EvaluationInvalid
from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.prompts import load_prompts, prompts_digest
from facepersona_core.messages import LANGUAGES
from facepersona_core.prompt import unknown_words
from facepersona_core.settings import Settings
from facepersona_core.world import named_attributes, world
from training.synthetic.dataset import HELD_OUT_CLOTHES_COLOUR, HELD_OUT_SCENE_EXPRESSION

HEADS = {name: list(world()[name]) for name in ("scene", "clothes", "expression", "pose")}
SMILE = '[[prompts]]\naxis = "a"\ntext = "S* smiling"\nwanted = { expression = "smile" }\nplain = "a photo of S*"\n'


def test_there_are_eight_prompts_on_each_of_five_axes_and_they_want_what_they_say() -> None:
    bundle = Settings.from_environment({}).bundle
    prompts = load_prompts(None, Judges(bundle).heads)
    assert Counter(prompt.axis for prompt in prompts) == dict.fromkeys(
        ("context", "clothing", "pose", "expression", "light"), 8
    )
    assert len({prompt.text for prompt in prompts}) == 40
    for prompt in prompts:
        assert dict(named_attributes(prompt.text)) == dict(prompt.wanted), prompt.text
        assert unknown_words(prompt.text, open_bundle(bundle).info["words"]) == []
        if prompt.plain:
            left = {head: key for head, key in prompt.wanted.items() if head != "expression"}
            assert dict(named_attributes(prompt.plain)) == left
            assert prompt.wanted["expression"] in open_bundle(bundle).expressions


def test_some_prompts_ask_for_what_no_training_picture_shows() -> None:
    wanted = [prompt.wanted for prompt in load_prompts(None, Judges(Settings.from_environment({}).bundle).heads)]
    composed = [HELD_OUT_SCENE_EXPRESSION & {(one.get("scene"), one.get("expression"))} for one in wanted]
    coloured = [HELD_OUT_CLOTHES_COLOUR & {(one.get("clothes"), one.get("cloth_colour"))} for one in wanted]
    assert (sum(map(len, composed)), sum(map(len, coloured))) == (3, 2)


def test_a_comment_changes_nothing_and_a_word_does(tmp_path: Path) -> None:
    digests = []
    for number, content in enumerate((SMILE, f"# mine\n{SMILE}", SMILE.replace("smiling", "with a smile"))):
        (tmp_path / f"{number}.toml").write_text(content, "utf-8")
        digests.append(prompts_digest(load_prompts(tmp_path / f"{number}.toml", HEADS)))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("prompts = 3", "[[prompts]]"),
        ("not toml", "TOML"),
        (SMILE.replace("S* smiling", "a man"), "1 x S*"),
        (SMILE.replace('"smile"', '"simle"'), "simle"),
        (SMILE.replace("expression =", "mood ="), "mood"),
        (SMILE.replace("plain", "plane"), "plane"),
        (SMILE.replace('plain = "a photo of S*"', ""), "plain"),
        (SMILE.replace('"a"', "3"), "axis"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(EvaluationInvalid) as caught:
        load_prompts(file, HEADS)
    for language in LANGUAGES:
        assert told in caught.value.text(language) and "mine.toml" in caught.value.text(language)
