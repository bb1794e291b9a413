"""Both training stages of the method as losses, at any scale; the loops that call them are the trainer's.

Stage 1 trains the identity encoder with an additive angular margin on the concatenated scales.
Stage 2 trains the mapping network with CGDR, everything else frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.face2diffusion.cgdr import Objective, cgdr_loss, rec_loss
from facepersona_core.face2diffusion.injection import encode_prompt
from facepersona_core.face2diffusion.mapping import MappingNetwork


class ArcFaceHead(nn.Module):
    """Additive angular margin softmax (Deng et al., CVPR 2019, arXiv:1801.07698, equation 3)."""

    def __init__(self, width: int, people: int, *, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(people, width) * 0.05)
        self.scale = scale
        self.margin = margin

    def forward(self, features: Tensor, person: Tensor, reduction: str = "mean") -> Tensor:
        """Cross entropy, a scalar, or [B] with ``reduction`` "none". ``features``: [B, width], any norm; ``person``:
        int [B]."""
        cosine = F.linear(F.normalize(features.float()), F.normalize(self.weight)).clamp(-0.9999, 0.9999)
        target = F.one_hot(person, len(self.weight)).bool()
        with_margin = torch.cos(torch.acos(cosine) + self.margin)
        return F.cross_entropy(self.scale * torch.where(target, with_margin, cosine), person, reduction=reduction)


@dataclass(frozen=True)
class MappingBatch:
    """What one step of stage 2 looks at."""

    latents: Tensor
    """[B, C, h, w], scaled as the UNet expects."""
    identity: Tensor
    """[B, identity]: encoder output for the same or another picture of the person."""
    expression: Tensor
    """[B, expression]: expression of the picture behind ``latents``."""
    mask: Tensor
    """[B, 1, h, w] head mask in [0, 1] on the latent grid."""
    input_ids: Tensor
    """[B, L] prompt with room for S*."""
    position: Tensor
    """int [B]: index of S1* in ``input_ids``."""
    class_ids: Tensor
    """[B, L] the same prompt with the class word in place of S*."""
    in_words: Tensor | None = None
    """bool [B]: the prompt itself tells the expression, so that the slot has to stay empty. None: nowhere."""


def mapping_loss(
    unet: nn.Module,
    text_encoder: nn.Module,
    scheduler: Any,
    mapping: MappingNetwork,
    batch: MappingBatch,
    *,
    objective: Objective = "cgdr",
    expression_dropout: float = 0.2,
    weight: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Loss of one batch, by default CGDR; gradients reach ``mapping`` only if the caller froze the rest.

    With probability ``expression_dropout`` a sample's expression is replaced by the learned null vector
    (expression guidance, arXiv:2403.05094), and always where the prompt tells it. ``scheduler``: a diffusers
    DDPMScheduler whose ``prediction_type`` says what the UNet predicts; ``weight`` is that of `cgdr_loss`.
    """
    size, device = len(batch.latents), batch.latents.device
    drop = torch.rand(size, 1, generator=generator, device=device) < expression_dropout
    if batch.in_words is not None:
        drop |= batch.in_words[:, None]
    expression = torch.where(drop, mapping.null_exp.expand(size, -1), batch.expression)
    words = mapping(batch.identity, expression)
    t = torch.randint(0, scheduler.config.num_train_timesteps, (size,), generator=generator, device=device)
    noise = torch.randn(batch.latents.shape, generator=generator, device=device)
    noisy = scheduler.add_noise(batch.latents, noise, t)
    velocity = scheduler.config.prediction_type == "v_prediction"
    wanted = scheduler.get_velocity(batch.latents, noise, t) if velocity else noise
    hidden = encode_prompt(text_encoder, batch.input_ids, batch.position, words)
    prediction = unet(noisy, t, encoder_hidden_states=hidden).sample
    if objective != "cgdr":
        return rec_loss(prediction, wanted, batch.mask if objective == "masked_rec" else None, weight)
    with torch.no_grad():
        plain = unet(noisy, t, encoder_hidden_states=text_encoder(batch.class_ids).last_hidden_state).sample
    return cgdr_loss(prediction, wanted, plain, batch.mask, weight)
