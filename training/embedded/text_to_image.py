"""Stage 2: text encoder and UNet on cached latents, with named people (v-prediction).

The text encoder learns the grammar first: trained jointly from nothing, the text is ignored while the loss looks
healthy. Validation therefore always tells the loss with right, empty and shuffled captions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel

from facepersona_core.face2diffusion.injection import encode_prompt
from training.embedded import loop
from training.embedded.data import FACE_CENTRE
from training.embedded.latents import Latents
from training.embedded.names import Naming, slots
from training.embedded.perception import LatentReader, perceptual_distance
from training.embedded.who import Who

FILE = "text_to_image.pt"
FEATURES_SPREAD = 0.16
"""Standard deviation of `loss_weight` around the face's middle, as a share of the picture: eyes to mouth is .27."""


@dataclass(frozen=True)
class TextToImageConfig:
    """Shape and training of the text-to-image model."""

    channels: tuple[int, ...] = (96, 192, 224)
    layers_per_block: int = 1
    groups: int = 16
    heads: int = 4
    text_width: int = 256
    text_layers: int = 4
    text_minutes: float = 3.0
    minutes: float = 180.0
    batch: int = 16
    rate: float = 8e-4
    text_rate: float = 0.3
    """Learning rate of text encoder and names, relative to the UNet's."""
    caption_dropout: float = 0.1
    named_share: float = 0.5
    average: float = 0.9995
    head_weight: float = 3.0
    """Weight of the loss where the head is; 1 elsewhere. Places and clothes are learnt long before faces."""
    features_weight: float = 3.0
    """By how much more the middle of the face weighs than the head: eyes and mouth are a few cells of the grid, and
    who somebody is and what they express is there."""
    perception_weight: float = 1.0
    """Weight of the distance that the reader of latents sees (`perception`) beside the squared error."""
    compiled: bool = True
    """Compile the UNet: minutes at the start of a run, then an eighth more samples a second."""


