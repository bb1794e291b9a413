"""A safety checker with the files and names of the published one, untrained and tiny."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

SIDE = 32
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
NEVER, ALWAYS = 1.1, -1.1
"""Thresholds that no cosine, and that every cosine passes."""


def write_checker(folder: Path, threshold: float) -> Any:
    """Write one into ``folder``: its first concept has ``threshold``, the others never flag. The network of it."""
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig

    torch.manual_seed(0)
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(vision_config={**vision, "image_size": SIDE, "patch_size": 16}, projection_dim=8)
    network = StableDiffusionSafetyChecker(config).eval()
    for part in (network.concept_embeds, network.special_care_embeds):
        torch.nn.init.normal_(part)
    for part in (network.concept_embeds_weights, network.special_care_embeds_weights):
        torch.nn.init.constant_(part, NEVER)
    network.concept_embeds_weights[0] = threshold
    network.config.architectures = ["StableDiffusionSafetyChecker"]
    network.config.save_pretrained(folder)
    save_file(published(network), folder / "model.safetensors", {"format": "pt"})
    looks = {"do_resize": True, "size": SIDE, "do_center_crop": True, "crop_size": SIDE, "resample": 3}
    looks |= {"do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION}
    about = {"feature_extractor_type": "CLIPFeatureExtractor", **looks}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return network


def published(network: Any) -> dict[str, torch.Tensor]:
    """The tensors of ``network`` under the names that older releases of transformers gave them."""
    state = {
        key.replace("vision_model.", "vision_model.vision_model.", 1): v for key, v in network.state_dict().items()
    }
    places = torch.arange((SIDE // 16) ** 2 + 1)[None]
    return {**state, "vision_model.vision_model.embeddings.position_ids": places}
