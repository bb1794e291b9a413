"""The tokenizer: every word one token, the same numbers in every build, never others than its networks know."""

from __future__ import annotations

import json
from pathlib import Path

from training.embedded.captions import vocabulary
from training.embedded.words import MAX_TOKENS, build_tokenizer


def test_every_word_of_the_grammar_is_one_token_and_has_the_same_number_in_every_build(tmp_path: Path) -> None:
    first, *others = (build_tokenizer(tmp_path / str(number)) for number in range(4))
    assert all(len(first(word, add_special_tokens=False).input_ids) == 1 for word in vocabulary())
    assert all(other.get_vocab() == first.get_vocab() for other in others)
    assert first.model_max_length == MAX_TOKENS


def test_a_tokenizer_that_is_there_stays(tmp_path: Path) -> None:
    new = build_tokenizer(tmp_path)
    file = tmp_path / "tokenizer.json"
    kept = json.loads(file.read_text("utf-8"))
    numbers = kept["model"]["vocab"]
    numbers["of</w>"], numbers["in</w>"] = numbers["in</w>"], numbers["of</w>"]
    file.write_text(json.dumps(kept), "utf-8")
    again = build_tokenizer(tmp_path)
    assert json.loads(file.read_text("utf-8")) == kept
    assert again("of", add_special_tokens=False).input_ids == new("in", add_special_tokens=False).input_ids
    assert again.model_max_length == MAX_TOKENS