def build_unet(config: TextToImageConfig, latent_channels: int, grid: int) -> UNet2DConditionModel:
    """An untrained UNet; cross-attention on all levels but the lowest, which the middle block covers."""
    levels = len(config.channels)
    unet = UNet2DConditionModel(
        sample_size=grid,
        in_channels=latent_channels,
        out_channels=latent_channels,
        layers_per_block=config.layers_per_block,
        block_out_channels=config.channels,
        down_block_types=("CrossAttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (levels - 1),
        cross_attention_dim=config.text_width,
        attention_head_dim=config.heads,
        norm_num_groups=config.groups,
    )
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    return unet


def build_text_encoder(config: TextToImageConfig, tokenizer: Any) -> CLIPTextModel:
    """An untrained CLIP text encoder for ``tokenizer``."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.text_width,
            intermediate_size=4 * config.text_width,
            projection_dim=config.text_width,
            num_hidden_layers=config.text_layers,
            num_attention_heads=4,
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_scheduler() -> DDPMScheduler:
    """The noise schedule of training; samplers are made from its configuration."""
    return DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction"
    )


def build_sampler() -> DPMSolverMultistepScheduler:
    """The sampler of the bundle."""
    return DPMSolverMultistepScheduler.from_config(
        build_scheduler().config, timestep_spacing="trailing", algorithm_type="dpmsolver++", steps_offset=1
    )


class TextToImage(nn.Module):
    """What learns together: UNet, text encoder and the names of the training people."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, names: Naming) -> None:
        super().__init__()
        self.unet, self.text_encoder, self.names = unet, text_encoder, names

    def condition(self, batch: Batch) -> Tensor:
        """[B, L, C]: text with the names, lightly noised, in their places."""
        count, parts = batch.named_rows, []
        if count:
            names = self.names.noisy(batch.features[:count], batch.slot[:count])
            words = (names[:, 0], names[:, 1])
            parts.append(encode_prompt(self.text_encoder, batch.named[:count], batch.position[:count], words))
        if count < len(batch.plain):
            parts.append(self.text_encoder(batch.plain[count:]).last_hidden_state)
        return torch.cat(parts)


@dataclass
class Batch:
    """One batch on its device. The first ``named_rows`` show the named caption, the others the plain one."""

    latents: Tensor
    features: Tensor
    slot: Tensor
    """[B, E + 1]: as `names.slots` makes it, for the named rows."""
    named: Tensor
    position: Tensor
    plain: Tensor
    named_rows: int
    mask: Tensor
    """[B, 1, h, w] in [0, 1]: the head."""


def named_batch(
    latents: Latents, who: Who, index: Tensor, mirrored: Tensor, which: Tensor, source: torch.Generator
) -> Batch:
    """The pictures ``index`` [B], ``mirrored`` or not [B], each under its named caption ``which`` [B]."""
    mean, deviation = latents.mean[mirrored, index].float(), latents.deviation[mirrored, index].float()
    parts = (
        mean + deviation * torch.randn(mean.shape, generator=source),
        who(index, source),
        slots(latents.expression[mirrored, index], which >= latents.named.shape[2] // 2),
        latents.named[mirrored, index, which].long(),
        latents.position[mirrored, index, which].long(),
        latents.plain[mirrored, index, which].long(),
    )
    where = loop.device()
    return Batch(*(part.to(where) for part in parts), len(index), latents.mask[mirrored, index].float().to(where))


def part_of(batch: Batch, part: slice | Tensor) -> Batch:
    """Some rows of a batch that is all named or all plain."""
    rows = {field.name: getattr(batch, field.name)[part] for field in fields(Batch) if field.name != "named_rows"}
    return Batch(**rows, named_rows=len(rows["latents"]) if batch.named_rows else 0)


def draw(latents: Latents, who: Who, index: Tensor, config: TextToImageConfig, source: torch.Generator) -> Batch:
    """The pictures ``index`` [B], each mirrored or not, with one of their captions, some dropped."""
    size = len(index)
    mirrored = torch.randint(0, 2, (size,), generator=source)
    which = torch.randint(0, latents.named.shape[2], (size,), generator=source)
    batch = named_batch(latents, who, index, mirrored, which, source)
    batch.named_rows = round(size * config.named_share * (1 - config.caption_dropout))
    dropped = torch.rand(size, generator=source) < config.caption_dropout * size / (size - batch.named_rows)
    batch.plain[dropped.to(batch.plain.device)] = latents.empty.long().to(batch.plain.device)
    return batch


def pretrain_text(
    model: TextToImage, latents: Latents, who: Who, config: TextToImageConfig, log: loop.Log, seed: int = 0
) -> None:
    """Teach the text encoder and the names the grammar: captions to pooled latents, mean squared error."""
    torch.manual_seed(seed)
    where = loop.device()
    pool = latents.mean.shape[-1] // 4
    pooled = F.avg_pool2d(latents.mean[0].float(), pool).flatten(1)
    mean, deviation = pooled.mean(0).to(where), pooled.std(0).to(where)
    head = nn.Linear(config.text_width, pooled.shape[1]).to(where)
    parameters = [*model.text_encoder.parameters(), *model.names.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, 1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    source, clock, step, last = torch.Generator().manual_seed(seed), loop.Clock(config.text_minutes), 0, 0.0
    no_dropout = replace(config, caption_dropout=0.0)
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step, floor=0.2))
        index = torch.randint(0, len(latents), (48,), generator=source)
        batch = draw(latents, who, index, no_dropout, source)
        with loop.half_precision(where):
            guess = head(model.condition(batch).mean(1))
        target = F.avg_pool2d(batch.latents, pool).flatten(1)
        loss = F.mse_loss(guess.float(), (target - mean) / deviation)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(parameters)
        optimiser.step()
        step += 1
        if clock.spent - last > 30 or clock.fraction == 1:
            last = clock.spent
            log("text", step=step, loss=loss.item(), seconds=clock.spent)


def draw_timesteps(count: int, source: torch.Generator) -> Tensor:
    """int64 [count] in 0 to 999: half of them uniform, half logit-normal (Esser et al., ICML 2024, arXiv:2403.03206,
    section 3.1), since what a face looks like is decided in the middle of the noise."""
    t = torch.rand(count, generator=source)
    middle = torch.randn(count, generator=source).sigmoid()
    return (torch.where(torch.arange(count) % 2 == 0, t, middle) * 1000).long().clamp_max(999)


def loss_weight(mask: Tensor, config: TextToImageConfig) -> Tensor:
    """[B, 1, h, w]: 1 off the head, ``head_weight`` on it, rising to ``head_weight * features_weight`` between eyes and
    mouth, where `frame` has put them. ``mask``: [B, 1, h, w] in [0, 1], the head."""
    height, width = mask.shape[-2:]
    y = ((torch.arange(height, device=mask.device) + 0.5) / height - FACE_CENTRE[1])[:, None]
    x = (torch.arange(width, device=mask.device) + 0.5) / width - FACE_CENTRE[0]
    middle = torch.exp(-(x**2 + y**2) / (2 * FEATURES_SPREAD**2))
    return 1 + mask * (config.head_weight * (1 + (config.features_weight - 1) * middle) - 1)


def velocity_loss(
    model: TextToImage, batch: Batch, scheduler: DDPMScheduler, t: Tensor, noise: Tensor, weight: Tensor
) -> Tensor:
    """Squared error of the predicted velocity, [B]: the mean over the picture, weighted by ``weight``, which
    broadcasts to [B, C, h, w]."""
    velocity = _predict(model, batch, scheduler.add_noise(batch.latents, noise, t), t)
    return _weighted_error(velocity, scheduler.get_velocity(batch.latents, noise, t), weight)


def training_loss(
    model: TextToImage,
    batch: Batch,
    scheduler: DDPMScheduler,
    t: Tensor,
    noise: Tensor,
    weight: Tensor,
    reader: LatentReader,
    perception_weight: float,
) -> Tensor:
    """`velocity_loss` plus ``perception_weight`` times what ``reader`` sees between the clean latents and the model's
    guess of them, less and less with the noise: [B]."""
    noisy = scheduler.add_noise(batch.latents, noise, t)
    velocity = _predict(model, batch, noisy, t)
    signal = scheduler.alphas_cumprod.to(t.device)[t]
    kept = signal[:, None, None, None]
    with loop.half_precision(batch.latents.device):
        distance = perceptual_distance(reader, kept.sqrt() * noisy - (1 - kept).sqrt() * velocity, batch.latents)
    error = _weighted_error(velocity, scheduler.get_velocity(batch.latents, noise, t), weight)
    return error + perception_weight * signal * distance


def world_loss(
    model: TextToImage,
    latents: Latents,
    who: Who,
    count: int,
    scheduler: DDPMScheduler,
    reader: LatentReader,
    config: TextToImageConfig,
    source: torch.Generator,
) -> Tensor:
    """Mean `training_loss` of ``count`` pictures of the world, drawn from ``source``; a scalar."""
    where = loop.device()
    index = torch.randint(latents.held, len(latents), (count,), generator=source)
    batch = draw(latents, who, index, config, source)
    t = draw_timesteps(count, source).to(where)
    noise = torch.randn(batch.latents.shape, generator=source).to(where)
    weight = latents.visible.to(where)[:, None, None] * loss_weight(batch.mask, config)
    return training_loss(model, batch, scheduler, t, noise, weight, reader, config.perception_weight).mean()


def _predict(model: TextToImage, batch: Batch, noisy: Tensor, t: Tensor) -> Tensor:
    """The model's velocity float [B, C, h, w] for ``noisy`` [B, C, h, w] at noise level ``t``."""
    with loop.half_precision(batch.latents.device), loop.attention(batch.latents.device):
        x = noisy.contiguous(memory_format=torch.channels_last)
        velocity: Tensor = model.unet(x, t, encoder_hidden_states=model.condition(batch)).sample
    return velocity.float()


def _weighted_error(velocity: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    error = (velocity - wanted).pow(2)
    weight = weight.expand_as(error)
    return (weight * error).sum((1, 2, 3)) / weight.sum((1, 2, 3))


@torch.no_grad()
def validate(model: TextToImage, latents: Latents, who: Who, held_out: Tensor) -> dict[str, float]:
    """Mean loss on ``held_out`` pictures, channels weighed by `Latents.visible`, under right, empty and shuffled
    captions, plain and named (misnamed: as another person), and with the expression in the slot (misslotted:
    another's); also for t > 750."""
    where, scheduler = loop.device(), build_scheduler()
    count = len(held_out)
    t = ((torch.arange(count) * 37 + 13) % 1000).to(where)
    source = torch.Generator().manual_seed(9)
    noise = torch.randn(count, *latents.mean.shape[2:], generator=source).to(where)
    z = latents.mean[0, held_out].float().to(where)
    shuffled = held_out[(torch.arange(count) + count // 2) % count]
    empty, channels = latents.empty.long().to(where), latents.visible.to(where)[:, None, None]
    figures = {}
    for name, chosen, use_name in [
        ("right", held_out, False),
        ("shuffled", shuffled, False),
        ("empty", None, False),
        ("named", held_out, True),
        ("misnamed", held_out, True),
        ("slotted", held_out, True),
        ("misslotted", held_out, True),
    ]:
        in_slot = name.endswith("slotted")
        told = torch.full((count,), in_slot)
        people = shuffled if name == "misnamed" else held_out
        plain = latents.plain[0, held_out if chosen is None else chosen, 0].long().to(where)
        if chosen is None:
            plain = empty.expand(count, -1)
        batch = Batch(
            z,
            who(people, torch.Generator().manual_seed(9)).to(where),
            slots(latents.expression[0, shuffled if name == "misslotted" else held_out], told).to(where),
            latents.named[0, held_out, -int(in_slot)].long().to(where),
            latents.position[0, held_out, -int(in_slot)].long().to(where),
            plain,
            count if use_name else 0,
            latents.mask[0, held_out].float().to(where),
        )
        parts = [slice(i, min(i + 32, count)) for i in range(0, count, 32)]
        errors = [velocity_loss(model, part_of(batch, s), scheduler, t[s], noise[s], channels) for s in parts]
        losses = torch.cat(errors)
        figures[name] = float(losses.mean())
        if (t > 750).any():
            figures[f"{name}_late"] = float(losses[t > 750].mean())
    return figures


def train(
    model: TextToImage,
    latents: Latents,
    who: Who,
    reader: LatentReader,
    config: TextToImageConfig,
    work: Path,
    log: loop.Log,
    *,
    seed: int = 0,
    rank: int = 0,
    world: int = 1,
) -> int:
    """Train within ``config.minutes``, resuming from ``work/text_to_image.pt``; returns the samples seen.

    With ``world`` > 1 the caller has set up a gloo group: one single-thread process a core, gradients averaged as one
    flat bfloat16 vector. The first pictures (`Latents.held`) validate and are never trained on.
    """
    where, checkpoint, scheduler = loop.device(), work / FILE, build_scheduler()
    model.to(where)
    model.unet.to(memory_format=torch.channels_last)
    reader.to(where)
    slow = [*model.text_encoder.parameters(), *model.names.parameters()]
    groups = [
        {"params": list(model.unet.parameters()), "lr": config.rate},
        {"params": slow, "lr": config.rate * config.text_rate},
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    average, step, seen, spent = loop.Average(model, config.average), 0, 0, 0.0
    if state := loop.resume(checkpoint, model, average, optimiser):
        step, seen, spent = state["step"], state["seen"], state["spent"]
    parameters = [p for group in groups for p in group["params"]]
    held_out, source = torch.arange(latents.held), torch.Generator().manual_seed(seed + 1000 * step + rank)
    clock, last, saved, running = loop.Clock(config.minutes, spent), spent, spent, None
    started = step

    if config.compiled:
        model.unet.compile()

    def report() -> None:
        with average.swapped_in(), torch.compiler.set_stance("force_eager"):  # another batch size
            losses = validate(model, latents, who, held_out)
        log("text_to_image", step=step, seen=seen, seconds=clock.spent, train=running, **losses)

    while (fraction := loop.shared(clock.fraction, world)) < 1:
        loop.set_rate(optimiser, loop.late_decay(fraction, step))
        loss = world_loss(model, latents, who, config.batch, scheduler, reader, config, source)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if world > 1:
            loop.average_gradients(parameters, world)
        loop.clip(parameters)
        optimiser.step()
        average.update()
        step, seen = step + 1, seen + config.batch * world
        running = loop.smoothed(running, loss.item(), 0.99)
        if rank == 0 and clock.spent - last > 600:
            last = clock.spent
            report()
        if rank == 0 and clock.spent - saved > 300:
            saved = clock.spent
            loop.keep(checkpoint, model, average, optimiser, step=step, seen=seen, spent=clock.spent)
    if rank == 0 and step > started:
        loop.keep(checkpoint, model, average, optimiser, step=step, seen=seen, spent=clock.spent)
        report()  # the last line of the log tells of the weights that are kept
    model.load_state_dict(average.state)
    return seen
