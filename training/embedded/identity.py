"""Stage 4: the identity encoder learns to tell people apart, on all its scales at once (ArcFace)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.face2diffusion.identity import IdentityConfig, IdentityEncoder
from facepersona_core.face2diffusion.likeness import LikenessEncoder
from facepersona_core.face2diffusion.training import ArcFaceHead
from training.embedded import loop
from training.embedded.data import Pictures, to_tensor
from training.embedded.names import person_features

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""ArcFace's five points in a 112 px crop."""


E = TypeVar("E", IdentityEncoder, LikenessEncoder)


@dataclass(frozen=True)
class FaceTraining:
    """Training of an encoder that tells people apart."""

    minutes: float = 25.0
    steps: int | None = None
    """In place of minutes: what is to be compared has to learn equally long."""
    batch: int = 48
    rate: float = 1e-3
    scale: float = 32.0
    margin: float = 0.35
    truth_weight: float = 1.0
    """Weight of a second task beside ArcFace: to tell the person's true parameters. A ViT learns slowly from a few
    hundred people by name alone; the world knows what each of them looks like. 0 is the paper's training."""
    held_out: int = 60
    """People, the last of the set, that validate and are never trained on."""


@dataclass(frozen=True)
class EncoderTraining(FaceTraining):
    """Shape and training of the identity encoder."""

    shape: IdentityConfig = field(default_factory=IdentityConfig.embedded)


def align_all(pictures: Pictures) -> np.ndarray:
    """uint8 [N, 112, 112, 3]: every face aligned by its true landmarks."""
    crops = np.empty((len(pictures), 112, 112, 3), np.uint8)
    for i, label in enumerate(pictures.labels):
        points = np.asarray(label["landmarks5"], np.float32)
        matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE, method=cv2.LMEDS)
        crops[i] = cv2.warpAffine(pictures.pixels[i], matrix, (112, 112))
    return crops


