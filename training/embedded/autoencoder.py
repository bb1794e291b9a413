"""Stage 1: an AutoencoderKL with factor 8 that starts as a near-identity and learns in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

from training.embedded import loop
from training.embedded.data import Pictures, save_sheet, to_pixels, to_tensor


@dataclass(frozen=True)
class AutoencoderConfig:
    """Shape and training of the autoencoder."""

    channels: tuple[int, ...] = (16, 32, 64, 128)
    latent_channels: int = 8
    groups: int = 2
    minutes: float = 12.0
    batch: int = 8
    crop: int = 64
    rate: float = 2e-3
    kl: float = 2e-4


def build(config: AutoencoderConfig, size: int) -> AutoencoderKL:
    """An untrained autoencoder for pictures of ``size`` pixels."""
    blocks = len(config.channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=config.channels,
        layers_per_block=1,
        latent_channels=config.latent_channels,
        norm_num_groups=config.groups,
        sample_size=size,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


@torch.no_grad()
def start_as_identity(model: AutoencoderKL, damp: float = 0.3) -> None:
    """Begin as "box-downsampled RGB in three latent channels, tent upsampling", the rest near its default.

    Pairs of +RGB and -RGB channels pass SiLU exactly, because silu(x) - silu(-x) = x. Six channels carry the
    picture through every convolution; residual branches stay out of them.
    """
    encoder, decoder = model.encoder, model.decoder
    sign = [1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
    tent = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16

    def carry(conv: nn.Module, kernel: Tensor | None, from_rgb: bool = False) -> None:
        conv.weight[:6] = 0
        if conv.bias is not None:
            conv.bias[:6] = 0
        for k in range(6):
            if from_rgb:
                conv.weight[k, k % 3, 1, 1] = sign[k]
            elif kernel is None:
                conv.weight[k, k] = 1.0
            else:
                conv.weight[k, k, : kernel.shape[0], : kernel.shape[1]] = kernel

    def quiet(block: nn.Module) -> None:
        block.conv2.weight.mul_(damp)
        block.conv2.weight[:6] = 0
        block.conv2.bias[:6] = 0
        if block.conv_shortcut is not None:
            carry(block.conv_shortcut, None)

    def to_rgb(conv: nn.Module) -> None:
        for c in range(3):
            conv.weight[c, c, 1, 1] = 1.0
            conv.weight[c, c + 3, 1, 1] = -1.0

    carry(encoder.conv_in, None, from_rgb=True)
    for block in encoder.down_blocks:
        for residual in block.resnets:
            quiet(residual)
        if block.downsamplers:
            carry(block.downsamplers[0].conv, torch.full((2, 2), 0.25))
    for residual in [*encoder.mid_block.resnets, *decoder.mid_block.resnets]:
        quiet(residual)
    latents = encoder.conv_out.weight.shape[0] // 2
    encoder.conv_out.weight[:3] = 0
    encoder.conv_out.bias[:3] = 0
    to_rgb(encoder.conv_out)
    encoder.conv_out.weight[latents:].mul_(0.1)
    encoder.conv_out.bias[latents:] = -5.0
    for conv in (model.quant_conv, model.post_quant_conv):
        nn.init.zeros_(conv.bias)
        conv.weight.zero_()
        conv.weight[torch.arange(len(conv.weight)), torch.arange(len(conv.weight))] = 1.0
    carry(decoder.conv_in, None, from_rgb=True)
    for block in decoder.up_blocks:
        for residual in block.resnets:
            quiet(residual)
        if block.upsamplers:
            carry(block.upsamplers[0].conv, tent)
    decoder.conv_out.weight.mul_(0.1)
    decoder.conv_out.weight[:, :6] = 0
    decoder.conv_out.bias.zero_()
    to_rgb(decoder.conv_out)
    decoder.conv_norm_out.weight.fill_(0.5)


def _edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def _chroma(x: Tensor) -> Tensor:
    return torch.stack([x[:, 0] - x[:, 1], x[:, 2] - 0.5 * (x[:, 0] + x[:, 1])], 1)


def attention_map(landmarks: np.ndarray, size: int, radius: float = 0.07, gain: float = 3.0) -> np.ndarray:
    """float32 [B, size, size]: 1, rising to ``1 + gain`` around the landmarks [B, 5, 2] (pixels). Eyes and mouth are
    few pixels, but they are what people look at."""
    axis = np.arange(size, dtype=np.float32) + 0.5
    dx = (axis[None, None, None] - landmarks[:, :, 0, None, None]) ** 2
    dy = (axis[None, None, :, None] - landmarks[:, :, 1, None, None]) ** 2
    blobs = np.exp(-(dx + dy) / (2 * (radius * size) ** 2))
    return (1 + gain * blobs.max(1)).astype(np.float32)


def reconstruction_loss(y: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """L1 of pixels, edges, pooled pixels and chroma; a scalar.

    ``y``, ``x``: [B, 3, H, W] in [-1, 1]; ``weight``: [B, 1, H, W], how much a pixel counts."""
    weight = weight / weight.mean()
    y_low, x_low = F.avg_pool2d(y, 4), F.avg_pool2d(x, 4)
    pixels = (weight * (y - x).abs()).mean()
    (y_down, y_right), (x_down, x_right) = _edges(y), _edges(x)
    edges = (weight[:, :, 1:] * (y_down - x_down).abs()).mean()
    edges = edges + (weight[..., 1:] * (y_right - x_right).abs()).mean()
    chroma = 0.7 * F.l1_loss(_chroma(y), _chroma(x)) + 0.5 * F.l1_loss(_chroma(y_low), _chroma(x_low))
    return pixels + 0.5 * edges + 0.5 * F.l1_loss(y_low, x_low) + chroma


def psnr(y: Tensor, x: Tensor) -> float:
    """Mean peak signal-to-noise ratio in dB of pictures in [-1, 1]."""
    return float(-10 * torch.log10(((y.float() - x.float()) / 2).pow(2).mean((1, 2, 3))).mean())


def train(pictures: Pictures, config: AutoencoderConfig, work: Path, log: loop.Log, seed: int = 0) -> AutoencoderKL:
    """Train within ``config.minutes``, resuming from ``work/autoencoder.pt``. The last 48 pictures validate."""
    torch.manual_seed(seed)
    where, checkpoint = loop.device(), work / "autoencoder.pt"
    model = build(config, pictures.pixels.shape[1]).to(where)
    start_as_identity(model)
    optimiser = torch.optim.AdamW(model.parameters(), config.rate, betas=(0.9, 0.98), weight_decay=1e-4)
    average, step, spent = loop.Average(model, 0.995), 0, 0.0
    if state := loop.load(checkpoint):
        model.load_state_dict(state["model"])
        average.state, average.step = state["average"], state["step"]
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    model.to(memory_format=torch.channels_last)
    clock, random, last = loop.Clock(config.minutes, spent), np.random.default_rng(seed + step), spent
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step))
        x, weight = (part.to(where) for part in _batch(pictures, config, random))
        with loop.half_precision(where):
            posterior = model.encode(x).latent_dist
            y = model.decode(posterior.sample()).sample
        kl = 0.5 * (posterior.mean.float() ** 2 + posterior.var.float() - 1 - posterior.logvar.float()).mean()
        loss = reconstruction_loss(y.float(), x, weight) + config.kl * kl
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(model.parameters())
        optimiser.step()
        average.update()
        step += 1
        if clock.spent - last > 60 or clock.fraction == 1:
            last = clock.spent
            _report(average, pictures, work, log, step=step, loss=loss.item(), seconds=clock.spent)
            _save(checkpoint, model, average, optimiser, step, clock)
    _save(checkpoint, model, average, optimiser, step, clock)
    model.load_state_dict(average.state)
    return model.eval()


def finish_decoder(
    model: AutoencoderKL, pictures: Pictures, config: AutoencoderConfig, minutes: float, log: loop.Log, seed: int = 0
) -> AutoencoderKL:
    """Train the decoder of a finished ``model`` on for ``minutes``; encoder and latents stay as they are, so that
    whatever was trained on them holds."""
    torch.manual_seed(seed)
    where = loop.device()
    model.to(where).to(memory_format=torch.channels_last)
    model.requires_grad_(False)
    trained = nn.ModuleList([model.post_quant_conv, model.decoder]).requires_grad_(True)
    optimiser = torch.optim.AdamW(trained.parameters(), config.rate / 4, betas=(0.9, 0.98), weight_decay=1e-4)
    average, clock, step = loop.Average(trained, 0.995), loop.Clock(minutes), 0
    random = np.random.default_rng([seed, 1])
    log("decoder", psnr=_held_out_psnr(model, pictures), step=0, seconds=0.0)
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step))
        x, weight = (part.to(where) for part in _batch(pictures, config, random))
        with loop.half_precision(where):
            with torch.no_grad():
                z = model.encode(x).latent_dist.sample()
            y = model.decode(z).sample
        loss = reconstruction_loss(y.float(), x, weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(trained.parameters())
        optimiser.step()
        average.update()
        step += 1
    trained.load_state_dict(average.state)
    log("decoder", psnr=_held_out_psnr(model, pictures), step=step, seconds=clock.spent)
    return model.requires_grad_(True).eval()


@torch.no_grad()
def _held_out(model: AutoencoderKL, pictures: Pictures) -> tuple[Tensor, Tensor, Tensor]:
    """Every other one of the last 48 pictures, which are never trained on, their latents and what is decoded."""
    x = to_tensor(pictures.pixels[-48::2]).to(next(model.parameters()).device)
    with loop.half_precision(x.device):
        mean = model.encode(x).latent_dist.mean
        return x, mean, model.decode(mean).sample.float()


def _held_out_psnr(model: AutoencoderKL, pictures: Pictures) -> float:
    x, _, y = _held_out(model, pictures)
    return psnr(y, x)


def _batch(pictures: Pictures, config: AutoencoderConfig, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    size, crop = pictures.pixels.shape[1], config.crop
    index = random.integers(0, max(1, len(pictures) - 48), config.batch)
    top, left = random.integers(0, (size - crop) // 8 + 1, 2) * 8
    x = to_tensor(pictures.pixels[index, top : top + crop, left : left + crop])
    landmarks = np.array([pictures.labels[i]["landmarks5"] for i in index], np.float32)
    weight = torch.from_numpy(attention_map(landmarks, size)[:, None, top : top + crop, left : left + crop])
    if random.random() < 0.5:
        x, weight = x.flip(3), weight.flip(3)
    return x.contiguous(memory_format=torch.channels_last), weight


def _save(path: Path, model: nn.Module, average: loop.Average, optimiser: object, step: int, clock: loop.Clock) -> None:
    state = {"model": model.state_dict(), "average": average.state, "optimiser": optimiser.state_dict()}
    loop.save({**state, "step": step, "spent": clock.spent}, path)


@torch.no_grad()
def _report(average: loop.Average, pictures: Pictures, work: Path, log: loop.Log, **facts: float) -> None:
    with average.swapped_in() as model:
        x, mean, y = _held_out(model, pictures)
    pairs = torch.stack([x[:8], y[:8]], 1).flatten(0, 1)
    save_sheet(to_pixels(pairs), 8, work / "sheets" / "autoencoder.png", 2)
    log("autoencoder", psnr=psnr(y, x), latent_std=float(mean.float().std()), **facts)


@torch.no_grad()
def normalise_latents(model: AutoencoderKL, pictures: Pictures, count: int = 512) -> None:
    """Fold per-channel mean and deviation of the latents into quant_conv and post_quant_conv: scaling factor 1."""
    where = next(model.parameters()).device
    index = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(int)
    batches = torch.split(to_tensor(pictures.pixels[index]), 32)
    z = torch.cat([model.encode(b.to(where)).latent_dist.sample().float() for b in batches])
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
    channels = len(mean)
    quant, post = model.quant_conv, model.post_quant_conv
    quant.weight[:channels] /= deviation.view(-1, 1, 1, 1)
    quant.bias[:channels] = (quant.bias[:channels] - mean) / deviation
    quant.bias[channels:] -= 2 * deviation.log()
    post.bias += post.weight[:, :, 0, 0] @ mean
    post.weight *= deviation.view(1, -1, 1, 1)
