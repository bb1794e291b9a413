"""The bundle: every trained part in its place, in half precision, with what the app must know of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from facepersona_core.face2diffusion.checkpoint import load_mapping, save_part
from facepersona_core.face2diffusion.expression import ExpressionEncoder
from facepersona_core.face2diffusion.identity import IdentityEncoder
from facepersona_core.face2diffusion.likeness import LikenessEncoder
from facepersona_core.face2diffusion.mapping import MappingNetwork
from training.embedded.captions import vocabulary
from training.embedded.data import Pictures
from training.embedded.names import PhotoNames
from training.embedded.text_to_image import TextToImage, build_sampler

LARGEST_FILE = "15MB"


def expression_means(pictures: Pictures) -> dict[str, list[float]]:
    """Mean coefficient vector of each expression in the training pictures."""
    by_name: dict[str, list[list[float]]] = {}
    for label in pictures.labels:
        by_name.setdefault(label["expression"], []).append(label["expression_vector"])
    return {name: np.mean(rows, 0).round(4).tolist() for name, rows in sorted(by_name.items())}


def write_expressions(folder: Path, means: Mapping[str, Sequence[float]], strengths: Mapping[str, float]) -> None:
    """Write into the bundle ``folder`` what faces show of each name and how strongly the slot is told it, 1 where
    ``strengths`` says nothing."""
    entries = {
        name: {"strength": strengths.get(name, 1.0), "mean": [round(value, 4) for value in mean]}
        for name, mean in means.items()
    }
    (folder / "expressions.json").write_text(json.dumps(entries, indent=1) + "\n")


def write_pipeline(folder: Path, autoencoder: AutoencoderKL, model: TextToImage, tokenizer: Any) -> None:
    """Write the frozen model, in diffusers format, into ``folder``, replacing those parts."""
    pipeline = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=model.text_encoder,
        tokenizer=tokenizer,
        unet=model.unet,
        scheduler=build_sampler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pipeline.to(torch.float16)
    pipeline.save_pretrained(folder, max_shard_size=LARGEST_FILE)
    pipeline.to(torch.float32)
    for part in ("unet", "vae"):
        _forget_origin(folder / part / "config.json")


def _forget_origin(path: Path) -> None:
    """Take the folder that a part was once loaded from out of its configuration."""
    config = json.loads(path.read_text("utf-8"))
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")


def open_text_to_image(folder: Path) -> TextToImage:
    """The text-to-image model of a bundle in full precision, its mapping network as the names."""
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    text_encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32)
    return TextToImage(unet, text_encoder, PhotoNames(load_mapping(folder / "mapping")))


def write_bundle(
    folder: Path,
    *,
    autoencoder: AutoencoderKL,
    model: TextToImage,
    tokenizer: Any,
    encoder: IdentityEncoder,
    mapping: MappingNetwork,
    pictures: Pictures,
    edition: str,
    defaults: dict[str, Any],
    expression_encoder: ExpressionEncoder | None = None,
    likeness_encoder: LikenessEncoder | None = None,
) -> None:
    """Write everything but judges, face pack and card into ``folder``, replacing those parts. Without an
    ``expression_encoder`` or ``likeness_encoder`` the bundle has none."""
    write_pipeline(folder, autoencoder, model, tokenizer)
    for part in ("expression_encoder", "likeness_encoder"):
        shutil.rmtree(folder / part, ignore_errors=True)
    save_part(encoder, folder / "identity_encoder")
    save_part(mapping, folder / "mapping")
    if expression_encoder:
        save_part(expression_encoder, folder / "expression_encoder")
    if likeness_encoder:
        save_part(likeness_encoder, folder / "likeness_encoder")
    write_expressions(folder, expression_means(pictures), {})
    info = {
        "name": "FacePersona embedded",
        "edition": edition,
        "format": 1,
        "resolution": int(pictures.pixels.shape[1]),
        "class_word": "person",
        "defaults": defaults,
        "words": vocabulary(),
    }
    (folder / "bundle.json").write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n")
