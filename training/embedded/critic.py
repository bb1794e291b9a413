"""A critic of latents: it learns to tell the model's guesses from the world's pictures, so that the model learns to
leave it nothing to tell.

Readers say who and what is seen; half an eye costs them little. A critic looks at every place and asks whether it
could be of the world (adversarial training on guesses of the clean picture, after Sauer et al., *Adversarial Diffusion
Distillation*, ECCV 2024, arXiv:2311.17042, with the hinge loss of its equation 2). It serves training alone: it is no
part of the bundle and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.embedded import loop
from training.embedded.perception import PerceptionTraining, blurred


@dataclass(frozen=True)
class CriticTraining:
    """Shape and training of the critic."""

    channels: tuple[int, ...] = (48, 96, 128)
    rate: float = 4e-4
    noise: float = 0.1
    """Most noise on what it looks at, as `PerceptionTraining.noise`: what is not seen should not give a guess away."""
    weight: float = 0.7
    """Length of its gradient on a guess, as a share of that of the readers' reward."""
    warm_up: int = 150
    """Steps over which ``weight`` is reached: at first it knows nothing."""


class LatentCritic(nn.Module):
    """Latents [B, C, h, w] and the noise they were guessed at to how real each place looks, [B, places]: below 0
    guessed, above 0 of the world."""

    def __init__(self, latent_channels: int, config: CriticTraining) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        inputs = (latent_channels + 1, *config.channels[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(
                norm(nn.Conv2d(a, b, 3, padding=1)),
                nn.LeakyReLU(0.2),
                norm(nn.Conv2d(b, b, 3, padding=1)),
                nn.LeakyReLU(0.2),
            )
            for a, b in zip(inputs, config.channels, strict=True)
        )
        self.verdicts = nn.ModuleList(norm(nn.Conv2d(width, 1, 1)) for width in config.channels)

    def forward(self, latents: Tensor, signal: Tensor) -> Tensor:
        """``signal`` [B]: share of signal at the noise level, 0 to 1."""
        x = torch.cat([latents, signal[:, None, None, None].expand(-1, 1, *latents.shape[2:]).to(latents)], 1)
        found = []
        for depth, (level, verdict) in enumerate(zip(self.levels, self.verdicts, strict=True)):
            x = level(F.avg_pool2d(x, 2) if depth and x.shape[-1] > 1 else x)
            found.append(verdict(x).flatten(1))
        return torch.cat(found, 1)


class Criticism:
    """A critic in training, beside a model in training."""

    def __init__(self, latent_channels: int, visible: Tensor, config: CriticTraining, world: int = 1) -> None:
        """``visible``: [C], `Latents.visible`; ``world``: processes that train together."""
        self.config, self.visible, self.world, self.step = config, visible, world, 0
        self.critic = LatentCritic(latent_channels, config).to(loop.device())
        self.optimiser = torch.optim.AdamW(self.critic.parameters(), config.rate, betas=(0.5, 0.99), weight_decay=0.01)
        self._look = PerceptionTraining(noise=config.noise)

    def learn(self, real: Tensor, guess: Tensor, signal: Tensor, source: torch.Generator) -> float:
        """One step on pictures ``real`` and guesses ``guess``, [B, C, h, w] each, at ``signal`` [B]; the hinge loss,
        1 where it can tell nothing and 0 where it is sure."""
        seen = blurred(torch.cat([real, guess.detach()]), self.visible, self._look, source)
        is_real, is_guess = self.critic(seen, torch.cat([signal, signal])).chunk(2)
        loss = (F.relu(1 - is_real).mean() + F.relu(1 + is_guess).mean()) / 2
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.world > 1:
            loop.average_gradients(list(self.critic.parameters()), self.world)
        self.optimiser.step()
        self.step += 1
        return loss.item()

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to go on."""
        parts = {"critic": self.critic.state_dict(), "optimiser": self.optimiser.state_dict()}
        return {**parts, "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.critic.load_state_dict(state["critic"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def gradient(self, guess: Tensor, signal: Tensor, like: Tensor, source: torch.Generator) -> Tensor:
        """Where ``guess`` [B, C, h, w] has to go to look less real, as long as `CriticTraining.weight` times the
        gradient ``like``; take it off to look more real."""
        guess = guess.detach().requires_grad_()
        verdict = self.critic(blurred(guess, self.visible, self._look, source), signal)
        (found,) = torch.autograd.grad(-(verdict.mean(1) * signal.sqrt()).mean(), guess)
        share = self.config.weight * min(1.0, self.step / self.config.warm_up)
        return share * found * like.norm() / found.norm().clamp_min(1e-12)
