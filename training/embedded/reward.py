"""Stage 2c: the text-to-image model is trained on its own pictures.

While it learns to take noise from pictures, a model may read off what is left of them who somebody is: it gets by
without the name. Its own pictures begin with noise alone, and there the name has to do it. So the model draws, from
captions with names, and at some noise levels on the way its guess of the clean latents is shown to readers of latents
(`perception`), who say how far person, expression, clothes, colour, glasses and light are from what the caption asked
for; the gradient goes through that one guess. This is reward feedback learning (Xu et al., ImageReward, NeurIPS 2023,
arXiv:2304.05977, section 3) with a differentiable reward (Clark et al., ICLR 2024, arXiv:2309.17400), at several
levels of each drawing instead of one late one. Half of the work goes on as before, on pictures of the world: a model
that only pleases its readers soon draws what nobody but they can read. The readers judge nothing afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from training.embedded import loop
from training.embedded.perception import Drawn, LatentReader, Truth, blurred
from training.embedded.text_to_image import (
    Batch,
    TextToImage,
    TextToImageConfig,
    build_sampler,
    build_scheduler,
    named_batch,
    part_of,
    validate,
    world_loss,
)
from training.embedded.who import Who

FILE = "reward.pt"


@dataclass(frozen=True)
class RewardTraining:
    """Training on own pictures."""

    minutes: float = 60.0
    rate: float = 4e-4
    text_rate: float = 0.3
    """Learning rate of the text encoder, relative to that of UNet and names."""
    drawn: int = 8
    """Pictures drawn at once, all the way from noise."""
    steps: int = 10
    skipped: int = 2
    """First steps of a drawing whose guesses are not shown: hardly anything can be read in them."""
    shown: int = 6
    """Guesses of each drawing that are shown."""
    guidance: tuple[float, float] = (1.5, 3.5)
    batch: int = 8
    """Guesses in one step."""
    true_batch: int = 8
    """Pictures of the world in one step."""
    reward_weight: float = 0.04
    """The two gradients are then about three to one in length."""
    recovery: float = 0.3
    """Share of the minutes, the last ones, with pictures of the world alone: they take off again what pleased none but
    the readers (a pattern on the skin), while the rate falls."""
    weights: Mapping[str, float] = field(default_factory=lambda: {"expression": 5.0, "cloth_colour": 3.0})
    """How much more some attributes count than the others: beside 1,800 people they are soon lost."""
    average: float = 0.99


@dataclass
class Guesses:
    """States on the way of drawings, all that a guess and its reward need; [M] each."""

    noisy: Tensor
    """[M, C, h, w]."""
    t: Tensor
    unguided: Tensor
    """[M, C, h, w]: the velocity that the model predicted without a caption."""
    guidance: Tensor
    batch: Batch
    truth: Truth

    def __len__(self) -> int:
        return len(self.t)

    def part(self, rows: Tensor) -> Guesses:
        """Some of them."""
        own = (self.noisy[rows], self.t[rows], self.unguided[rows], self.guidance[rows])
        return Guesses(*own, part_of(self.batch, rows), self.truth.part(rows))


@torch.no_grad()
def draw_guesses(
    model: TextToImage, drawn: Drawn, who: Who, people: int, config: RewardTraining, source: torch.Generator
) -> Guesses:
    """States on the way of ``config.drawn`` new pictures, under captions of random training pictures of the first
    ``people``; ``config.shown`` of each picture, which differ in their noise."""
    latents, where, count = drawn.latents, loop.device(), config.drawn
    usable = torch.nonzero(latents.person[latents.held :] < people)[:, 0] + latents.held
    index = usable[torch.randint(0, len(usable), (count,), generator=source)]
    mirrored = torch.randint(0, 2, (count,), generator=source)
    which = torch.randint(0, latents.named.shape[2], (count,), generator=source)
    batch = named_batch(latents, who, index, mirrored, which, source)
    truth = drawn.truth(mirrored, index)
    low, high = config.guidance
    guidance = low + (high - low) * torch.rand(count, generator=source)
    x = torch.randn(batch.latents.shape, generator=source).to(where)
    w, sampler = guidance.to(where)[:, None, None, None], build_sampler()
    sampler.set_timesteps(config.steps)
    with loop.half_precision(where), loop.attention(where):
        empty = model.text_encoder(latents.empty.long().to(where)[None]).last_hidden_state
        prompt = torch.cat([empty.expand(count, -1, -1), model.condition(batch)])
    states, unguided = [], []
    for t in sampler.timesteps:
        with loop.half_precision(where), loop.attention(where):
            both = torch.cat([x, x]).contiguous(memory_format=torch.channels_last)
            velocity = model.unet(both, t.to(where).expand(2 * count), encoder_hidden_states=prompt).sample.float()
        without, told = velocity.chunk(2)
        states.append(x)
        unguided.append(without)
        x = sampler.step(without + w * (told - without), t, x).prev_sample
    kept = torch.stack([torch.randperm(config.steps - config.skipped, generator=source) for _ in range(count)])
    step = (kept[:, : config.shown] + config.skipped).T.flatten()
    row = torch.arange(count).repeat(min(config.shown, kept.shape[1]))
    return Guesses(
        torch.stack(states)[step, row],
        sampler.timesteps[step].to(where),
        torch.stack(unguided)[step, row],
        guidance.to(where)[row],
        part_of(batch, row),
        truth.part(row),
    )


def clean_guess(model: TextToImage, guesses: Guesses, scheduler: DDPMScheduler) -> tuple[Tensor, Tensor]:
    """The model's guided guess of the clean latents, [M, C, h, w], and the share of signal in the state that it was
    made from, [M]."""
    where = guesses.t.device
    with loop.half_precision(where), loop.attention(where):
        x = guesses.noisy.contiguous(memory_format=torch.channels_last)
        told = model.unet(x, guesses.t, encoder_hidden_states=model.condition(guesses.batch)).sample.float()
    w = guesses.guidance[:, None, None, None]
    velocity = guesses.unguided + w * (told - guesses.unguided)
    signal = scheduler.alphas_cumprod.to(where)[guesses.t]
    kept = signal[:, None, None, None]
    return kept.sqrt() * guesses.noisy - (1 - kept).sqrt() * velocity, signal


def reward_loss(
    guess: Tensor,
    signal: Tensor,
    truth: Truth,
    readers: Sequence[LatentReader],
    visible: Tensor,
    weights: Mapping[str, float],
    source: torch.Generator,
) -> Tensor:
    """[M]: what the ``readers`` read wrongly, on average, from a ``guess`` of the clean latents [M, C, h, w], less and
    less with the noise."""
    wrong = []
    for reader in readers:
        seen = blurred(guess, visible, reader.config, source).contiguous(memory_format=torch.channels_last)
        with loop.half_precision(guess.device):
            wrong.append(reader.wrong(seen, truth, weights))
    return signal.sqrt() * torch.stack(wrong).mean(0)


def train(
    model: TextToImage,
    drawn: Drawn,
    who: Who,
    readers: Sequence[LatentReader],
    config: RewardTraining,
    base: TextToImageConfig,
    work: Path,
    log: loop.Log,
    *,
    seed: int = 0,
    rank: int = 0,
    world: int = 1,
    file: str = FILE,
) -> None:
    """Train ``model``, which `text_to_image.train` left, within ``config.minutes``, resuming from ``file`` in ``work``.

    ``world``: as in `text_to_image.train`."""
    where, checkpoint, scheduler = loop.device(), work / file, build_scheduler()
    latents, stage = drawn.latents, Path(file).stem
    model.to(where).train()
    model.unet.to(memory_format=torch.channels_last)
    groups = [
        {"params": [*model.unet.parameters(), *model.names.parameters()], "lr": config.rate},
        {"params": list(model.text_encoder.parameters()), "lr": config.rate * config.text_rate},
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    average, step, guessed, spent = loop.Average(model, config.average), 0, 0, 0.0
    if state := loop.resume(checkpoint, model, average, optimiser):
        step, guessed, spent = state["step"], state["guesses"], state["spent"]
    parameters = [p for group in groups for p in group["params"]]
    people = readers[0].config.trained(len(drawn.features))
    source = torch.Generator().manual_seed(seed + 1000 * step + rank)
    clock, last, saved, wrong, true = loop.Clock(config.minutes, spent), spent, spent, None, None
    started = step
    if base.compiled:
        model.unet.compile(dynamic=False)

    def keep() -> None:
        loop.keep(checkpoint, model, average, optimiser, step=step, guesses=guessed, spent=clock.spent)

    def report() -> None:
        with average.swapped_in(), torch.compiler.set_stance("force_eager"):  # another batch size
            losses = validate(model, latents, who, torch.arange(latents.held))
        log(stage, step=step, guesses=guessed, seconds=clock.spent, wrong=wrong, true=true, **losses)

    def rewarded(guesses: Guesses) -> Tensor:
        guess, signal = clean_guess(model, guesses, scheduler)
        return reward_loss(guess, signal, guesses.truth, readers, latents.visible, config.weights, source).mean()

    while (fraction := loop.shared(clock.fraction, world)) < 1:
        parts: list[Guesses | None] = [None]
        if fraction < 1 - config.recovery:
            guesses = draw_guesses(model, drawn, who, people, config, source)
            order = torch.randperm(len(guesses), generator=source)
            parts = [guesses.part(some) for some in order.split(config.batch)]
        for part in parts:
            loop.set_rate(optimiser, loop.late_decay(fraction, step))
            count = config.true_batch if part else config.batch + config.true_batch
            error = world_loss(model, latents, who, count, scheduler, readers[0], base, source)
            loss = error
            if part:
                reward = rewarded(part)
                loss = error + config.reward_weight * reward
                wrong, guessed = loop.smoothed(wrong, reward.item()), guessed + len(part) * world
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if world > 1:
                loop.average_gradients(parameters, world)
            loop.clip(parameters)
            optimiser.step()
            average.update()
            step, true = step + 1, loop.smoothed(true, error.item())
        if rank == 0 and clock.spent - saved > 300:
            saved = clock.spent
            keep()
        if rank == 0 and clock.spent - last > 600:
            last = clock.spent
            report()
    if rank == 0 and step > started:
        keep()
        report()
    model.load_state_dict(average.state)