def augment(faces: Tensor, random: np.random.Generator, mirrored: float = 0.5) -> Tensor:
    """Mirror (a share ``mirrored``), shift, zoom, colour, grey, blur and cut-out of faces [B, 3, 112, 112] in [-1, 1],
    where they are."""
    size = len(faces)

    def here(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(faces.device)

    angle, zoom = random.normal(0, 0.05, size), random.uniform(0.92, 1.08, size)
    mirror = np.where(random.random(size) < mirrored, -1.0, 1.0)
    theta = np.zeros((size, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = mirror * zoom * np.cos(angle), -zoom * np.sin(angle)
    theta[:, 1, 0], theta[:, 1, 1] = mirror * zoom * np.sin(angle), zoom * np.cos(angle)
    theta[:, :, 2] = random.normal(0, 0.03, (size, 2))
    grid = F.affine_grid(here(theta), list(faces.shape), align_corners=False)
    x = F.grid_sample(faces, grid, padding_mode="border", align_corners=False)
    gain = here(random.uniform(0.75, 1.25, (size, 1, 1, 1)).astype(np.float32))
    tint = here(random.normal(0, 0.08, (size, 3, 1, 1)).astype(np.float32))
    x = x * gain + tint
    if random.random() < 0.3:
        soft = F.interpolate(x, scale_factor=float(random.uniform(0.35, 0.8)), mode="area")
        x = F.interpolate(soft, size=112, mode="bilinear")
    grey = here(random.random(size) < 0.15).view(-1, 1, 1, 1)
    x = torch.where(grey, x.mean(1, keepdim=True).expand_as(x), x)
    for i in np.flatnonzero(random.random(size) < 0.4):
        top, left = random.integers(0, 76, 2)
        x[i, :, top : top + 36, left : left + 36] = 0
    return x


@torch.no_grad()
def embed(encoder: IdentityEncoder | LikenessEncoder, crops: np.ndarray, batch: int = 64) -> Tensor:
    """Identity vectors [N, D] of aligned uint8 crops, each averaged with its mirror image."""
    where = next(encoder.parameters()).device
    parts = []
    for start in range(0, len(crops), batch):
        x = to_tensor(crops[start : start + batch]).to(where)
        parts.append((encoder(x) + encoder(x.flip(3))).float().cpu() / 2)
    return torch.cat(parts)


def figures(vectors: Tensor, person: np.ndarray) -> dict[str, float]:
    """Verification AUC over all pairs, and rank-1 with one gallery picture a person."""
    z = F.normalize(vectors - vectors.mean(0))
    similarity = (z @ z.T).numpy()
    upper = np.triu_indices(len(z), 1)
    scores, same = similarity[upper], person[upper[0]] == person[upper[1]]
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(len(scores))
    auc = (ranks[same].mean() - (same.sum() - 1) / 2) / (~same).sum()
    _, gallery = np.unique(person, return_index=True)
    probes = np.setdiff1d(np.arange(len(z)), gallery)
    nearest = person[gallery][similarity[probes][:, gallery].argmax(1)]
    return {"auc": float(auc), "rank1": float((nearest == person[probes]).mean()), "gallery": float(len(gallery))}


@torch.no_grad()
def heads_for(
    vectors: Tensor, person: np.ndarray, truth: Tensor, people_head: ArcFaceHead, teller: nn.Linear, ridge: float = 10.0
) -> None:
    """Let both heads begin with what an encoder already says: everybody's mean direction, and the ridge regression of
    the ``truth`` [people, F] on the ``vectors`` [N, D] of pictures of ``person`` int [N], 0 to people - 1."""
    who = torch.from_numpy(person)
    total = torch.zeros_like(people_head.weight, device="cpu").index_add_(0, who, F.normalize(vectors))
    people_head.weight.copy_(F.normalize(total))
    x = torch.cat([vectors, torch.ones(len(vectors), 1)], 1)
    solved = torch.linalg.solve(x.T @ x + ridge * torch.eye(x.shape[1]), x.T @ truth[who])
    teller.weight.copy_(solved[:-1].T)
    teller.bias.copy_(solved[-1])


def train(
    pictures: Pictures,
    config: EncoderTraining,
    work: Path,
    log: loop.Log,
    seed: int = 0,
    start: IdentityEncoder | None = None,
) -> IdentityEncoder:
    """Train within ``config.minutes``, resuming from ``work/identity.pt``; without that from ``start``, an encoder of
    the same shape, where there is one."""
    torch.manual_seed(seed)
    return fit(IdentityEncoder(config.shape), pictures, config, work / "identity.pt", log, seed, start)


def fit(
    encoder: E,
    pictures: Pictures,
    config: FaceTraining,
    checkpoint: Path,
    log: loop.Log,
    seed: int,
    start: E | None = None,
) -> E:
    """`train` for any ``encoder``; the log knows the stage by the name of the ``checkpoint``."""
    where, stage = loop.device(), checkpoint.stem
    people, person = np.unique(pictures.identities, return_inverse=True)
    held = min(config.held_out, len(people) // 4)
    crops, trained = align_all(pictures), np.flatnonzero(person < len(people) - held)
    encoder.to(where)
    width = encoder.config.output_width
    people_head = ArcFaceHead(width, len(people) - held, scale=config.scale, margin=config.margin)
    truth = person_features(people)
    teller = nn.Linear(width, truth.shape[1])
    head = nn.ModuleDict({"people": people_head, "truth": teller}).to(where)
    parameters = [*encoder.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, config.rate, weight_decay=0.05, betas=(0.9, 0.98))
    step, spent = 0, 0.0
    if state := loop.load(checkpoint):
        encoder.load_state_dict(state["encoder"])
        head.load_state_dict(state["head"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    elif start:
        encoder.load_state_dict(start.state_dict())
        heads_for(embed(encoder.eval(), crops[trained]), person[trained], truth, people_head, teller)
        encoder.train()
    clock = loop.Clock(config.minutes, spent, config.steps, step)
    random, last = np.random.default_rng(seed + step), spent
    running: float | None = None
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step, 100))
        people_head.margin = config.margin * min(1.0, step / 600)
        index = random.choice(trained, config.batch)
        x = augment(to_tensor(crops[index]).to(where), random)
        with loop.half_precision(where), loop.attention(where):
            vectors = encoder(x)
        told = F.smooth_l1_loss(teller(vectors.float()), truth[person[index]].to(where))
        loss = people_head(vectors, torch.from_numpy(person[index]).to(where)) + config.truth_weight * 10 * told
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(parameters, 5.0)
        optimiser.step()
        step = clock.tick()
        running = loop.smoothed(running, loss.item())
        if clock.spent - last > 120 or clock.fraction == 1:
            last = clock.spent
            _report(
                encoder,
                crops,
                person,
                len(people) - held,
                log,
                stage,
                step=step,
                loss=running,
                told=told.item(),
                seconds=clock.spent,
            )
            _save(checkpoint, encoder, head, optimiser, step, clock)
    _save(checkpoint, encoder, head, optimiser, step, clock)
    return encoder.eval()


def _report(
    encoder: IdentityEncoder | LikenessEncoder,
    crops: np.ndarray,
    person: np.ndarray,
    first_held: int,
    log: loop.Log,
    stage: str,
    **facts: Any,
) -> None:
    unseen = np.flatnonzero(person >= first_held)
    encoder.eval()
    log(stage, **facts, **figures(embed(encoder, crops[unseen]), person[unseen]))
    encoder.train()


def _save(
    path: Path, encoder: torch.nn.Module, head: torch.nn.Module, optimiser: Any, step: int, clock: loop.Clock
) -> None:
    state = {"encoder": encoder.state_dict(), "head": head.state_dict(), "optimiser": optimiser.state_dict()}
    loop.save({**state, "step": step, "spent": clock.spent}, path)
