"""What the fine-tuning baselines share: latents of the reference photos and the denoising loss of the base model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from facepersona_core.types import Face

if TYPE_CHECKING:
    from diffusers import DDPMScheduler, StableDiffusionPipeline

PROMPTS = ("a photo of S*", "a portrait of S*", "a picture of S*", "a photograph of S*")
"""Neutral prompts that fine-tuning shows beside the reference photos (Gal et al., appendix)."""


def noise_scheduler(pipeline: StableDiffusionPipeline) -> DDPMScheduler:
    """The training-time noise schedule behind the pipeline's sampler."""
    from diffusers import DDPMScheduler

    return DDPMScheduler.from_config(pipeline.scheduler.config, algorithm_type=None, solver_type=None)


@torch.no_grad()
def reference_latents(pipeline: StableDiffusionPipeline, faces: Sequence[Face]) -> Tensor:
    """Scaled latents [2 N, C, h, w] of the head crops and their mirror images."""
    size = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    crops = [np.asarray(Image.fromarray(f.crop).resize((size, size), Image.Resampling.LANCZOS)) for f in faces]
    pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
    both = torch.cat([pixels, pixels.flip(3)]).to(pipeline.vae.device, pipeline.vae.dtype)
    mean: Tensor = pipeline.vae.encode(both).latent_dist.mean
    return mean * pipeline.vae.config.scaling_factor


def denoising_loss(
    unet: torch.nn.Module,
    scheduler: DDPMScheduler,
    latents: Tensor,
    hidden: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Mean squared error of what ``unet`` predicts for noised ``latents`` [B, C, h, w] under ``hidden`` [B, L, C]."""
    noise = torch.randn(latents.shape, generator=generator).to(latents)
    t = torch.randint(0, scheduler.config.num_train_timesteps, (len(latents),), generator=generator).to(latents.device)
    velocity = scheduler.config.prediction_type == "v_prediction"
    wanted = scheduler.get_velocity(latents, noise, t) if velocity else noise
    prediction = unet(scheduler.add_noise(latents, noise, t), t, encoder_hidden_states=hidden).sample
    return (prediction.float() - wanted.float()).pow(2).mean()
