"""S* into a real CLIP text encoder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from facepersona_core.errors import PromptInvalid
from facepersona_core.face2diffusion.injection import encode_prompt, tokenize_prompt

CONFIG = CLIPTextConfig(
    vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    max_position_embeddings=12, bos_token_id=48, eos_token_id=49, pad_token_id=49, projection_dim=8,
)  # fmt: skip


@pytest.fixture(params=[CLIPTextModel, CLIPTextModelWithProjection])
def encoder(request):
    torch.manual_seed(0)
    return request.param(CONFIG).eval()


IDS = torch.tensor([[48, 3, 4, 49, 49, 7, 49, 49], [48, 49, 49, 5, 6, 7, 49, 49]])


def words(value: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(5)
    return torch.randn(2, 16) + value, torch.randn(2, 16) + value


def test_exactly_the_two_rows_are_overwritten(encoder) -> None:
    """The transformer sees token + position everywhere but at S*, where it sees the bare vectors."""
    first, last = words()
    seen = {}
    layers = getattr(encoder, "text_model", encoder).encoder.layers
    handle = layers[0].register_forward_hook(
        lambda module, args, kwargs, out: seen.update(x=args[0] if args else kwargs["hidden_states"]), with_kwargs=True
    )
    plain = getattr(encoder, "text_model", encoder).embeddings(IDS)
    with torch.no_grad():
        encode_prompt(encoder, IDS, torch.tensor([3, 1]), (first, last))
    handle.remove()
    expected = plain.clone()
    expected[0, 3], expected[0, 4], expected[1, 1], expected[1, 2] = first[0], last[0], first[1], last[1]
    torch.testing.assert_close(seen["x"], expected)


def test_causal_text_before_s_star_is_untouched_and_after_is_not(encoder) -> None:
    with torch.no_grad():
        plain = encoder(IDS[:1]).last_hidden_state
        a = encode_prompt(encoder, IDS[:1], 3, tuple(w[:1] for w in words()))
    torch.testing.assert_close(a[:, :3], plain[:, :3])
    assert not torch.allclose(a[:, 5:], plain[:, 5:])


def test_gradient_reaches_the_words(encoder) -> None:
    first, last = (w.requires_grad_() for w in words())
    encode_prompt(encoder, IDS, 3, (first, last)).square().sum().backward()
    assert first.grad.abs().sum() > 0
    assert last.grad.abs().sum() > 0


def test_left_as_found_also_when_it_raises(encoder) -> None:
    embeddings = getattr(encoder, "text_model", encoder).embeddings
    with torch.no_grad():
        before = encoder(IDS).last_hidden_state
        with pytest.raises(RuntimeError):
            encode_prompt(encoder, IDS, 3, (torch.zeros(1, 5), torch.zeros(1, 5)))
        assert not embeddings._forward_hooks
        torch.testing.assert_close(encoder(IDS).last_hidden_state, before)


@pytest.mark.parametrize("position", [0, 7, -1])
def test_no_room_for_two_words(encoder, position: int) -> None:
    with pytest.raises(ValueError, match=r"must be in \[1, 6\]"):
        encode_prompt(encoder, IDS, position, words())


def test_two_callers_and_a_bystander_at_once(encoder) -> None:
    """Each caller gets its own words; plain prompts on other threads get none."""
    fixed = {"a": words(), "b": words(1.0)}

    def call(name: str) -> torch.Tensor:
        with torch.no_grad():
            if name == "plain":
                return encoder(IDS).last_hidden_state
            return encode_prompt(encoder, IDS, 3, fixed[name])

    names = ("a", "b", "plain")
    expected = {name: call(name) for name in names}
    with ThreadPoolExecutor(3) as pool:
        outputs = {name: pool.submit(lambda n=name: [call(n) for _ in range(40)]) for name in names}
    for name, output in outputs.items():
        for hidden in output.result():
            torch.testing.assert_close(hidden, expected[name])


class Letters:
    """A tokenizer of one token a word, with CLIP's interface."""

    bos_token_id, eos_token_id, pad_token_id, model_max_length = 48, 49, 49, 10

    def __call__(self, text: str, add_special_tokens: bool = False):
        return type("Encoding", (), {"input_ids": [len(word) for word in text.split()]})


def test_tokenize_leaves_two_slots_where_s_star_stands() -> None:
    ids, position = tokenize_prompt(Letters(), "a photo of S* outside")
    assert ids.tolist() == [[48, 1, 5, 2, 49, 49, 7, 49, 49, 49]]
    assert position == 4


def test_tokenize_refuses_what_does_not_fit() -> None:
    with pytest.raises(PromptInvalid, match="12 tokens long, but this model reads 10"):
        tokenize_prompt(Letters(), "one two three four five six S* seven eight")
    with pytest.raises(PromptInvalid, match="2 times"):
        tokenize_prompt(Letters(), "S* and S*")
