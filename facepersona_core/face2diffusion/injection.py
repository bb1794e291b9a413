"""S* into the text encoder: two vectors overwrite two rows of its input-embedding output."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from facepersona_core.errors import PromptInvalid
from facepersona_core.prompt import PLACEHOLDER, check_prompt

# A forward hook is state of the module that every caller shares; adding and removing it must not interleave.
_hook_lock = threading.RLock()


@contextmanager
def _overwritten(embeddings: nn.Module, position: Tensor, words: tuple[Tensor, Tensor]) -> Iterator[None]:
    owner = threading.get_ident()

    def overwrite(module: nn.Module, args: object, output: Tensor) -> Tensor:
        if threading.get_ident() != owner:  # somebody's plain prompt on another thread
            return output
        rows = torch.arange(len(output), device=output.device)
        output = output.clone()
        for offset, word in enumerate(words):
            output[rows, position + offset] = word.to(output)
        return output

    with _hook_lock:
        handle = embeddings.register_forward_hook(overwrite)
        try:
            yield
        finally:
            handle.remove()


def encode_prompt(
    text_encoder: nn.Module, input_ids: Tensor, position: int | Tensor, words: tuple[Tensor, Tensor]
) -> Tensor:
    """Encode prompts whose tokens at ``position`` and ``position + 1`` are replaced by ``words``.

    The vectors overwrite the sum of token and position embedding, so that S* carries no position of its own
    (arXiv:2403.05094, official release); then the usual causal transformer runs.

    ``text_encoder``: any ``CLIPTextModel``; it is left as found, also when it raises, and several threads may call.
    ``input_ids``: int [B, L]. ``position``: int, or int [B], each in [1, L - 2]. ``words``: two of [B, C] or [1, C].
    Returns ``last_hidden_state`` [B, L, C]. Raises ValueError when a position does not leave room for both words.
    """
    at = torch.as_tensor(position, device=input_ids.device).expand(len(input_ids))
    if int(at.min()) < 1 or int(at.max()) > input_ids.shape[1] - 2:
        raise ValueError(f"position is {position}, but must be in [1, {input_ids.shape[1] - 2}]")
    embeddings: Any = getattr(text_encoder, "text_model", text_encoder).embeddings
    with _overwritten(embeddings, at, words):
        hidden: Tensor = text_encoder(input_ids).last_hidden_state
    return hidden


def tokenize_prompt(tokenizer: Any, prompt: str) -> tuple[Tensor, int]:
    """Token ids [1, L] of ``prompt`` with two free slots where S* stands, and the index of the first slot.

    The slots hold end-of-text tokens until `encode_prompt` overwrites their embeddings. L is the tokenizer's
    ``model_max_length``. Raises PromptInvalid when S* is not there exactly once or the prompt is too long.
    """
    before, after = check_prompt(prompt).split(PLACEHOLDER)
    left = tokenizer(before, add_special_tokens=False).input_ids
    right = tokenizer(after, add_special_tokens=False).input_ids
    end = tokenizer.eos_token_id
    ids = [tokenizer.bos_token_id, *left, end, end, *right, end]
    limit = tokenizer.model_max_length
    if len(ids) > limit:
        raise PromptInvalid(prompt=prompt, problem="long", tokens=len(ids), limit=limit)
    ids += [tokenizer.pad_token_id] * (limit - len(ids))
    return torch.tensor([ids]), 1 + len(left)


def tokenize_text(tokenizer: Any, text: str) -> Tensor:
    """Token ids [1, L] of plain ``text``, padded. Raises PromptInvalid when it is too long."""
    ids: Tensor = tokenizer(text, padding="max_length", return_tensors="pt").input_ids
    if ids.shape[1] > tokenizer.model_max_length:
        raise PromptInvalid(prompt=text, problem="long", tokens=ids.shape[1], limit=tokenizer.model_max_length)
    return ids
