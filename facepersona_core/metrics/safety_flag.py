"""Safety flag: does Stable Diffusion's safety checker take the picture for nudity?"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facepersona_core.errors import SafetyCheckerMissing, WeightsInvalid
from facepersona_core.metrics.base import Context
from facepersona_core.metrics.cards import SAFETY_FLAG
from facepersona_core.types import Score

if TYPE_CHECKING:
    from PIL.Image import Image

CONFIGS = ("config.json", "preprocessor_config.json")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Either will do; the first is read where both are there."""


class SafetyFlag:
    """1 where the CLIP embedding of the picture is nearer than a threshold to one of the checker's concepts, else 0.

    The weights, CompVis/stable-diffusion-safety-checker, are the user's own copy: see
    ``model_licenses/safety-checker.md`` for licence and limits. In short: sexual content alone, violence passes, and
    harmless pictures are flagged at times (Rando et al., *Red-Teaming the Stable Diffusion Safety Filter*, 2022). Only
    the middle square of a picture is looked at. It tells a flag, and not which concept raised it."""

    card = SAFETY_FLAG

    def __init__(self, folder: Path) -> None:
        """Load `CONFIGS` and one of `WEIGHTS` in ``folder``. Raises SafetyCheckerMissing and WeightsInvalid."""
        from transformers import CLIPImageProcessorPil

        self._weights_sha256 = _digest(_weights(folder))
        self._network = _network(folder)
        self._processor = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)

    def score(self, picture: Image, context: Context) -> Score:
        """``picture`` is RGB; ``context`` is not looked at. Never None."""
        import numpy as np
        import torch

        pixels = self._processor(images=picture, return_tensors="pt").pixel_values  # (1, 3, S, S)
        with torch.inference_mode():
            _, (flagged,) = self._network(clip_input=pixels, images=[np.zeros(1)])  # what it blackens is a stand-in
        return Score(self.card.key, self.card.version, self._weights_sha256, float(flagged))


def _weights(folder: Path) -> Path:
    """The weights in a complete ``folder``. Raises SafetyCheckerMissing."""
    for name in CONFIGS:
        if not (folder / name).is_file():
            raise SafetyCheckerMissing(path=folder, missing=name)
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise SafetyCheckerMissing(path=folder, missing=WEIGHTS[0])


def _digest(path: Path) -> str:
    """SHA-256 of the file, as those who publish weights tell it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _network(folder: Path) -> Any:
    """The checker on the processor, so that a picture has the same flag on every machine. Raises WeightsInvalid."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker

    # It warns of a black picture whenever it flags one, and we take none from it.
    logging.getLogger(StableDiffusionSafetyChecker.__module__).setLevel(logging.ERROR)
    network, report = StableDiffusionSafetyChecker.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    if missing := sorted(report["missing_keys"]):  # they would be left at random
        expected = ", ".join(missing[:3])
        raise WeightsInvalid(path=folder, seen=f"{len(missing)} tensors absent", expected=expected)
    return network.eval()
