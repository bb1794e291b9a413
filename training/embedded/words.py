"""A CLIP tokenizer whose vocabulary is the grammar's words, with bytes for anything else."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.embedded.captions import vocabulary

MAX_TOKENS = 40
START, END = "<|startoftext|>", "<|endoftext|>"


def _byte_characters() -> list[str]:
    """The printable stand-ins of the 256 bytes, in the order of GPT-2's byte-level BPE."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = [256 + i for i in range(256 - len(plain))]
    return [chr(code) for code in plain + shifted]


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer in ``folder``: the one that is there, since what was trained with it knows words by its numbers, or
    a new one in which every word of the grammar is one token."""
    if (folder / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.Whitespace()
    letters = [chr(code) for code in range(33, 127)]
    trainer = trainers.BpeTrainer(
        vocab_size=8000,
        min_frequency=1,
        end_of_word_suffix="</w>",
        initial_alphabet=letters,
        special_tokens=[letter + "</w>" for letter in letters],  # in this order; else equal pairs come out by chance
        show_progress=False,
    )
    trained.train_from_iterator([word for word in vocabulary() for _ in range(3)] + [","] * 9, trainer)
    merges = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    singles = _byte_characters()
    tokens = dict.fromkeys([*singles, *(s + "</w>" for s in singles), *("".join(pair) for pair in merges), START, END])
    tokenizer = CLIPTokenizer(
        vocab={token: index for index, token in enumerate(tokens)}, merges=merges, model_max_length=MAX_TOKENS
    )
    tokenizer.save_pretrained(folder)
    return tokenizer
