"""The objectives that CGDR is compared with, against formulas written out, and delayed subject conditioning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.diffusion import embed_class
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from facepersona_core.face2diffusion.training import MappingBatch, mapping_loss
from facepersona_core.methods.class_word import ClassWord
from facepersona_core.methods.face2diffusion import Face2Diffusion
from facepersona_core.types import Persona, Request

SIZE, WIDTH = 3, 4
CLASS, SUBJECT = 1, 2
"""Tokens: the class word, and what S* overwrites."""


class Text(nn.Module):
    """A text encoder of one layer: tokens are their numbers, and what is in the middle is what the prompt says."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(4, WIDTH)

    def forward(self, ids: Tensor) -> Any:
        return type("Output", (), {"last_hidden_state": self.embeddings(ids)})


class Network(nn.Module):
    """Predicts the noisy latents times the first number of what stands in the middle of the prompt."""

    def forward(self, noisy: Tensor, t: Tensor, encoder_hidden_states: Tensor) -> Any:
        return type("Output", (), {"sample": noisy * encoder_hidden_states[:, 1, :1, None, None]})


def batch() -> MappingBatch:
    torch.manual_seed(1)
    ids = torch.tensor([[3, SUBJECT, SUBJECT, 3]]).expand(SIZE, -1)
    class_ids = torch.tensor([[3, CLASS, CLASS, 3]]).expand(SIZE, -1)
    latents, mask = torch.randn(SIZE, 2, 4, 4), torch.rand(SIZE, 1, 4, 4)
    return MappingBatch(
        latents, torch.randn(SIZE, 5), torch.randn(SIZE, 2), mask, ids, torch.ones(SIZE, dtype=torch.long), class_ids
    )


@pytest.mark.parametrize("weight", [None, torch.tensor([1.5, 0.5])[:, None, None]])
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("objective", ["cgdr", "rec", "masked_rec"])
def test_each_objective_is_its_formula(objective: Any, kind: str, weight: Tensor | None) -> None:
    shown, text = batch(), Text()
    scheduler = DDPMScheduler(prediction_type=kind)
    mapping = MappingNetwork(MappingConfig(5, 2, 8, WIDTH, dropout=0.0))
    source = torch.Generator().manual_seed(7)
    loss = mapping_loss(
        Network(), text, scheduler, mapping, shown, objective=objective, weight=weight, generator=source
    )

    source.manual_seed(7)
    drop = torch.rand(SIZE, 1, generator=source) < 0.2
    t = torch.randint(0, 1000, (SIZE,), generator=source)
    eps = torch.randn(shown.latents.shape, generator=source)
    a = scheduler.alphas_cumprod[t][:, None, None, None]
    z_t = a.sqrt() * shown.latents + (1 - a).sqrt() * eps
    wanted = eps if kind == "epsilon" else a.sqrt() * eps - (1 - a).sqrt() * shown.latents
    first, _ = mapping(shown.identity, torch.where(drop, mapping.null_exp, shown.expression))
    e = z_t * first[:, :1, None, None]
    e_c = z_t * text.embeddings.weight[CLASS, 0]
    w = torch.ones(2, 1, 1) if weight is None else weight
    mask = shown.mask
    expected = {
        "cgdr": (w * (e - (mask * wanted + (1 - mask) * e_c)).pow(2)).mean(),
        "rec": (w * (e - wanted).pow(2)).mean(),
        "masked_rec": (mask * w * (e - wanted).pow(2)).sum() / (mask * w).sum(),
    }
    torch.testing.assert_close(loss, expected[objective])


def test_reconstruction_never_asks_for_the_class_word() -> None:
    text = Text()
    text.embeddings.weight.data[CLASS] = torch.nan
    mapping = MappingNetwork(MappingConfig(5, 2, 8, WIDTH))
    losses = {
        objective: mapping_loss(Network(), text, DDPMScheduler(), mapping, batch(), objective=objective).isnan().item()
        for objective in ("cgdr", "rec", "masked_rec")  # type: ignore[arg-type]
    }
    assert losses == {"cgdr": True, "rec": False, "masked_rec": False}


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return open_bundle(tiny_bundle)


@pytest.mark.parametrize("guidance", [3.0, 1.0])
def test_delayed_conditioning_has_the_class_word_in_the_first_steps(bundle: Bundle, guidance: float) -> None:
    request = Request("a photo of S* at the beach", seed=4, steps=5, guidance=guidance)
    identity = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    persona = Persona("face2diffusion", "key", {"identity": identity})
    seen: list[Tensor] = []
    watch = bundle.pipeline.unet.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["encoder_hidden_states"].clone()), with_kwargs=True
    )
    with watch:
        pictures = {
            delay: np.asarray(next(iter(Face2Diffusion(bundle, delay).generate(persona, request))))
            for delay in (0.0, 0.4, 1.0)
        }
    told = embed_class(bundle.pipeline, request.prompt, bundle.class_phrase)
    without, by_name, delayed, always = told, seen[0], seen[5:10], seen[10:]
    assert len(seen) == 15 and not torch.allclose(by_name[-1:], without)
    assert all(torch.equal(each, by_name) for each in seen[:5])
    assert all(torch.equal(each[-1:], without) for each in [*delayed[:2], *always])
    assert all(torch.equal(each, by_name) for each in delayed[2:])
    of_anybody = next(iter(ClassWord(bundle).generate(Persona("class_word", "key"), request)))
    assert np.array_equal(pictures[1.0], np.asarray(of_anybody))
    assert not np.array_equal(pictures[0.4], pictures[0.0]) and not np.array_equal(pictures[0.4], pictures[1.0])
