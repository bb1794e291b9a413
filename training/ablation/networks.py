"""Trains the recognisers and the mapping networks of the variants; each goes on where it was stopped, or stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facepersona_core.face2diffusion.checkpoint import save_part
from facepersona_core.face2diffusion.identity import IdentityEncoder
from facepersona_core.face2diffusion.mapping import MappingNetwork
from training.ablation.frozen import frozen
from training.ablation.plan import Ablation, Trained
from training.ablation.variants import Encoder, variant
from training.embedded import identity, loop, mapping
from training.embedded.data import to_tensor

VECTORS = "vectors.pt"
FACES = 2048
"""How many faces tell the spread of the scales that a recogniser was not trained on."""


def train_recogniser(plan: Ablation, trained: Trained) -> None:
    """Train a recogniser and keep its encoders and the identity vectors of all training pictures."""
    folder = plan.recogniser(trained)
    if (folder / VECTORS).is_file():
        return
    pictures = plan.run().pictures()
    log = loop.Log(folder / "log.jsonl")
    encoder = identity.train(pictures, plan.encoder_training(trained), folder, log, plan.seed)
    if trained == "msid":
        _keep(encoder, plan.encoder("msid"))
    else:
        _keep(encoder, plan.encoder("arcface"))
        some = pictures.select(np.arange(0, len(pictures), max(1, len(pictures) // FACES)))
        encoder = with_scales(encoder, plan.recipe.identity.shape.taps, identity.align_all(some))
        _keep(encoder, plan.encoder("arcface_msf"))
    loop.save({"vectors": mapping.identity_vectors(encoder, pictures)}, folder / VECTORS)


@torch.no_grad()
def with_scales(deep: IdentityEncoder, taps: Sequence[int], faces: np.ndarray, batch: int = 256) -> IdentityEncoder:
    """The recogniser ``deep`` read at all ``taps``: what the paper calls ArcFace with multi-scale features.

    It was trained on its last scale alone, so the norms of the others know nothing: their statistics are taken from
    ``faces`` uint8 [N, 112, 112, 3], N > 1."""
    where = next(deep.parameters()).device
    encoder = IdentityEncoder(replace(deep.config, taps=tuple(taps))).to(where)
    encoder.load_state_dict(encoder.state_dict() | deep.state_dict())
    encoder.eval()
    for tap in set(taps) - set(deep.config.taps):
        norm = encoder.norms[f"layer_{tap}"][0]
        norm.momentum = None  # the mean over all batches
        norm.train()
    for start in range(0, len(faces) - 1, batch):
        encoder(to_tensor(faces[start : start + batch]).to(where))
    return encoder.eval()


def identity_vectors(plan: Ablation, encoder: Encoder) -> Tensor:
    """float [2, N, D] of all training pictures and their mirror images, by the finished ``encoder``."""
    kept = loop.load(plan.recogniser("msid" if encoder == "msid" else "deep") / VECTORS)
    assert kept is not None, "train_recogniser comes first"
    vectors: Tensor = kept["vectors"]
    return vectors[..., -plan.recipe.identity.shape.width :] if encoder == "arcface" else vectors


def train_network(plan: Ablation, key: str) -> None:
    """Train the mapping network of the variant ``key``."""
    folder, chosen = plan.network(key), variant(key)
    if (folder / "mapping").is_dir():
        return
    model, tokenizer, features = frozen(plan)
    network = mapping.fit(
        model,
        identity_vectors(plan, chosen.encoder),
        tokenizer,
        plan.latents(),
        features,
        plan.mapping_training(chosen),
        folder,
        loop.Log(folder / "log.jsonl"),
        plan.seed,
    )
    _keep(network, folder / "mapping")


def _keep(module: IdentityEncoder | MappingNetwork, folder: Path) -> None:
    """`save_part` that an end of the process cannot leave half done."""
    unfinished = folder.with_suffix(".unfinished")
    save_part(module, unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)
